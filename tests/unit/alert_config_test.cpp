// [alert] and [alert.NAME]: what is refused, and that no secret is ever shown.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/alert_plan.h"
#include "app/config.h"
#include "app/config_command.h"

namespace sekisho {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string refusal(std::string_view text) {
  const auto config = parse_config_text("f.toml", text);
  return config.ok() ? std::string{} : config.error().message;
}

constexpr std::string_view kHook =
    "[alert.hook]\ntype = \"webhook\"\nurl = \"https://hooks.example.org/T0PATH\"\nsecret = \"S3CR3T\"\nkinds = [\"flood\", \"c2\"]\nafter "
    "= \"10m\"\n"
    "[alert]\nhost = \"web-3\"\nlink = \"https://sekisho.example.org/\"\nquiet = [\"22:00-07:00\"]\nmaintenance = [\"Sun 02:00-04:00\", "
    "\"2026-12-01T22:00:00Z/2026-12-02T02:00:00Z\"]\n";

TEST(AlertConfig, BecomesAPlan) {
  const auto config = parse_config_text("f.toml", kHook);
  ASSERT_TRUE(config.ok()) << config.error().message;
  const auto plan = plan_alerts(config.value());
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  ASSERT_EQ(plan.value().channels.size(), 1U);
  EXPECT_EQ(plan.value().channels[0].name, "hook");
  EXPECT_EQ(plan.value().channels[0].secret, "S3CR3T");
  EXPECT_EQ(plan.value().rules.routes[0].after, 10 * kMinute);
  EXPECT_EQ(plan.value().rules.link, "https://sekisho.example.org");
  EXPECT_EQ(plan.value().rules.maintenance.size(), 1U);
  EXPECT_EQ(plan.value().rules.maintenance_once.size(), 1U);
  EXPECT_EQ(plan.value().dir, "/var/lib/sekisho/alerts");
}

TEST(AlertConfig, SecretsAreNeverShown) {
  const auto config = parse_config_text("f.toml", kHook);
  ASSERT_TRUE(config.ok());
  const auto document = settings_document(config.value());
  EXPECT_FALSE(has(document, "S3CR3T"));
  EXPECT_FALSE(has(document, "T0PATH"));
  EXPECT_TRUE(has(document, "alert.hook.secret"));
  EXPECT_TRUE(has(document, "https://hooks.example.org/"));
}

TEST(AlertConfig, ErrorsDoNotRepeatLinesOfSecrets) {
  for (const auto* text :
       {"[alert.x]\ntype = \"webhook\"\nsecret = [\"S3CR3T\", 7]\n", "[alert.x]\ntype = \"webhook\"\nsecret = \"S3CR3T\n",
        "[alert.x]\ntype = \"webhook\"\nsecret = S3CR3T\n", "[alert.x]\ntype = \"slack\"\nurl = \"ftp://h.example/S3CR3T\"\n",
        "[alert.x]\ntype = \"webhook\"\nsecrets = \"S3CR3T\"\n", "[alert.x]\ntype = \"slack\"\nurl = 'https://h.example/S3CR3T' x\n",
        "alert.x = { type = 'slack', url = 'ftp://h.example/S3CR3T' }\n"}) {
    const auto message = refusal(text);
    EXPECT_NE(message, "") << text;
    EXPECT_FALSE(has(message, "S3CR3T")) << message;
  }
}

TEST(AlertConfig, WhatIsWrongIsSaid) {
  EXPECT_TRUE(has(refusal("[alert.x]\n"), "'type' must be one of"));
  EXPECT_TRUE(has(refusal("[alert.x]\ntype = \"slak\"\n"), "\"slack\""));
  EXPECT_TRUE(has(refusal("[alert.x]\ntype = \"webhook\"\nurl = \"https://h.example/\"\n"), "f.toml:1:"));
  EXPECT_TRUE(has(refusal("[alert.x]\ntype = \"webhook\"\nurl = \"https://h.example/\"\n"), "[alert.x] needs secret_file"));
  EXPECT_TRUE(has(refusal("[alert.x]\ntype = \"eve\"\npath = \"/x\"\nhours = [\"noon\"]\n"), "'hours': 'noon' is no stretch of time"));
  EXPECT_TRUE(has(refusal("[alert.x]\ntype = \"eve\"\npaht = \"/x\"\n"), "did you mean 'path'"));
  EXPECT_TRUE(has(refusal("[alert]\nquiet = [\"noon\"]\n"), "'quiet' in [alert]"));
  EXPECT_TRUE(has(refusal("[alert]\nmaintenance = [\"2026-12-02T02:00:00Z/2026-12-01T02:00:00Z\"]\n"), "is no time/time"));
  EXPECT_TRUE(has(refusal("[alert]\nlink = \"javascript:alert(1)\"\n"), "begins with https://"));
  EXPECT_TRUE(has(refusal("[alert.\"../x\"]\ntype = \"eve\"\npath = \"/x\"\n"), "letters a-z"));
}

// Others than the agent read the configuration too.
TEST(AlertConfig, SecretFilesAreOpenedByTheirUserOnly) {
  const auto config = parse_config_text("f.toml", "[alert.x]\ntype = \"slack\"\nsecret_file = \"/nonexistent/secret\"\n");
  ASSERT_TRUE(config.ok()) << config.error().message;
  const auto plan = plan_alerts(config.value());
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan.value().channels.empty());
  EXPECT_TRUE(plan.value().rules.routes.empty());
  ASSERT_EQ(plan.value().unusable.size(), 1U);
  EXPECT_TRUE(has(plan.value().unusable[0].second, "[alert.x] secret_file /nonexistent/secret: No such file"));
}

TEST(AlertConfig, TheDefaultsAreAValidFile) {
  const auto text = config_defaults();
  EXPECT_TRUE(has(text, "# [alert.NAME]"));
  const auto config = parse_config_text("defaults", text);
  EXPECT_TRUE(config.ok()) << (config.ok() ? "" : config.error().message);
}

}  // namespace
}  // namespace sekisho
