// The sections of the configuration, and the checks of a file against them.
#include "app/config.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

#include "alert/channel.h"
#include "app/alert_plan.h"
#include "app/config_fields.h"
#include "app/config_file.h"
#include "base/text.h"
#include "detect/log_detector.h"

namespace sekisho {
namespace {

constexpr std::string_view kAlertPattern = "alert.NAME";
bool is_alert_channel(std::string_view section) { return section.starts_with("alert."); }

std::vector<std::string_view> alert_types() {
  std::vector<std::string_view> types;
  for (const auto& spec : Registry<AlertChannelSpec>::all()) types.push_back(spec.name);
  return types;
}

// Texts of which only some are meant.
struct Choice {
  std::string_view section, key;
  std::vector<std::string_view> values;
};
const std::vector<Choice>& choices() {
  static const std::vector<Choice> all{
      {"capture", "mode", {"auto", "xdp", "tc", "packet_socket"}},
      {"response", "mode", {"off", "suggest", "on"}},
      {"response", "policy", {"proof", "article"}},
      {"analyze", "fail_on", {"info", "low", "medium", "high", "critical"}},
      {"audit", "fail_on", {"low", "medium", "high", "critical"}},
      {"alert", "quiet_severity", {"info", "low", "medium", "high", "critical"}},
      {kAlertPattern, "severity", {"info", "low", "medium", "high", "critical"}},
      {kAlertPattern, "tls", {"required", "off"}},
      {kAlertPattern, "type", alert_types()},
  };
  return all;
}
const Choice* choice_of(std::string_view section, std::string_view key) {
  if (is_alert_channel(section)) section = kAlertPattern;
  const auto found =
      std::find_if(choices().begin(), choices().end(), [&](const Choice& c) { return c.section == section && c.key == key; });
  return found == choices().end() ? nullptr : &*found;
}

std::vector<SectionInfo> fixed_sections() {
  return {
      {"capture", "Where packets come from, and which side is ours.", field_infos<CaptureSettings>(kCaptureFields)},
      {"decode", "Tunnels that this host uses.", field_infos<DecodeSettings>(kDecodeFields)},
      {"store", "Where incidents are kept.", field_infos<StoreSettings>(kStoreFields)},
      {"evidence", "The packets that belong to an incident.", field_infos<EvidenceSection>(kEvidenceFields)},
      {"control", "How the other commands reach the agent.", field_infos<ControlSettings>(kControlFields)},
      {"web", "The dashboard.", field_infos<WebSettings>(kWebFields)},
      {"response", "What is done against an attack.", field_infos<ResponseSettings>(kResponseFields)},
      {"alert", "Who is told, and when not.", field_infos<AlertSettings>(kAlertFields)},
      {std::string{kAlertPattern}, "A channel that alerts go to, for each NAME of your choice.",
       field_infos<AlertChannelSettings>(alert_channel_fields())},
      {"analyze", "Judging captures.", field_infos<AnalyzeSettings>(kAnalyzeFields)},
      {"logs", "Logs that the agent follows.", field_infos<LogsSection>(kLogsFields)},
      {"sockets", "Connections and the processes behind them.", field_infos<SocketsSection>(kSocketsFields)},
      {"audit", "Judging this host.", field_infos<AuditSection>(kAuditFields)},
      {"contain", "Dropping what this host sends, by hand, for a time.", field_infos<ContainSection>(kContainFields)},
  };
}

std::string joined(const std::vector<std::string_view>& values, std::string_view quote, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i) out += i + 1 == values.size() ? last : ", ";
    out += fmt::format("{0}{1}{0}", quote, values[i]);
  }
  return out;
}

std::string duration_text(std::int64_t ms) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 4> units{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}}};
  for (const auto& [scale, unit] : units)
    if (ms > 0 && ms % scale == 0) return fmt::format("{}{}", ms / scale, unit);
  return fmt::format("{}ms", ms);
}

std::string toml_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + "\"";
}

// Checks a parsed file against the sections that exist and collects every problem.
class Checker {
 public:
  Checker(const ConfigFile& file, std::span<const DetectorSpec> detectors)
      : file_(file), detectors_(detectors), known_(config_sections(detectors)), problems_(file.problems) {}

