// JSON and EVE: complete, valid against the schema file, stable, and harmless whatever the texts are.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "app/community_id.h"
#include "app/incident_json.h"
#include "app/report_eve.h"
#include "sample_analysis.h"

namespace sekisho {
namespace {

using nlohmann::json;

// As much of JSON Schema as our file uses. An unknown keyword fails the test, so that the file cannot outgrow this.
void validate(const json& root, const json& schema, const json& value, const std::string& where, std::vector<std::string>& errors) {
  const auto wrong = [&](const std::string& what) { errors.push_back(where + ": " + what); };
  for (const auto& [keyword, rule] : schema.items()) {
    if (keyword == "$ref") {
      validate(root, root.at(json::json_pointer(rule.get<std::string>().substr(1))), value, where, errors);
    } else if (keyword == "type") {
      const std::string type = rule;
      const bool right = type == "object"    ? value.is_object()
                         : type == "array"   ? value.is_array()
                         : type == "string"  ? value.is_string()
                         : type == "integer" ? value.is_number_integer()
                         : type == "number"  ? value.is_number()
                         : type == "boolean" ? value.is_boolean()
                         : type == "null"    ? value.is_null()
                                             : false;
      if (!right) wrong("is not of type " + type);
    } else if (keyword == "required") {
      for (const auto& key : rule)
        if (!value.contains(key.get<std::string>())) wrong("lacks " + key.get<std::string>());
    } else if (keyword == "properties") {
      for (const auto& [key, sub] : rule.items())
        if (value.is_object() && value.contains(key)) validate(root, sub, value[key], where + "." + key, errors);
      // Ours is stricter than a reader has to be: no key that the schema does not list.
      if (value.is_object())
        for (const auto& [key, unused] : value.items())
          if (!rule.contains(key)) wrong("has the undocumented key " + key);
    } else if (keyword == "additionalProperties") {
      if (value.is_object())
        for (const auto& [key, sub] : value.items()) validate(root, rule, sub, where + "." + key, errors);
    } else if (keyword == "items") {
      for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
        validate(root, rule, value[i], where + "[" + std::to_string(i) + "]", errors);
    } else if (keyword == "anyOf") {
      bool any = false;
      for (const auto& option : rule) {
        std::vector<std::string> inner;
        validate(root, option, value, where, inner);
        any |= inner.empty();
      }
      if (!any) wrong("matches no alternative");
    } else if (keyword == "enum") {
      if (std::find(rule.begin(), rule.end(), value) == rule.end()) wrong("is not one of " + rule.dump());
    } else if (keyword == "const") {
      if (value != rule) wrong("is not " + rule.dump());
    } else if (keyword == "pattern") {
      if (!value.is_string() || !std::regex_search(value.get<std::string>(), std::regex{rule.get<std::string>()})) wrong("does not match");
    } else if (keyword == "minimum") {
      if (value.is_number() && value < rule) wrong("is too small");
    } else if (keyword == "maximum") {
      if (value.is_number() && value > rule) wrong("is too large");
    } else if (keyword != "$schema" && keyword != "$defs" && keyword != "title" && keyword != "description" && keyword != "examples") {
      wrong("unknown schema keyword " + keyword);
    }
  }
}

std::vector<std::string> schema_errors(const json& value, const std::string& part = "") {
  std::ifstream in{SEKISHO_SOURCE_DIR "/docs/schema/analysis.schema.json"};
  const json schema = json::parse(in);
  std::vector<std::string> errors;
  validate(schema, part.empty() ? schema : schema.at("$defs").at(part), value, "$", errors);
  return errors;
}

std::vector<std::pair<std::string, Analysis>> all_samples() {
  return {{"attacked", samples::attacked()},
          {"taking_part", samples::taking_part()},
          {"quiet", samples::quiet()},
          {"hostile", samples::hostile()},
          {"nothing", Analysis{}}};
}

TEST(ReportJson, EverySampleFollowsTheSchema) {
  for (const auto& [name, analysis] : all_samples())
    EXPECT_EQ(schema_errors(json::parse(analysis_json_text(analysis))), std::vector<std::string>{}) << name;
}

TEST(ReportJson, TheSchemaCheckCanFail) {
  json document = json::parse(analysis_json_text(samples::attacked()));
  document["incidents"][0].erase("advice");
  document["incidents"][0]["ended"] = "yesterday";
  document["input"]["extra"] = 1;
  EXPECT_EQ(schema_errors(document).size(), 3U);
}

TEST(ReportJson, KeysOfTheContractInItsOrder) {
  const auto incident = incident_json(samples::dns_amplification());
  std::vector<std::string> keys;
  for (const auto& [key, value] : incident.items()) keys.push_back(key);
  const std::vector<std::string> contract{"id",          "kind",     "direction", "label",    "labels",     "modifiers", "subject",
                                          "peers",       "ports",    "process",   "started",  "detected",   "ended",     "latency_ms",
                                          "peak_pps",    "peak_bps", "packets",   "bytes",    "confidence", "severity",  "technique",
                                          "explanation", "advice",   "evidence",  "degraded", "capture"};
  EXPECT_EQ(keys, contract);
  std::vector<std::string> top;
  const auto document = analysis_json(samples::attacked());
  for (const auto& [key, value] : document.items()) top.push_back(key);
  EXPECT_EQ(top, (std::vector<std::string>{"schema", "input", "incidents"}));
}

TEST(ReportJson, Values) {
  const json i = json::parse(incident_json(samples::dns_amplification()).dump());
  EXPECT_EQ(i["started"], "2026-11-22T02:15:09.214000Z");
  EXPECT_EQ(i["detected"], "2026-11-22T02:15:09.694000Z");
  EXPECT_EQ(i["ended"], "2026-11-22T02:18:52.000000Z");
  EXPECT_EQ(i["latency_ms"], 480.0);
  EXPECT_EQ(i["process"], nullptr);
  EXPECT_EQ(i["peers"]["distinct"], 1904);
  EXPECT_EQ(i["peers"]["top"][2]["ip"], "2001:db8::53");
  EXPECT_EQ(i["peers"]["top"][0]["port"], 53);
  EXPECT_EQ(i["labels"][1], (json{{"label", "ip_frag_flood"}, {"share", 0.088}}));
  EXPECT_EQ(i["ports"]["local"][0], (json{{"port", 443}, {"packets", 94'012'000}}));
  EXPECT_EQ(i["severity"], "critical");
  EXPECT_EQ(i["evidence"], "evidence/01M80GJC4Y5Q9WSCBY2R0T7K3F.pcapng");
  const std::string explained = i["explanation"];
  for (const char* part : {"DNS amplification", "812 kpps", "99.99 %", "Against it: 203.0.113.5 does use DNS", "480 ms later", "97 of 100"})
    EXPECT_NE(explained.find(part), std::string::npos) << part;
  const json scan = json::parse(incident_json(samples::mirai_scan()).dump());
  EXPECT_FALSE(scan["peers"]["top"][0].contains("port"));
  EXPECT_EQ(scan["evidence"], nullptr);

  const json part = json::parse(analysis_json_text(samples::taking_part()));
  EXPECT_EQ(part["incidents"][0]["ended"], nullptr);
  EXPECT_EQ(part["incidents"][0]["process"], (json{{"pid", 4127},
                                                   {"exe", "/dev/.x/dvrHelper"},
                                                   {"unit", nullptr},
                                                   {"container", nullptr},
                                                   {"uid", 0},
                                                   {"command", ""},
                                                   {"parents", json::array()},
                                                   {"started", nullptr},
                                                   {"deleted", true}}));
  const std::string advice = part["incidents"][0]["advice"];
  for (const char* word : {"Isolate", "powered", "re-imaged", "snapshot"}) EXPECT_NE(advice.find(word), std::string::npos) << word;

  const json input = json::parse(analysis_json_text(samples::attacked()))["input"];
  EXPECT_EQ(input["first"], "2026-11-22T02:14:03.000000Z");
  EXPECT_EQ(input["duration_s"], 344.0);
  EXPECT_EQ(input["malformed"]["short_ip"], 5);
  EXPECT_EQ(input["malformed"]["short_tunnel"], 0);
  EXPECT_FALSE(input["malformed"].contains("none"));
  EXPECT_EQ(input["local"]["networks"], json::array({"203.0.113.5"}));
  EXPECT_EQ(input["background"]["article_ports"].size(), 9U);
  EXPECT_EQ(input["background"]["ingress"]["amp_dns"].empty(), false);
}

TEST(ReportJson, EqualInputGivesEqualBytesInAnyOrder) {
  Analysis a = samples::attacked(), b = samples::attacked();
  std::reverse(b.incidents.begin(), b.incidents.end());
  b.elapsed = 99;  // how long it took is not part of the document
  EXPECT_EQ(analysis_json_text(a), analysis_json_text(b));
  b.incidents[0].packets += 1;
  EXPECT_NE(analysis_json_text(a), analysis_json_text(b));
}

void expect_harmless(const std::string& text) {
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);  // right-to-left override
  EXPECT_EQ(text.find("\xe2\x81\xa6"), std::string::npos);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_EQ(text.find('\xff'), std::string::npos);
}

TEST(ReportJson, HostileTextIsEscaped) {
  const std::string text = analysis_json_text(samples::hostile());  // dump() would throw on invalid UTF-8
  expect_harmless(text);
  EXPECT_EQ(text.find("\\u001b"), std::string::npos);  // nor escaped in JSON, to come alive in a reader's terminal
  EXPECT_NE(text.find("\\\\x1b[31mred"), std::string::npos);
}

TEST(ReportJson, NumbersThatAreNoneBecomeZero) {
  Incident i = samples::mirai_scan();
  i.peak_pps = std::nan("");
  i.peak_bps = INFINITY;
  const json parsed = json::parse(incident_json(i).dump());
  EXPECT_EQ(parsed["peak_pps"], 0.0);
  EXPECT_EQ(parsed["peak_bps"], 0.0);
}

std::vector<json> eve_of(const Analysis& analysis) {
  std::istringstream lines{eve_lines(analysis)};
  std::vector<json> out;
  for (std::string line; std::getline(lines, line);) out.push_back(json::parse(line));
  return out;
}

TEST(ReportEve, AlertsAnomaliesAndStats) {
  const auto lines = eve_of(samples::attacked());
  ASSERT_EQ(lines.size(), 5U);  // two incidents, two malformed counters, stats
  const auto& scan = lines[0];
  const auto& flood = lines[1];
  EXPECT_EQ(flood["event_type"], "alert");
  EXPECT_EQ(flood["timestamp"], "2026-11-22T02:15:09.694000+0000");
  EXPECT_EQ(flood["src_ip"], "198.51.100.14");
  EXPECT_EQ(flood["src_port"], 53);
  EXPECT_EQ(flood["dest_ip"], "203.0.113.5");
  EXPECT_EQ(flood["dest_port"], 443);
  EXPECT_EQ(flood["proto"], "UDP");
  EXPECT_EQ(flood["direction"], "to_client");
  EXPECT_FALSE(flood.contains("community_id"));  // 1,904 sources are not one flow
  EXPECT_GT(flood["flow_id"].get<std::uint64_t>(), 0U);
  EXPECT_LT(flood["flow_id"].get<std::uint64_t>(), 1ULL << 53);
  const auto& alert = flood["alert"];
  EXPECT_EQ(alert["signature"], "SEKISHO inbound DNS amplification");
  EXPECT_EQ(alert["severity"], 1);
  EXPECT_EQ(alert["gid"], 480);
  EXPECT_EQ(alert["rev"], 1);
  EXPECT_EQ(alert["action"], "allowed");
  EXPECT_EQ(alert["metadata"]["label"], json::array({"amp_dns"}));
  EXPECT_EQ(alert["metadata"]["confidence"], json::array({"97"}));
  EXPECT_EQ(alert["metadata"]["mitre_technique_id"], json::array({"T1498.002"}));
  EXPECT_EQ(schema_errors(flood["sekisho"], "incident"), std::vector<std::string>{});
  EXPECT_EQ(scan["alert"]["severity"], 2);
  EXPECT_EQ(scan["proto"], "TCP");
  EXPECT_EQ(scan["direction"], "to_server");
  EXPECT_FALSE(scan.contains("src_port"));
  EXPECT_EQ(lines[2]["event_type"], "anomaly");
  EXPECT_EQ(lines[2]["anomaly"], (json{{"type", "decode"}, {"event", "sekisho.short_ip"}, {"count", 5}}));
  EXPECT_EQ(lines[4]["event_type"], "stats");
  EXPECT_EQ(lines[4]["stats"]["uptime"], 344);
  EXPECT_EQ(lines[4]["stats"]["decoder"]["invalid"], 7);
}

TEST(ReportEve, EgressGoesFromUsAndASingleFlowHasACommunityId) {
  const auto lines = eve_of(samples::taking_part());
  ASSERT_EQ(lines.size(), 3U);
  const auto& c2 = lines[0];
  EXPECT_EQ(c2["src_ip"], "192.168.1.20");
  EXPECT_EQ(c2["src_port"], 41034);
  EXPECT_EQ(c2["dest_ip"], "198.51.100.33");
  EXPECT_EQ(c2["dest_port"], 23);
  EXPECT_EQ(c2["direction"], "to_server");
  EXPECT_EQ(c2["community_id"], community_id({samples::ip("198.51.100.33"), samples::ip("192.168.1.20"), 23, 41034, kTcp}));
}

TEST(ReportEve, ClassesOfTheSelectorsSayTheProtocol) {
  Incident i = samples::dns_amplification();
  i.label = "icmp_flood";
  i.selectors.resize(1);
  i.selectors[0].classes.set(index_of(TrafficClass::icmp_echo));
  EXPECT_EQ(json::parse(eve_alert(i))["proto"], "ICMP");
  i.subject = "2001:db8::1";
  EXPECT_EQ(json::parse(eve_alert(i))["proto"], "IPv6-ICMP");
  i.selectors[0].classes.set(index_of(TrafficClass::gre_ip));
  EXPECT_FALSE(json::parse(eve_alert(i)).contains("proto"));
  i.subject = "host";
  i.top_peers.clear();
  EXPECT_FALSE(json::parse(eve_alert(i)).contains("src_ip"));
  EXPECT_FALSE(json::parse(eve_alert(i)).contains("dest_ip"));
}

TEST(ReportEve, SignatureIdsAreUniqueAndStable) {
  std::set<std::uint32_t> seen;
  for (const auto& label : all_labels())
    for (const auto direction : {Direction::ingress, Direction::egress}) {
      const auto id = eve_signature_id(label.id, direction);
      EXPECT_GE(id, 1'000'000U);
      EXPECT_LE(id, 1'999'999U);
      EXPECT_TRUE(seen.insert(id).second) << label.id;
    }
  // Rules and dashboards of others name these numbers: they must never change.
  EXPECT_EQ(eve_signature_id("syn_flood", Direction::ingress), 1'244'672U);
  EXPECT_EQ(eve_signature_id("amp_dns", Direction::ingress), 1'493'828U);
}

TEST(ReportEve, HostileTextStaysOnItsLine) {
  const std::string text = eve_lines(samples::hostile());
  expect_harmless(text);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
}

TEST(CommunityId, TheSpecificationsExamples) {
  const auto flow = [](const char* a, std::uint16_t ap, const char* b, std::uint16_t bp, std::uint8_t protocol) {
    return community_id({samples::ip(a), samples::ip(b), ap, bp, protocol});
  };
  EXPECT_EQ(flow("128.232.110.120", 34855, "66.35.250.204", 80, kTcp), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(flow("66.35.250.204", 80, "128.232.110.120", 34855, kTcp), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(flow("192.168.1.52", 54585, "8.8.8.8", 53, kUdp), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
}

TEST(CommunityId, Sha1OfTheStandard) {
  const auto hex = [](std::string_view text) {
    std::string out;
    for (const auto byte : sha1({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", byte);
      out += two;
    }
    return out;
  };
  EXPECT_EQ(hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

}  // namespace
}  // namespace sekisho
