// Commands and frames in their order, whatever queue they came through.
#include "evidence/file_thread.h"

#include <fmt/format.h>

#include <utility>

namespace sekisho {
namespace {

constexpr std::size_t kMaxCommands = 4 * kMaxEvidenceSlots, kMaxErrors = 32;

}  // namespace

FileThread::FileThread(std::unique_ptr<EvidenceFiles> files, std::string dir, std::size_t queue_bytes)
    : files_(std::move(files)), dir_(std::move(dir)), queue_(queue_bytes), thread_([this] { run(); }) {}

FileThread::~FileThread() { (void)finish(); }

void FileThread::wake() {
  signal_.fetch_add(1, std::memory_order_release);
  signal_.notify_one();
}

void FileThread::order(Command command) {
  command.position = queue_.put_position();
  {
    const std::lock_guard lock{mutex_};
    commands_.push_back(std::move(command));
    commands_waiting_.store(commands_.size(), std::memory_order_release);
  }
  wake();
}

Result<std::string> FileThread::open(unsigned slot, const NewEvidence& file) {
  if (commands_waiting_.load() >= kMaxCommands)
    return Error{fmt::format("no evidence for incident {}: the disk does not keep up with opening files", file.id)};
  broken_[slot].store(false);
  order({0, What::open, slot, file});
  return fmt::format("{}/{}.pcapng.zst", dir_, file.id);
}

bool FileThread::frame(unsigned slot, const StoredFrame& frame) {
  if (broken_[slot].load(std::memory_order_relaxed) || !queue_.put(slot, frame)) return false;
  const bool high = queue_.waiting() > queue_.capacity() / 8;
  if (high && !nudged_) wake();
  nudged_ = high;
  return true;
}

Result<void> FileThread::close(unsigned slot) {
  order({0, What::close, slot, {}});
  return {};
}

Result<void> FileThread::flush() {
  if (commands_waiting_.load() < kMaxCommands) order({0, What::flush, 0, {}});
  return {};
}

Result<void> FileThread::finish() {
  if (!thread_.joinable()) return {};
  ending_.store(true);
  wake();
  thread_.join();
  return {};
}

std::vector<Error> FileThread::take_errors() {
  const std::lock_guard lock{mutex_};
  return std::exchange(errors_, {});
}

void FileThread::carry_out(const Command& command) {
  Result<void> done;
  switch (command.what) {
    case What::open:
      if (auto opened = files_->open(command.slot, command.file); !opened.ok()) done = opened.error();
      broken_[command.slot].store(!done.ok());
      break;
    case What::close: done = files_->close(command.slot); break;
    case What::flush:
      done = files_->flush();
      for (auto& broken : broken_) broken.store(false);  // one frame a second finds out whether there is room again
      break;
  }
  auto said = files_->take_errors();
  if (!done.ok()) said.push_back(done.error());
  if (said.empty()) return;
  const std::lock_guard lock{mutex_};
  for (auto& sentence : said)
    if (errors_.size() < kMaxErrors) errors_.push_back(std::move(sentence));
}

// True when it did something.
bool FileThread::run_due_commands() {
  bool any = false;
  while (commands_waiting_.load(std::memory_order_acquire) > 0) {
    Command command;
    {
      const std::lock_guard lock{mutex_};
      if (commands_.front().position > queue_.take_position()) return any;
      command = std::move(commands_.front());
      commands_.pop_front();
      commands_waiting_.store(commands_.size(), std::memory_order_release);
    }
    carry_out(command);
    any = true;
  }
  return any;
}

void FileThread::run() {
  files_->recover();
  carry_out({0, What::flush, 0, {}});
  while (true) {
    const std::uint32_t seen = signal_.load(std::memory_order_acquire);
    const bool ending = ending_.load();
    bool any = run_due_commands();
    unsigned slot = 0;
    StoredFrame frame;
    while (queue_.front(slot, frame)) {
      // front() may have stepped over a gap, and a command may have come with the frame.
      any = run_due_commands() || any;
      if (!files_->frame(slot, frame)) broken_[slot].store(true, std::memory_order_relaxed);
      queue_.pop();
      any = true;
    }
    if (any) continue;
    if (ending) break;
    signal_.wait(seen, std::memory_order_acquire);
  }
  auto done = files_->finish();
  auto said = files_->take_errors();
  if (!done.ok()) said.push_back(done.error());
  const std::lock_guard lock{mutex_};
  errors_.insert(errors_.end(), said.begin(), said.end());
}

}  // namespace sekisho
