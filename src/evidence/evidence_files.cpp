// Slots, their files, and what becomes of a file at its end.
#include "evidence/evidence_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::size_t kMaxErrors = 32;
// A zstd frame for each second of a quiet incident would not compress: little is held back for some flushes.
constexpr std::size_t kWorthFlushing = 4 * 1024;
constexpr unsigned kFlushesToWait = 4;

}  // namespace

Result<std::unique_ptr<EvidenceFiles>> EvidenceFiles::in_directory(const std::string& dir, PcapngSettings settings) {
  TRY(prepare_evidence_folder(dir));
  return std::unique_ptr<EvidenceFiles>{new EvidenceFiles(dir, std::move(settings))};
}

EvidenceFiles::EvidenceFiles(std::string dir, PcapngSettings settings)
    : dir_(std::move(dir)), ending_(".pcapng"), settings_(std::move(settings)) {}

EvidenceFiles::EvidenceFiles(std::unique_ptr<EvidenceFolder> folder, PcapngSettings settings, EvidenceEvents events)
    : dir_(folder->dir()), ending_(".pcapng.zst"), settings_(std::move(settings)), folder_(std::move(folder)), events_(std::move(events)) {
  settings_.compressor = &compressor_;
}

void EvidenceFiles::recover() {
  for (auto& sentence : folder_->recover(events_)) say(std::move(sentence));
  make_room();
}

void EvidenceFiles::say(Error error) {
  if (errors_.size() < kMaxErrors) errors_.push_back(std::move(error));
}

void EvidenceFiles::make_room() {
  if (!folder_) return;
  std::uint64_t open_bytes = 0;
  for (const auto& open : open_)
    if (open) open_bytes += open->file->on_disk() + open->file->waiting() / 4;  // compression makes at least that of it
  const bool had_room = !std::exchange(full_, !folder_->make_room(open_bytes, open_ids_, events_));
  if (full_ && had_room)
    say(
        {fmt::format("the evidence folder {} is full and all of it belongs to open incidents: nothing more is stored until one of them "
                     "closes ([evidence] total_bytes)",
                     escape_hostile(dir_, 1000))});
}

Result<std::string> EvidenceFiles::open(unsigned slot, const NewEvidence& wanted) {
  open_ids_.insert(wanted.id);
  make_room();
  const auto create = [&] {
    // An earlier run, or an incident that came back, may have left a file of this name: what is stored is never overwritten.
    std::string path = fmt::format("{}/{}{}", dir_, wanted.id, ending_);
    for (int n = 2; n < 1000 && ::access(path.c_str(), F_OK) == 0; ++n) path = fmt::format("{}/{}.{}{}", dir_, wanted.id, n, ending_);
    return PcapngFile::create(path, wanted.comment, settings_);
  };
  auto file = create();
  if (!file.ok() && ::access(dir_.c_str(), F_OK) != 0 && prepare_evidence_folder(dir_).ok()) {
    say({fmt::format("the evidence folder {} had disappeared and is made again", escape_hostile(dir_, 1000))});
    file = create();
  }
  if (!file.ok()) {
    open_ids_.erase(wanted.id);
    return file.error();
  }
  Open& open = open_[slot].emplace();
  open.id = wanted.id;
  open.file = std::move(file).value();
  return open.file->path();
}

bool EvidenceFiles::frame(unsigned slot, const StoredFrame& frame) {
  auto& open = open_[slot];
  if (!open || open->broken || full_) return false;
  if (const auto written = open->file->write(frame); !written) {
    open->broken = true;
    say(written.error());
    return false;
  }
  open->first = open->packets ? std::min(open->first, frame.time) : frame.time;
  open->last = open->packets ? std::max(open->last, frame.time) : frame.time;
  ++open->packets;
  open->context_packets += frame.context;
  return true;
}

Result<void> EvidenceFiles::seal(Open& open) {
  PcapngFile& file = *open.file;
  if (!folder_) return file.close();
  if (open.packets == 0) {  // nothing was there to be kept
    (void)file.close();
    ::unlink(file.path().c_str());
    return {};
  }
  if (file.removed()) return Error{fmt::format("the evidence file {} was deleted while it was written", escape_hostile(file.path(), 1000))};
  auto sealed = file.seal();
  EvidenceFile done{open.id, file.path(), {}, 0, open.packets, open.context_packets, open.first, open.last, false};
  auto added = folder_->add(done);
  if (added.ok() && events_.on_file) events_.on_file(done);
  return sealed.ok() ? added : sealed;
}

Result<void> EvidenceFiles::close(unsigned slot) {
  auto& open = open_[slot];
  if (!open) return {};
  auto sealed = seal(*open);
  open_ids_.erase(open->id);
  open.reset();
  make_room();
  return sealed;
}

Result<void> EvidenceFiles::flush() {
  Result<void> first;
  for (auto& open : open_) {
    if (!open || open->broken || open->file->waiting() == 0) continue;
    if (folder_ && open->file->waiting() < kWorthFlushing && open->flushes_waited++ < kFlushesToWait) continue;
    open->flushes_waited = 0;
    auto flushed = open->file->flush();
    if (flushed) continue;
    open->broken = true;
    if (first.ok()) first = flushed.error();
  }
  make_room();
  return first;
}

Result<void> EvidenceFiles::finish() {
  Result<void> first;
  for (unsigned slot = 0; slot < open_.size(); ++slot)
    if (auto closed = close(slot); !closed && first.ok()) first = closed.error();
  return first;
}

std::vector<Error> EvidenceFiles::take_errors() { return std::exchange(errors_, {}); }

}  // namespace sekisho