  Config check() {
    for (const auto& [name, given] : file_.sections) check_section(name, given);
    if (problems_.empty()) fill();
    return std::move(config_);
  }
  const std::vector<ConfigProblem>& problems() {
    std::stable_sort(problems_.begin(), problems_.end(), [](const auto& a, const auto& b) {
      return std::pair{a.place.line, a.place.column} < std::pair{b.place.line, b.place.column};
    });
    return problems_;
  }

 private:
  void check_section(const std::string& name, const ConfigFileSection& given) {
    auto found = std::find_if(known_.begin(), known_.end(), [&](const SectionInfo& s) { return s.name == name; });
    std::optional<SectionInfo> channel;
    if (is_alert_channel(name)) {
      channel = *std::find_if(known_.begin(), known_.end(), [&](const SectionInfo& s) { return s.name == kAlertPattern; });
      channel->name = name;
    } else if (found == known_.end()) {
      return unknown_section(name, given.place);
    }
    const SectionInfo* info = channel ? &*channel : &*found;
    SettingTable& table = config_.sections[name];
    for (const auto& [key, entry] : given.entries) {
      const auto field = std::find_if(info->fields.begin(), info->fields.end(),
                                      [&, k = std::string_view{key}](const FieldInfo& f) { return f.name == k; });
      if (field == info->fields.end()) {
        unknown_key(*info, key, entry);
      } else if (check_value(*info, *field, entry)) {
        table.emplace(key, entry.setting);
      }
    }
  }

  void unknown_section(const std::string& name, ConfigPlace place) {
    std::vector<std::string_view> names;
    for (const auto& s : known_) names.push_back(s.name);
    const auto near = nearest_name(name, names);
    problems_.push_back({place, fmt::format("unknown section [{}]", escape_hostile(name, 60)),
                         near.empty() ? "the sections are listed by: sekisho config defaults" : fmt::format("did you mean [{}]?", near)});
  }

  void unknown_key(const SectionInfo& info, const std::string& key, const ConfigEntry& entry) {
    std::vector<std::string_view> names;
    for (const auto& f : info.fields) names.push_back(f.name);
    const auto near = nearest_name(key, names);
    std::string hint = fmt::format("[{}] takes {}", info.name, joined(names, "", " and "));
    if (names.empty()) hint = fmt::format("[{}] has no settings yet", info.name);
    if (!near.empty()) hint = fmt::format("did you mean '{0}'? (sekisho config explain {1}.{0})", near, info.name);
    problems_.push_back({entry.key, fmt::format("unknown key '{}' in [{}]", escape_hostile(key, 60), info.name), std::move(hint)});
  }

