// Chooses among the live sources.
#include "app/live_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "input/bpf_source.h"
#include "input/interfaces.h"
#include "input/packet_socket.h"

namespace sekisho {
namespace {

Result<std::unique_ptr<Source>> open_packet_socket(const CaptureSettings& capture, std::vector<std::string> notes) {
  PacketSocketSettings settings;
  settings.rings = static_cast<unsigned>(capture.rings);
  settings.max_frames_pps = static_cast<double>(capture.max_frames_pps);
  auto source = TRY(PacketSocket::open(capture.interfaces, settings));
  for (auto& note : notes) source->add_note(std::move(note));
  return std::unique_ptr<Source>{std::move(source)};
}

}  // namespace

Result<std::vector<std::string>> interfaces_to_watch(const CaptureSettings& capture) {
  std::vector<std::string> chosen;
  for (const auto& name : capture.interfaces)
    if (std::find(chosen.begin(), chosen.end(), name) == chosen.end()) chosen.push_back(name);
  if (chosen.empty()) chosen = default_interfaces();
  if (chosen.empty()) return Error{"no interface is up: say which one to watch with --interface, for example --interface lo"};
  return chosen;
}

std::vector<std::string> leave_out_doubles(std::vector<std::string>& interfaces, const std::function<Result<LinkInfo>(const std::string&)>& ask) {
  std::vector<std::string> notes, kept;
  std::map<unsigned, std::string> watched;  // by index
  std::map<std::string, LinkInfo> links;
  for (const auto& name : interfaces)
    if (auto info = ask(name); info.ok()) watched[info.value().index] = name, links[name] = std::move(info).value();
  for (const auto& name : interfaces) {
    const auto link = links.find(name);
    const auto other = [&](unsigned index) { return link != links.end() && index != 0 ? watched.find(index) : watched.end(); };
    if (const auto master = link == links.end() ? watched.end() : other(link->second.master); master != watched.end()) {
      notes.push_back(fmt::format("{} is left out: it is a port of {}, whose packets would be counted twice", name, master->second));
      continue;
    }
    if (const auto lower = link == links.end() ? watched.end() : other(link->second.lower); lower != watched.end()) {
      const auto& kind = link->second.kind;
      if (kind == "vlan" || kind == "macvlan" || kind == "ipvlan") {
        notes.push_back(fmt::format("{} is left out: {} below it shows the same packets", name, lower->second));
        continue;
      }
      if (kind != "veth")  // whose lower interface is its other end
        notes.push_back(fmt::format("{} is a tunnel through {}: its packets count twice, as what they are and as the tunnel's", name, lower->second));
    }
    kept.push_back(name);
  }
  interfaces = std::move(kept);
  return notes;
}

Result<std::unique_ptr<Source>> open_source(const CaptureSettings& capture, std::vector<std::string> notes) {
  if (capture.mode == "packet_socket") return open_packet_socket(capture, std::move(notes));
  BpfSourceSettings settings;
  settings.xdp = capture.mode != "tc";
  settings.xdp_on_veth = capture.mode == "xdp";
  settings.max_frames_pps = static_cast<double>(capture.max_frames_pps);
  auto source = BpfSource::open(capture.interfaces, settings);
  if (!source.ok() && settings.xdp && source.error().kind != ErrorKind::usage) {
    // A kernel that lacks what XDP programs need may still take tc programs.
    const auto note = "tc instead of XDP: " + source.error().message;
    settings.xdp = false;
    if (source = BpfSource::open(capture.interfaces, settings); source.ok()) notes.push_back(note);
  }
  if (source.ok()) {
    for (auto& note : notes) source.value()->add_note(std::move(note));
    return std::unique_ptr<Source>{std::move(source).value()};
  }
  if (source.error().kind == ErrorKind::usage) return source.error();
  notes.push_back("a packet socket instead of XDP or tc: " + source.error().message);
  return open_packet_socket(capture, std::move(notes));
}

}  // namespace sekisho
