// Config: every setting of the configuration file, checked; and the sections that exist, for defaults, explain and the docs.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/settings.h"
#include "detect/detector.h"
#include "model/address.h"
#include "store/store.h"

namespace sekisho {

constexpr std::string_view kDefaultConfigFile = "/etc/sekisho/sekisho.toml";

struct CaptureSettings {
  std::string mode = "auto";
  std::vector<std::string> interfaces, local, publics;
  std::int64_t max_frames_pps = 200'000, rings = 1;
};
struct DecodeSettings {
  std::int64_t vxlan_port = 0, gtp_u_port = 0;  // UDP ports; 0 = such packets are plain UDP
};
struct StoreSettings {
  std::string path = "/var/lib/sekisho/sekisho.db";
  Milliseconds seconds_for{24LL * 3600 * 1000}, ten_seconds_for{7LL * 24 * 3600 * 1000}, history_for{400LL * 24 * 3600 * 1000};
  Milliseconds scan_detail_for{24LL * 3600 * 1000};
  std::int64_t scan_rows_a_day = 100'000;
};
struct EvidenceSection {
  std::string dir = "/var/lib/sekisho/evidence";
  std::int64_t ring_seconds = 10, ring_bytes = 32 << 20, snap_bytes = 128;
  std::int64_t packets = 10'000, bytes = 16 << 20, context_percent = 10;
  std::int64_t total_bytes = 2LL << 30;
};
struct ControlSettings {
  std::string socket = "/run/sekisho/control.sock";
};
struct WebSettings {
  std::string listen = "127.0.0.1:8470";
  std::string certificate, key;
  bool behind_proxy = false;
  std::vector<std::string> hosts;
  std::string tokens;  // empty: web-tokens.json beside the store
  std::string user = "sekisho";
  std::vector<std::string> mmdb;
  bool open_metrics = false;
  std::vector<std::string> fleet;  // "NAME=https://HOST:PORT"
  std::string fleet_tokens, fleet_ca;
  Milliseconds fleet_every{5'000};
};
struct ResponseSettings {
  std::string mode = "suggest", policy = "proof";
  std::vector<std::string> never;
  Milliseconds fingerprint_for{0}, confirm_within{60'000}, forget_after{30LL * 86'400'000};
  std::int64_t min_hits = 5, adds_a_minute = 500;
  std::vector<std::string> ports{"23", "2323", "22", "80", "81", "8080", "5555", "7547", "37215", "52869"};
  bool restore_table = true, keep_table = true, early_drop = true;
};
struct AlertSettings {
  std::string dir, host, link;
  std::int64_t max_waiting = 1000;
  std::vector<std::string> quiet, maintenance;
  std::string quiet_severity = "critical";
};
struct AnalyzeSettings {
  std::int64_t jobs = 0;
  std::string fail_on = "medium";
};

struct LogsSection {
  bool read = true;
  std::vector<std::string> sources;
  Milliseconds past{24LL * 3600 * 1000};
};
struct SocketsSection {
  Milliseconds interval{10'000};
  bool namespaces = true, enter_namespaces = false, at_creation = true;
};

struct AuditSection {
  std::string fail_on = "medium", state = "/var/lib/sekisho/audit.json";
  Milliseconds within{120'000}, recent{7 * 86'400'000LL}, scanner_within{900'000};
  std::int64_t max_files = 200'000;
  std::vector<std::string> raw_socket_owners, allowed_listeners;
};

struct ContainSection {
  Milliseconds confirm_within{60'000};
  std::string log = "/var/lib/sekisho/contain.jsonl";
};

struct Config {
  std::string file;  // where it was read; empty when there is none and the defaults hold
  CaptureSettings capture;
  DecodeSettings decode;
  StoreSettings store;
  EvidenceSection evidence;
  ControlSettings control;
  WebSettings web;
  ResponseSettings response;
  AnalyzeSettings analyze;
  LogsSection logs;
  SocketsSection sockets;
  AuditSection audit;
  ContainSection contain;
  std::vector<Network> local, never;  // of capture.local and response.never
  std::vector<Address> publics;       // of capture.public
  // As given, by section ("detect.c2_keepalive"); what is not there has its default. For DetectorSpec::make and `config show`.
  std::map<std::string, SettingTable> sections;
  AlertSettings alert;  // its channels stand in `sections`: "alert.oncall"
};

// The settings of a section as the file gives them; empty when it gives none.
const SettingTable& section(const Config& config, const std::string& name);

// Without a path the default file, which may be missing: then the defaults hold. A missing file that was asked for, and anything
// in a file that is wrong, is ErrorKind::usage, with file, line, column, the line itself and the way out; all problems at once.
Result<Config> load_config(const std::optional<std::string>& path, std::span<const DetectorSpec> detectors = Registry<DetectorSpec>::all());
// The same from text; `name` stands in messages.
Result<Config> parse_config_text(std::string_view name, std::string_view text,
                                 std::span<const DetectorSpec> detectors = Registry<DetectorSpec>::all());

Retention retention_of(const StoreSettings& settings);

// Every section that may stand in the file, in the order of `config defaults`, detectors last.
struct SectionInfo {
  std::string name, help;
  std::vector<FieldInfo> fields;
};
std::vector<SectionInfo> config_sections(std::span<const DetectorSpec> detectors = Registry<DetectorSpec>::all());

// [alert.NAME] stands in the list as a pattern; these are the names that the configuration gives: "alert.oncall".
std::vector<std::string> alert_sections(const Config& config);
// The sections with the pattern replaced by those that there are.
std::vector<SectionInfo> config_sections_of(const Config& config, std::span<const DetectorSpec> detectors);
// What may be shown of a value: no secret, and of an alert's address the host alone.
SettingValue shown_setting(std::string_view section, std::string_view field, const SettingValue& value);

// A value as TOML: true, 12, 0.5, "text", ["a", "b"]; durations as "10s".
std::string to_toml(const FieldInfo& field, const SettingValue& value);
// "a whole number from 5 to 100000", "\"auto\", \"xdp\" or \"packet_socket\"": what the setting takes.
std::string expected(std::string_view section, const FieldInfo& field);

}  // namespace sekisho