  bool check_value(const SectionInfo& info, const FieldInfo& field, const ConfigEntry& entry) {
    const auto refuse = [&](ConfigPlace place, std::string what) {
      problems_.push_back(
          {place, std::move(what),
           fmt::format("the default is {} (sekisho config explain {}.{})", to_toml(field, field.default_value), info.name, field.name)});
      return false;
    };
    if (!convert_setting(info.name, field, entry.setting).ok())
      return refuse(entry.value, fmt::format("'{}' in [{}] must be {}", field.name, info.name, expected(info.name, field)));
    if (const auto* choice = choice_of(info.name, field.name)) {
      const auto& text = std::get<std::string>(entry.setting.value);
      if (std::find(choice->values.begin(), choice->values.end(), text) == choice->values.end())
        return refuse(entry.value, fmt::format("'{}' in [{}] must be {}", field.name, info.name, expected(info.name, field)));
    }
    if (info.name == "capture" && field.name == "local") return parse_networks(entry, field, info, config_.local);
    if (info.name == "response" && field.name == "never") return parse_networks(entry, field, info, config_.never);
    if (info.name == "capture" && field.name == "public") {
      const auto& texts = std::get<std::vector<std::string>>(entry.setting.value);
      for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto address = parse_address(texts[i]);
        if (!address)
          return refuse(entry.elements[i],
                        fmt::format("'{}' in 'public' of [capture] is no address (like \"203.0.113.5\" or \"2001:db8::5\")",
                                    escape_hostile(texts[i], 60)));
        config_.publics.push_back(*address);
      }
    }
    return true;
  }

  bool parse_networks(const ConfigEntry& entry, const FieldInfo& field, const SectionInfo& info, std::vector<Network>& out) {
    const auto& texts = std::get<std::vector<std::string>>(entry.setting.value);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto network = parse_network(texts[i]);
      if (!network) {
        problems_.push_back(
            {entry.elements[i],
             fmt::format("'{}' in '{}' of [{}] is no address or network", escape_hostile(texts[i], 60), field.name, info.name),
             "write them like \"203.0.113.5\", \"203.0.113.0/24\" or \"2001:db8::/32\""});
        return false;
      }
      out.push_back(*network);
    }
    return true;
  }

  template <class S>
  void read(const char* name, std::span<const Field<S>> fields, S& into) {
    auto settings = read_settings<S>(name, fields, section(config_, name));
    if (settings.ok())
      into = std::move(settings).value();
    else
      problems_.push_back({{}, settings.error().message, {}});
  }

  // What ranges cannot tell; secret files stay closed, since others than the agent read the configuration.
  void check_alerts() {
    if (const auto rules = alert_windows(config_.alert); !rules.ok())
      problems_.push_back({file_.sections.contains("alert") ? file_.sections.at("alert").place : ConfigPlace{}, rules.error().message, {}});
    for (const auto& name : alert_sections(config_)) {
      const auto settings = read_settings<AlertChannelSettings>(name, alert_channel_fields(), section(config_, name));
      auto done = settings.ok() ? check_alert_channel(name.substr(6), settings.value()) : Result<void>{settings.error()};
      if (const auto route = settings.ok() ? alert_route(name.substr(6), settings.value()) : Result<AlertRoute>{AlertRoute{}};
          done.ok() && !route.ok())
        done = route.error();
      if (!done.ok()) problems_.push_back({file_.sections.at(name).place, done.error().message, {}});
    }
  }

  void fill() {
    read<CaptureSettings>("capture", kCaptureFields, config_.capture);
    read<DecodeSettings>("decode", kDecodeFields, config_.decode);
    read<StoreSettings>("store", kStoreFields, config_.store);
    read<EvidenceSection>("evidence", kEvidenceFields, config_.evidence);
    read<ControlSettings>("control", kControlFields, config_.control);
    read<WebSettings>("web", kWebFields, config_.web);
    read<ResponseSettings>("response", kResponseFields, config_.response);
    read<AlertSettings>("alert", kAlertFields, config_.alert);
    check_alerts();
    read<AnalyzeSettings>("analyze", kAnalyzeFields, config_.analyze);
    read<LogsSection>("logs", kLogsFields, config_.logs);
    read<SocketsSection>("sockets", kSocketsFields, config_.sockets);
    read<AuditSection>("audit", kAuditFields, config_.audit);
    read<ContainSection>("contain", kContainFields, config_.contain);
    // A detector may have rules of its own beyond the ranges: it is made once to hear them.
    for (const auto& spec : detectors_) {
      const auto given = config_.sections.find("detect." + std::string{spec.name});
      if (given == config_.sections.end()) continue;
      const auto made = spec.make(given->second);
      if (!made.ok()) problems_.push_back({file_.sections.at(given->first).place, made.error().message, {}});
    }
  }

  const ConfigFile& file_;
  std::span<const DetectorSpec> detectors_;
  std::vector<SectionInfo> known_;
  std::vector<ConfigProblem> problems_;
  Config config_;
};

// At most one byte more than a configuration may have, so that a device or a huge file cannot fill the memory.
Result<std::string> read_bounded(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const int why = errno;
    const bool missing = why == ENOENT || why == ENOTDIR || why == EISDIR;
    return Error{fmt::format("{}: {}", escape_hostile(path), why == ENOENT ? "there is no such configuration file" : std::strerror(why)),
                 missing ? ErrorKind::usage : ErrorKind::failed};
  }
  std::string text(kMaxConfigBytes + 1, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const auto got = ::read(fd, text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int why = errno;
      ::close(fd);
      return Error{
          fmt::format("{}: {}", escape_hostile(path), why == EISDIR ? "is a folder, not a configuration file" : std::strerror(why)),
          why == EISDIR ? ErrorKind::usage : ErrorKind::failed};
    }
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  ::close(fd);
  text.resize(used);
  return text;
}

}  // namespace

