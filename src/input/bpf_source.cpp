// Attaches the programs, empties their ring, steers their sampling, and looks at the world once a second.
#include "input/bpf_source.h"

#include <fmt/format.h>
#include <net/if.h>
#include <time.h>

#include <algorithm>
#include <cstring>

#include "input/live_clock.h"

namespace sekisho {
namespace {

constexpr DurationNs kRest = 20 * kMillisecond;  // between two looks at the ring; twice as long when nothing has come for half a second
constexpr unsigned kQuietLooks = 25;
constexpr DurationNs kDegradedFor = 10 * kSecond;
constexpr std::uint32_t kLeastSliceFrames = 16;
constexpr double kSlicesPerSecond = 1e9 / SK_SLICE_NS;

using Program = BpfPrograms::Program;

LinkTotals sum(const sekisho_counters& c, int direction) {
  LinkTotals total;
  for (const auto& family : c.by_class[direction])
    for (const auto& count : family) total.packets += count.packets, total.bytes += count.bytes;
  return total;
}

// A page less what XDP needs for itself: frames above that come in pieces.
bool in_pieces(const Interface& i) { return i.mtu_bytes > 3000; }

// A sentence; empty when XDP is to be tried.
std::string why_not_xdp(const Interface& i, const BpfSourceSettings& settings) {
  if (!settings.xdp) return "not asked for";
  if (i.loopback) return "the loopback does not have it";
  if (!i.has_link_header) return "its packets have no link header";
  if (i.driver == "veth" && !settings.xdp_on_veth) return "on a veth it can lose the host's own packets";
  return {};
}

}  // namespace

BpfSource::BpfSource(std::unique_ptr<BpfPrograms> programs, RingReader ring, const BpfSourceSettings& settings)
    : settings_(settings),
      programs_(std::move(programs)),
      ring_(std::move(ring)),
      block_list_(*programs_),
      budget_(settings.max_frames_pps) {
  batch_.reserve(kMaxBatch);
}
BpfSource::~BpfSource() = default;

Result<std::unique_ptr<BpfSource>> BpfSource::open(const std::vector<std::string>& interfaces, const BpfSourceSettings& settings) {
  std::vector<Port> ports;
  BpfPrograms::Wanted wanted;
  for (const auto& name : interfaces) {
    auto interface = TRY(find_interface(name));
    (interface.has_link_header ? wanted.tc : wanted.tc_ip) = true;
    if (why_not_xdp(interface, settings).empty()) (in_pieces(interface) ? wanted.xdp_frags : wanted.xdp) = true;
    ports.emplace_back().interface = std::move(interface);
  }
  auto programs = TRY(BpfPrograms::load(wanted));
  auto ring = TRY(RingReader::map(programs->ring_fd(), SK_RING_BYTES));
  std::unique_ptr<BpfSource> source{new BpfSource{std::move(programs), std::move(ring), settings}};
  source->ports_ = std::move(ports);
  source->programs_->settings().slice_frames =
      std::max(kLeastSliceFrames, static_cast<std::uint32_t>(settings.max_frames_pps / kSlicesPerSecond / 2));
  for (auto& port : source->ports_) TRY(source->attach(port));
  return source;
}

Result<void> BpfSource::attach(Port& port) {
  const auto& i = port.interface;
  port.note.clear();
  port.xdp = false;
  port.in.reset(), port.out.reset();
  const auto refused = [&](const Error& error) { return Error{fmt::format("interface '{}': {}", i.name, error.message)}; };
  std::string why_not = why_not_xdp(i, settings_);
  if (why_not.empty()) {
    const int fd = programs_->fd(in_pieces(i) ? Program::xdp_frags : Program::xdp);
    auto attached = fd < 0 ? Result<BpfAttachment>{Error{"its frames became larger"}} : BpfAttachment::xdp(fd, i.index);
    if (attached.ok())
      port.in.emplace(std::move(attached).value()), port.xdp = true;
    else
      why_not = attached.error().message;
  }
  if (settings_.xdp && !port.xdp) port.note = fmt::format("{}: tc instead of XDP: {}", i.name, why_not);
  const auto attach_tc = [&](Program program, BpfAttachment::Way way) {
    return settings_.links ? BpfAttachment::tc(programs_->fd(program), i.index, way)
                           : BpfAttachment::tc_filter(programs_->fd(program), i.index, way);
  };
  if (!port.in) {
    auto attached = attach_tc(i.has_link_header ? Program::in : Program::in_ip, BpfAttachment::Way::in);
    if (!attached.ok()) return refused(attached.error());
    port.in.emplace(std::move(attached).value());
  }
  if (!i.loopback) {  // the loopback shows each packet twice, as it leaves and as it arrives
    auto attached = attach_tc(i.has_link_header ? Program::out : Program::out_ip, BpfAttachment::Way::out);
    if (!attached.ok()) return refused(attached.error());
    port.out.emplace(std::move(attached).value());
    if (!port.out->is_link())
      port.note +=
          fmt::format("{}{}: a filter of the old kind, which stays behind when the agent is killed, because the kernel is older than 6.6",
                      port.note.empty() ? "" : "; ", i.name);
  }
  port.present = true;
  return {};
}

bool BpfSource::drain(Intake& intake) {
  batch_.clear();
  const auto took = ring_.read(kMaxBatch, [&](std::span<const std::uint8_t> record) {
    sekisho_frame f;
    if (record.size() < sizeof f) return;
    std::memcpy(&f, record.data(), sizeof f);
    const auto port = std::find_if(ports_.begin(), ports_.end(), [&](const Port& p) { return p.interface.index == f.ifindex; });
    Frame& frame = batch_.emplace_back();
    frame.time = static_cast<TimeNs>(f.time) + clock_offset_;
    frame.bytes = record.subspan(sizeof f, std::min<std::size_t>(f.captured, record.size() - sizeof f));
    frame.wire_bytes = f.wire_bytes;
    frame.weight = f.weight;
    frame.segments = f.segments;
    frame.link = f.no_link_header ? LinkType::raw_ip : LinkType::ethernet;
    frame.interface = static_cast<std::uint16_t>(port == ports_.end() ? 0 : port - ports_.begin());
    auto& seen = seen_[f.direction & 1];
    seen.packets += std::uint64_t{f.weight} * f.segments, seen.bytes += std::uint64_t{f.weight} * f.wire_bytes;
    recent_sampling_ = std::max(recent_sampling_, f.sampling);
  });
  if (!batch_.empty()) intake.on_frames(batch_);
  frames_ += batch_.size();
  ring_.release();
  return took > 0;
}

// A processor's slice holds what all processors together may hand over; when that was too much, less of it.
void BpfSource::steer() {
  if (!budget_.update(frames_)) return;
  const double most = settings_.max_frames_pps / kSlicesPerSecond;
  double slice = programs_->settings().slice_frames;
  if (budget_.rate() > budget_.allowed())
    slice *= std::max(0.25, budget_.allowed() / budget_.rate());
  else if (budget_.rate() < 0.8 * budget_.allowed())
    slice *= 1.25;
  programs_->settings().slice_frames =
      static_cast<std::uint32_t>(std::clamp<double>(slice, kLeastSliceFrames, std::max<double>(most, kLeastSliceFrames)));
}

void BpfSource::look_around() {
  const auto now = monotonic_clock();
  if (now - last_look_ < kSecond) return;
  last_look_ = now;
  clock_offset_ = wall_clock() - monotonic_clock();
  for (auto& port : ports_) {
    auto& i = port.interface;
    if (const unsigned index = ::if_nametoindex(i.name.c_str()); port.present && index != i.index) {
      port.present = false;
      port.in.reset(), port.out.reset();
      port.note = fmt::format("the interface '{}' has disappeared", i.name);
    } else if (!port.present && index != 0) {
      if (auto found = find_interface(i.name); found.ok()) {
        port.interface = std::move(found).value();
        if (auto done = attach(port); !done.ok()) port.note = done.error().message;
      }
    }
  }
  const auto counters = programs_->counters();
  sampling_ = std::exchange(recent_sampling_, 1u);
  max_sampling_ = std::max(max_sampling_, sampling_);
  bool degraded = sampling_ > 1 || counters.ring_full > ring_full_;
  ring_full_ = counters.ring_full;
  for (int d = 0; d < SK_DIRECTIONS; ++d) {
    checks_[d].update(seen_[d], sum(counters, d), sampling_);
    degraded |= checks_[d].disagreement() > 0;
  }
  if (degraded) degraded_until_ = now + kDegradedFor;
}

Result<void> BpfSource::run(Intake& intake, std::stop_token stop) {
  budget_ = FrameBudget{settings_.max_frames_pps};  // of this thread
  last_look_ = 0;
  unsigned quiet = 0;  // looks that found nothing
  while (!stop.stop_requested()) {
    look_around();
    bool any = false;
    // What is there now, not what comes meanwhile: a trickle would keep the processor busy.
    for (const auto end = ring_.written(); ring_.position() < end && !stop.stop_requested() && drain(intake); any = true) steer();
    steer();
    quiet = any ? 0 : quiet + 1;
    if (!any) intake.on_idle(wall_clock());  // also after a signal, so that the intake can ask to stop
    if (ring_.written() - ring_.position() < ring_.bytes() / 4) {
      const timespec rest{0, quiet > kQuietLooks ? 2 * kRest : kRest};
      ::nanosleep(&rest, nullptr);
    }
  }
  return {};
}

BlockList* BpfSource::early_blocks() {
  return std::any_of(ports_.begin(), ports_.end(), [](const Port& p) { return p.xdp && p.in; }) ? &block_list_ : nullptr;
}

SourceStats BpfSource::stats() {
  SourceStats s;
  s.notes = notes_;
  bool xdp = false;
  for (const auto& port : ports_) {
    xdp |= port.xdp;
    s.interfaces.push_back(port.interface.name);
    if (!port.note.empty()) s.notes.push_back(port.note);
  }
  s.name = xdp ? "xdp" : "tc";
  const auto counters = programs_->counters();
  s.frames = frames_;
  s.lost = counters.ring_full;
  s.sampling = std::max(sampling_, recent_sampling_), s.max_sampling = std::max(max_sampling_, s.sampling);
  s.seen_in = seen_[SK_IN], s.seen_out = seen_[SK_OUT];
  s.exact_in = sum(counters, SK_IN), s.exact_out = sum(counters, SK_OUT);
  s.disagreement = std::max(checks_[SK_IN].disagreement(), checks_[SK_OUT].disagreement());
  s.blocked = counters.blocked;
  s.degraded = monotonic_clock() < degraded_until_ || s.sampling > 1;
  return s;
}

}  // namespace sekisho
