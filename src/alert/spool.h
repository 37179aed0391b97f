// AlertSpool: the alerts of one channel that wait to be sent, a file each, so that they outlive the program and the machine.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "alert/alert.h"

namespace sekisho {

struct SpooledAlert {
  std::uint64_t number = 0;
  std::shared_ptr<const Alert> alert;
  bool on_disk = false;
};

// One thread at a time. A file is complete or not there; a disk that fails leaves the alert in memory, and `problem` says so.
class AlertSpool {
 public:
  static constexpr std::size_t kMaxDead = 100;

  // `folder` is made. What a former run left is taken up; what cannot be read goes to the folder "dead".
  AlertSpool(std::string folder, std::size_t max_entries);

  void put(std::shared_ptr<const Alert> alert);
  // put() in three steps, so that nobody else waits for the disk during the second.
  std::uint64_t next_number() { return next_++; }
  Result<void> write(std::uint64_t number, const Alert& alert) const;
  void add(std::uint64_t number, std::shared_ptr<const Alert> alert, const Result<void>& wrote);
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  const SpooledAlert& front() const { return waiting_.front(); }
  void done();                                        // the first was sent
  void bury();                                        // the first will never be taken: it is kept in "dead" for people to see
  std::uint64_t dropped() const { return dropped_; }  // for want of room
  std::uint64_t dead() const { return dead_; }
  const std::string& problem() const { return problem_; }

 private:
  std::string path_of(std::uint64_t number) const;
  void make_room();

  const std::string folder_;
  const std::size_t max_entries_;
  std::deque<SpooledAlert> waiting_;
  std::uint64_t next_ = 1, dropped_ = 0, dead_ = 0;
  std::string problem_;
};

// Replaces a file in one step: written beside it, flushed, renamed.
Result<void> write_whole_file(const std::string& path, std::string_view text);
Result<std::string> read_whole_file(const std::string& path, std::size_t most);

}  // namespace sekisho