Retention retention_of(const StoreSettings& s) {
  const auto ns = [](Milliseconds m) { return m.count * kMillisecond; };
  return {ns(s.seconds_for), ns(s.ten_seconds_for), ns(s.history_for), ns(s.scan_detail_for),
          static_cast<std::uint64_t>(s.scan_rows_a_day)};
}

const SettingTable& section(const Config& config, const std::string& name) {
  static const SettingTable none;
  const auto found = config.sections.find(name);
  return found == config.sections.end() ? none : found->second;
}

Result<Config> parse_config_text(std::string_view name, std::string_view text, std::span<const DetectorSpec> detectors) {
  const ConfigFile file = parse_config(escape_hostile(name), text);
  Checker checker{file, detectors};
  Config config = checker.check();
  if (!checker.problems().empty()) return Error{describe(file, checker.problems()), ErrorKind::usage};
  config.file = name;
  return config;
}

Result<Config> load_config(const std::optional<std::string>& path, std::span<const DetectorSpec> detectors) {
  const std::string file = path.value_or(std::string{kDefaultConfigFile});
  if (!path && ::access(file.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) return Config{};
  const std::string text = TRY(read_bounded(file));
  return parse_config_text(file, text, detectors);
}

std::vector<SectionInfo> config_sections(std::span<const DetectorSpec> detectors) {
  auto sections = fixed_sections();
  for (const auto& d : detectors) sections.push_back({"detect." + std::string{d.name}, std::string{d.help}, d.fields});
  for (const auto& d : Registry<LogDetectorSpec>::all())
    sections.push_back({"detect." + std::string{d.name}, std::string{d.help}, d.fields});
  return sections;
}

std::vector<std::string> alert_sections(const Config& config) {
  std::vector<std::string> names;
  for (const auto& [name, table] : config.sections)
    if (is_alert_channel(name)) names.push_back(name);
  return names;
}

std::vector<SectionInfo> config_sections_of(const Config& config, std::span<const DetectorSpec> detectors) {
  std::vector<SectionInfo> out;
  for (auto& s : config_sections(detectors)) {
    if (s.name != kAlertPattern) {
      out.push_back(std::move(s));
      continue;
    }
    for (const auto& name : alert_sections(config)) out.push_back({name, s.help, s.fields});
  }
  return out;
}

SettingValue shown_setting(std::string_view section, std::string_view field, const SettingValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (!is_alert_channel(section) || !text || text->empty()) return value;
  if (field == "secret") return std::string{"(hidden)"};
  if (field == "url") return shown_alert_url(*text);
  return value;
}

std::string to_toml(const FieldInfo& field, const SettingValue& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value))
    return field.type == "duration" ? toml_quoted(duration_text(*whole)) : std::to_string(*whole);
  if (const auto* real = std::get_if<double>(&value)) {
    const auto text = fmt::format("{}", *real);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
  }
  if (const auto* text = std::get_if<std::string>(&value)) return toml_quoted(*text);
  std::string out = "[";
  for (const auto& text : std::get<std::vector<std::string>>(value)) out += (out.size() > 1 ? ", " : "") + toml_quoted(text);
  return out + "]";
}

std::string expected(std::string_view section, const FieldInfo& field) {
  if (const auto* choice = choice_of(section, field.name)) return joined(choice->values, "\"", " or ");
  if (field.type == "whole number" || field.type == "number") return fmt::format("a {} from {} to {}", field.type, field.min, field.max);
  if (field.type == "duration") {
    const auto limit = [](double ms) { return duration_text(static_cast<std::int64_t>(ms)); };
    return fmt::format("a duration from {} to {}, such as \"500ms\", \"10s\", \"5m\" or \"1h\"", limit(field.min), limit(field.max));
  }
  if (field.type == "text") return "a text in quotes";
  if (field.type == "list of texts") return "a list of texts: [\"a\", \"b\"]";
  return std::string{field.type};
}

}  // namespace sekisho
