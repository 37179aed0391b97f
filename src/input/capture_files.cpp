// The door: which inputs there are, running them, and the account of what was read.
#include "input/capture_files.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "input/capture_input.h"
#include "input/capture_list.h"
#include "input/merge.h"

namespace sekisho {
namespace {

constexpr ReaderSize kOneOfMany{64 * 1024, 256};

std::string shown(const std::string& path) { return path == "-" ? "standard input" : escape_hostile(path, 1024); }

Error nothing_readable(const std::string& path, const Unreadable& problem, std::size_t others) {
  std::string message = shown(path) + ": " + problem.why;
  if (others != 0) message += fmt::format(" (nor can the {} other input{} be read)", others, others == 1 ? "" : "s");
  if (!problem.way_out.empty()) message += ". " + problem.way_out;
  return {std::move(message)};
}

Error empty_folders(const std::vector<std::string>& paths, const CaptureList& list) {
  std::string message = shown(paths.front()) + ": there is no capture in it";
  if (!list.skipped.empty()) message += " (" + escape_hostile(list.skipped.front(), 1024) + ")";
  return {message + ". Give a pcap or pcapng file, or a folder that holds some."};
}

}  // namespace

struct CaptureFiles::State {
  std::vector<std::unique_ptr<CaptureInput>> inputs;
  InterfaceNumbers numbers;
  CaptureProgress progress;
  CaptureStats stats;
  bool ran = false;

  void account();
};

// Adds up what the inputs met. Inputs that turned out to be unreadable only now (pipes, files that changed) are named as skipped.
void CaptureFiles::State::account() {
  stats.files.clear();
  for (const auto& input : inputs) {
    input->close();
    if (!input->problem().why.empty()) {
      stats.skipped.push_back(input->path() + ": " + input->problem().why);
      continue;
    }
    const FileTally& tally = input->tally();
    stats.files.push_back({input->path(), input->format(), tally.packets, tally.wire_bytes});
    stats.damage.insert(stats.damage.end(), tally.damage.begin(), tally.damage.end());
    stats.damage_not_listed += tally.damage_not_listed;
    stats.packets += tally.packets;
    stats.wire_bytes += tally.wire_bytes;
    stats.captured_bytes += tally.captured_bytes;
    stats.backward_steps += tally.backward_steps;
    stats.forward_jumps += tally.forward_jumps;
    stats.unknown_blocks += tally.unknown_blocks;
  }
}

Result<std::unique_ptr<CaptureFiles>> CaptureFiles::open(const std::vector<std::string>& paths) {
  if (paths.empty()) return Error{"no capture was named. Give a pcap or pcapng file, a folder, or - for standard input.", ErrorKind::usage};
  CaptureList list = list_captures(paths);
  if (list.files.empty()) return empty_folders(paths, list);

  auto state = std::make_unique<State>();
  const bool alone = list.files.size() == 1;
  Unreadable first_problem;
  std::uint64_t total_bytes = 0;
  bool total_known = true;
  for (const std::string& path : list.files) {
    auto input = std::make_unique<CaptureInput>(path, alone ? ReaderSize{} : kOneOfMany, state->numbers, state->progress);
    if (!input->identify(alone)) {
      if (first_problem.why.empty()) first_problem = input->problem();
      list.skipped.push_back(path + ": " + input->problem().why);
      continue;
    }
    total_bytes += input->size_bytes();
    total_known = total_known && input->size_bytes() != 0;
    state->stats.files.push_back({path, input->format(), 0, 0});
    state->inputs.push_back(std::move(input));
  }
  if (state->inputs.empty()) return nothing_readable(list.files.front(), first_problem, list.files.size() - 1);
  state->stats.skipped = std::move(list.skipped);
  state->progress.bytes_total = total_known ? total_bytes : 0;
  return std::unique_ptr<CaptureFiles>(new CaptureFiles(std::move(state)));
}

CaptureFiles::CaptureFiles(std::unique_ptr<State> state) : state_(std::move(state)) {}
CaptureFiles::~CaptureFiles() = default;

Result<void> CaptureFiles::run(Intake& intake, std::stop_token stop) {
  check(!std::exchange(state_->ran, true), "captures are read once");
  auto& inputs = state_->inputs;
  if (inputs.size() == 1) {
    for (auto batch = inputs[0]->next(stop); !batch.empty(); batch = inputs[0]->next(stop)) {
      intake.on_frames(batch);
      state_->progress.packets.fetch_add(batch.size(), std::memory_order_relaxed);
    }
  } else {
    state_->stats.late_files = merge(inputs, MergeBounds{}, intake, state_->progress.packets, stop);
  }
  state_->account();
  if (state_->stats.files.empty() && !stop.stop_requested())
    return nothing_readable(inputs[0]->path(), inputs[0]->problem(), inputs.size() - 1);
  return {};
}

const CaptureStats& CaptureFiles::stats() const { return state_->stats; }
const CaptureProgress& CaptureFiles::progress() const { return state_->progress; }

}  // namespace sekisho
