// The configuration file: what it accepts, what it refuses and how it says so, and that hostile files do no harm.
#include "app/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "app/config_command.h"

namespace sekisho {
namespace {

class Quiet final : public Detector {
 public:
  struct Settings {
    std::int64_t min_targets = 50;
    double share = 0.5;
    Milliseconds within{10'000};
    bool strict = false;
  };
  static constexpr Field<Settings> fields[] = {
      {"min_targets", &Settings::min_targets, 5, 100'000, "distinct destinations that look like a scan"},
      {"share", &Settings::share, 0, 1, "unanswered share"},
      {"within", &Settings::within, 1'000, 600'000, "over how long they are counted"},
      {"strict", &Settings::strict, 0, 0, "no mercy"}};
  explicit Quiet(Settings) {}
  void on_step(const Step&, std::vector<Finding>&) override {}
};

std::vector<DetectorSpec> specs() {
  return {detector<Quiet>("quiet_scan", "finds nothing"), detector<Quiet>("quiet_flood", "finds nothing either")};
}

Result<Config> parse(std::string_view text) {
  const auto all = specs();
  return parse_config_text("f.toml", text, all);
}
std::string refusal(std::string_view text) {
  const auto config = parse(text);
  if (config.ok()) return "accepted";
  EXPECT_EQ(config.error().kind, ErrorKind::usage);
  return config.error().message;
}
testing::AssertionResult says(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << part << "' is not in:\n" << text.substr(0, 2000);
}

struct Output {
  int status = -1;
  std::string out, err;
};
Output run(ConfigCommand command) {
  const auto all = specs();
  char *out_text = nullptr, *err_text = nullptr;
  std::size_t out_size = 0, err_size = 0;
  std::FILE* out = open_memstream(&out_text, &out_size);
  std::FILE* err = open_memstream(&err_text, &err_size);
  Output output;
  output.status = run_config(command, out, err, all);
  std::fclose(out);
  std::fclose(err);
  output.out.assign(out_text, out_size);
  output.err.assign(err_text, err_size);
  std::free(out_text);
  std::free(err_text);
  return output;
}

class ConfigFiles : public testing::Test {
 protected:
  ConfigFiles() {
    char name[] = "/tmp/sekisho-config-test-XXXXXX";
    dir_ = mkdtemp(name);
  }
  ~ConfigFiles() override { std::filesystem::remove_all(dir_); }
  std::string write(const std::string& name, std::string_view text) {
    std::ofstream{dir_ + "/" + name, std::ios::binary} << text;
    return dir_ + "/" + name;
  }
  std::string dir_;
};

TEST(Config, an_empty_file_gives_the_defaults) {
  const auto config = parse("");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config.value().capture.mode, "auto");
  EXPECT_EQ(config.value().analyze.fail_on, "medium");
  EXPECT_TRUE(config.value().local.empty());
  EXPECT_TRUE(section(config.value(), "detect.quiet_scan").empty());
}

TEST(Config, reads_every_contract_key) {
  const auto config = parse(R"([capture]
mode = "xdp"
interfaces = ["eth0", "eth1"]
local = ["203.0.113.0/24", "2001:db8::/32"]
public = ["198.51.100.7"]
[store]
path = "/tmp/a.db"
[evidence]
dir = "/tmp/evidence"
[control]
socket = "/tmp/c.sock"
[web]
listen = "[::1]:8080"
[response]
mode = "on"
never = ["192.0.2.1"]
[alert]
[analyze]
jobs = 2
fail_on = "high"
[detect.quiet_scan]
min_targets = 60
within = "1m"
)");
  ASSERT_TRUE(config.ok()) << config.error().message;
  const auto& c = config.value();
  EXPECT_EQ(c.capture.mode, "xdp");
  EXPECT_EQ(c.capture.interfaces, (std::vector<std::string>{"eth0", "eth1"}));
  ASSERT_EQ(c.local.size(), 2u);
  EXPECT_EQ(to_string(c.local[1]), "2001:db8::/32");
  ASSERT_EQ(c.publics.size(), 1u);
  EXPECT_EQ(to_string(c.publics[0]), "198.51.100.7");
  EXPECT_EQ(c.store.path, "/tmp/a.db");
  EXPECT_EQ(c.evidence.dir, "/tmp/evidence");
  EXPECT_EQ(c.control.socket, "/tmp/c.sock");
  EXPECT_EQ(c.web.listen, "[::1]:8080");
  EXPECT_EQ(c.response.mode, "on");
  ASSERT_EQ(c.never.size(), 1u);
  EXPECT_EQ(to_string(c.never[0]), "192.0.2.1");
  EXPECT_EQ(c.analyze.jobs, 2);
  EXPECT_EQ(c.analyze.fail_on, "high");
  const auto& given = section(c, "detect.quiet_scan");
  ASSERT_EQ(given.count("min_targets"), 1u);
  EXPECT_EQ(std::get<std::int64_t>(given.at("min_targets").value), 60);
  EXPECT_EQ(given.at("min_targets").place, "f.toml:22:15");
}

TEST(Config, an_unknown_key_names_place_line_and_the_nearest_name) {
  EXPECT_EQ(refusal("[capture]\n\n[detect.quiet_scan]\n  min_target = 5\n"),
            "f.toml:4:3: unknown key 'min_target' in [detect.quiet_scan]\n"
            "    4 |   min_target = 5\n"
            "      |   ^^^^^^^^^^\n"
            "hint: did you mean 'min_targets'? (sekisho config explain detect.quiet_scan.min_targets)");
  EXPECT_TRUE(says(refusal("[store]\nfrobnicate = 1\n"), "hint: [store] takes path"));
}

TEST(Config, what_is_no_setting_is_refused) {
  EXPECT_TRUE(says(refusal("[captures]\n"), "f.toml:1:2: unknown section [captures]"));
  EXPECT_TRUE(says(refusal("[captures]\n"), "did you mean [capture]?"));
  EXPECT_TRUE(says(refusal("[detect.quiet_scam]\n"), "did you mean [detect.quiet_scan]?"));
  EXPECT_TRUE(says(refusal("[store.deep]\na=1\n"), "'deep' in [store] is a section, which no setting is"));
  EXPECT_TRUE(says(refusal("mode = 1\n"), "outside any section"));
  EXPECT_TRUE(says(refusal("[[capture]]\n"), "single brackets"));
  EXPECT_TRUE(says(refusal("[detect]\nmin_targets = 7\n"), "[detect.NAME]"));
  EXPECT_TRUE(says(refusal("[alert]\nto = 'me'\n"), "unknown key 'to' in [alert]"));
}

TEST(Config, wrong_types_and_ranges_point_at_the_value) {
  EXPECT_EQ(refusal("[detect.quiet_scan]\nmin_targets = 4\n"),
            "f.toml:2:15: 'min_targets' in [detect.quiet_scan] must be a whole number from 5 to 100000\n"
            "    2 | min_targets = 4\n"
            "      |               ^\n"
            "hint: the default is 50 (sekisho config explain detect.quiet_scan.min_targets)");
  for (const std::string value : {"\"60\"", "60.0", "true", "[\"60\"]", "100001", "-1", "9223372036854775807", "nan"})
    EXPECT_TRUE(says(refusal("[detect.quiet_scan]\nmin_targets = " + value), "must be a whole number from 5 to 100000")) << value;
  for (const std::string value : {"nan", "inf", "-0.1", "1.01", "\"0.5\""})
    EXPECT_TRUE(says(refusal("[detect.quiet_scan]\nshare = " + value), "must be a number from 0 to 1")) << value;
  for (const std::string value : {"\"10\"", "\"1 s\"", "\"999ms\"", "\"11m\"", "\"-5s\"", "\"99999999999999999999d\"", "true", "1.5"})
    EXPECT_TRUE(says(refusal("[detect.quiet_scan]\nwithin = " + value), "must be a duration from 1s to 10m")) << value;
  EXPECT_TRUE(says(refusal("[detect.quiet_scan]\nstrict = 1"), "must be true or false"));
  EXPECT_TRUE(says(refusal("[detect.quiet_scan]\nwithin = 07:32:00"), "is a date or time, which no setting is"));
  EXPECT_TRUE(says(refusal("[capture]\nlocal = [1, 2]"), "is a list, which no setting is"));
}

TEST(Config, choices_and_addresses_are_checked) {
  EXPECT_TRUE(says(refusal("[capture]\nmode = \"fast\"\n"), "must be \"auto\", \"xdp\", \"tc\" or \"packet_socket\""));
  EXPECT_TRUE(says(refusal("[capture]\nlocal = [\"203.0.113.0/24\", \"203.0.113.300\"]\n"),
                   "f.toml:2:28: '203.0.113.300' in 'local' of [capture] is no address or network"));
  EXPECT_TRUE(says(refusal("[capture]\npublic = [\"203.0.113.0/24\"]\n"), "is no address"));
  EXPECT_TRUE(says(refusal("[response]\nnever = [\"gateway\"]\n"), "is no address or network"));
  EXPECT_TRUE(says(refusal("[capture]\ninterfaces = \"eth0\"\n"), "must be a list of texts"));
}

TEST(Config, all_problems_are_told_in_order_but_not_endlessly) {
  const auto two = refusal("[stor]\n[capture]\nmode = 1\n");
  ASSERT_TRUE(says(two, "f.toml:1:2"));
  ASSERT_TRUE(says(two, "f.toml:3:8"));
  EXPECT_LT(two.find("f.toml:1:2"), two.find("f.toml:3:8"));
  std::string many = "[store]\n";
  for (int i = 0; i < 1000; ++i) many += "k" + std::to_string(i) + " = 1\n";
  EXPECT_LT(refusal(many).size(), 4000u);
  EXPECT_TRUE(says(refusal(many), "and 990 more like these"));
}

TEST(Config, errors_of_syntax_show_the_line) {
  const auto text = refusal("[capture]\nmode = auto\n");
  EXPECT_TRUE(says(text, "f.toml:2:8: not valid TOML"));
  EXPECT_TRUE(says(text, "    2 | mode = auto"));
  EXPECT_TRUE(says(refusal("[capture]\nmode = \"auto\"\nmode = \"xdp\"\n"), "f.toml:3"));
  EXPECT_TRUE(says(refusal("[capture]\n[store]\n[capture]\n"), "f.toml:3"));
}

TEST(Config, a_long_line_is_shown_around_the_place) {
  const auto text = refusal("[store]\npath = \"" + std::string(3000, 'x') + "\" x");
  EXPECT_LT(text.size(), 600u);
  EXPECT_TRUE(says(text, "…"));
}

TEST(Config, carets_stand_below_what_they_mean_after_tabs_and_wide_bytes) {
  EXPECT_TRUE(says(refusal("[store]\n\t\"é\" = 1\n"), "    2 |  \"é\" = 1\n      |  ^^^\n"));
}

TEST(Config, hostile_text_comes_out_harmless) {
  const auto text = refusal("[store]\n\"\\u001b[31mred\\u202e\" = 1 # \u202e\n");
  EXPECT_TRUE(says(text, "unknown key"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\u202e"), std::string::npos);
}

TEST(Config, hostile_files_are_refused) {
  std::string binary(5000, '\0');
  for (std::size_t i = 0; i < binary.size(); ++i) binary[i] = static_cast<char>(i * 7919 >> 3);
  EXPECT_TRUE(says(refusal(binary), "is not a text file"));
  std::replace(binary.begin(), binary.end(), '\0', '\x01');
  EXPECT_NE(refusal(binary), "accepted");
  EXPECT_TRUE(says(refusal(std::string(10'000'000, 'a')), "too large"));
  EXPECT_TRUE(says(refusal(std::string(100'000, '[')), "100,000 bytes"));
  EXPECT_NE(refusal("a = " + std::string(4000, '[')), "accepted");
  EXPECT_NE(refusal("[store]\npath = \"\xff\xfe\"\n"), "accepted");
  EXPECT_NE(refusal("[store]\npath = \"\"\"" + std::string(1000, '\n')), "accepted");
  // Keys nested as deeply as a line allows, and one line's depth upon another's.
  std::string deep = "[a";
  while (deep.size() < 4090) deep += ".a";
  deep += "]\na";
  for (int i = 0; i < 2000; ++i) deep += ".a";
  EXPECT_NE(refusal(deep + " = 1\n"), "accepted");
  std::string wide = "[store]\n";
  for (int i = 0; wide.size() < 1'000'000; ++i) wide += "k" + std::to_string(i) + ".x = 1\n";
  EXPECT_TRUE(says(refusal(wide), "is a section, which no setting is"));
}

TEST_F(ConfigFiles, a_missing_file_that_was_asked_for_is_a_usage_error) {
  const auto missing = load_config(dir_ + "/none.toml");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::usage);
  EXPECT_TRUE(says(missing.error().message, "none.toml: there is no such configuration file"));
  const auto folder = load_config(dir_);
  ASSERT_FALSE(folder.ok());
  EXPECT_EQ(folder.error().kind, ErrorKind::usage);
  EXPECT_TRUE(says(folder.error().message, "is a folder"));
  EXPECT_FALSE(load_config("/dev/zero").ok());
  if (!std::filesystem::exists(kDefaultConfigFile)) {
    EXPECT_TRUE(load_config(std::nullopt).ok());
  }
}

TEST_F(ConfigFiles, check_says_what_is_wrong) {
  const auto good = write("good.toml", "[detect.quiet_flood]\nwithin = 90000\n");
  const auto bad = write("bad.toml", "[detect.quiet_flood]\nwithn = 90000\n");
  EXPECT_EQ(run({"check", "", good}).status, 0);
  EXPECT_TRUE(says(run({"check", "", good}).out, "correct, 1 setting given"));
  const auto refused = run({"check", "", bad});
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_TRUE(refused.err.starts_with("sekisho: " + bad + ":2:1: unknown key 'withn'")) << refused.err;
  const auto as_json = run({"check", "", bad, true});
  EXPECT_EQ(as_json.status, 2);
  EXPECT_TRUE(says(as_json.out, "\"ok\": false"));
  EXPECT_EQ(run({"chek", ""}).status, 2);
  EXPECT_TRUE(says(run({"chek", ""}).err, "did you mean 'check'?"));
}

TEST_F(ConfigFiles, show_tells_values_and_where_they_were_given) {
  const auto good = write("good.toml", "[detect.quiet_flood]\nwithin = 90000\n");
  const auto shown = run({"show", "", good});
  EXPECT_TRUE(says(shown.out, "within = \"90s\""));
  EXPECT_TRUE(says(shown.out, good + ":2:10"));
  EXPECT_TRUE(says(shown.out, "fail_on = \"medium\"\n"));
  EXPECT_TRUE(says(run({"show", "", good, true}).out, "\"value\": 90000"));
}

TEST(Config, explain_finds_settings_by_any_name) {
  EXPECT_TRUE(says(run({"explain", "detect.quiet_scan.within"}).out, "a duration from 1s to 10m"));
  const auto both = run({"explain", "within"}).out;
  EXPECT_TRUE(says(both, "detect.quiet_scan.within"));
  EXPECT_TRUE(says(both, "detect.quiet_flood.within"));
  EXPECT_TRUE(says(run({"explain", "response"}).out, "response.never"));
  const auto unknown = run({"explain", "withn"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_TRUE(says(unknown.err, "did you mean 'within'?"));
}

TEST(Config, the_printed_defaults_are_a_valid_file_that_changes_nothing) {
  const auto all = specs();
  const auto text = config_defaults(all);
  const auto config = parse_config_text("defaults", text, all);
  ASSERT_TRUE(config.ok()) << config.error().message << "\n" << text;
  for (const auto& s : config_sections(all))
    for (const auto& f : s.fields) {
      if (s.name == "alert.NAME") continue;  // a pattern: it stands as comments
      const auto& given = section(config.value(), s.name);
      ASSERT_EQ(given.count(std::string{f.name}), 1u) << f.name;
      const auto value = convert_setting(s.name, f, given.at(std::string{f.name}));
      ASSERT_TRUE(value.ok()) << f.name;
      EXPECT_EQ(value.value(), f.default_value) << f.name;
    }
}

}  // namespace
}  // namespace sekisho
