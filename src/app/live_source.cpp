// Chooses among the live sources.
#include "app/live_source.h"

#include <algorithm>

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

Result<std::unique_ptr<Source>> open_source(const CaptureSettings& capture) {
  if (capture.mode == "packet_socket") return open_packet_socket(capture, {});
  BpfSourceSettings settings;
  settings.xdp = capture.mode != "tc";
  settings.xdp_on_veth = capture.mode == "xdp";
  settings.max_frames_pps = static_cast<double>(capture.max_frames_pps);
  auto source = BpfSource::open(capture.interfaces, settings);
  std::vector<std::string> notes;
  if (!source.ok() && settings.xdp && source.error().kind != ErrorKind::usage) {
    // A kernel that lacks what XDP programs need may still take tc programs.
    notes.push_back("tc instead of XDP: " + source.error().message);
    settings.xdp = false;
    source = BpfSource::open(capture.interfaces, settings);
  }
  if (source.ok()) {
    for (auto& note : notes) source.value()->add_note(std::move(note));
    return std::unique_ptr<Source>{std::move(source).value()};
  }
  if (source.error().kind == ErrorKind::usage) return source.error();
  return open_packet_socket(capture, {"a packet socket instead of XDP or tc: " + source.error().message});
}

}  // namespace sekisho
