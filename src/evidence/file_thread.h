// FileThread: writes the agent's evidence files on a thread of its own, so that a slow or hung disk delays nothing else.
#pragma once
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "evidence/evidence_files.h"
#include "evidence/frame_queue.h"

namespace sekisho {

// Used by the recorder's thread. Frames go through a bounded queue without a lock; opening and closing, which are rare, take one. The
// thread sleeps until there is something to open, close or flush, or an eighth of the queue is full.
class FileThread final : public EvidenceOutput {
 public:
  FileThread(std::unique_ptr<EvidenceFiles> files, std::string dir, std::size_t queue_bytes);
  ~FileThread() override;

  // Fails only when the thread does not keep up with opening and closing. What else goes wrong is told by take_errors() later.
  Result<std::string> open(unsigned slot, const NewEvidence& file) override;
  // False: the queue is full, or the file is known to be broken.
  bool frame(unsigned slot, const StoredFrame& frame) override;
  Result<void> close(unsigned slot) override;
  Result<void> flush() override;
  // Waits until everything is written.
  Result<void> finish() override;
  std::vector<Error> take_errors() override;

 private:
  enum class What : std::uint8_t { open, close, flush };
  struct Command {
    std::uint64_t position;  // done when all frames from before this position of the queue are
    What what;
    unsigned slot;
    NewEvidence file;
  };
  void order(Command command);
  void wake();
  void run();
  bool run_due_commands();
  void carry_out(const Command& command);

  std::unique_ptr<EvidenceFiles> files_;  // the thread's
  std::string dir_;
  FrameQueue queue_;
  std::mutex mutex_;  // commands_, errors_
  std::deque<Command> commands_;
  std::vector<Error> errors_;
  std::atomic<std::size_t> commands_waiting_{0};
  std::array<std::atomic<bool>, kMaxEvidenceSlots> broken_{};  // a frame was refused: no more are queued
  std::atomic<bool> ending_{false};
  std::atomic<std::uint32_t> signal_{0};
  bool nudged_ = false;  // woken for a fill level already
  std::thread thread_;
};

}  // namespace sekisho
