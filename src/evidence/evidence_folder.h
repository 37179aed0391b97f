// EvidenceFolder: the agent's folder of evidence files: locked, repaired at start, bounded by removing the oldest.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "evidence/evidence_output.h"

namespace sekisho {

// Makes the folder (0700) when it is missing and says what is wrong when it cannot be used.
Result<void> prepare_evidence_folder(const std::string& dir);

// One thread at a time. Files are DIR/<incident id>[.N].pcapng.zst; others are left alone. A complete file is read-only (0400), so that
// after a crash the unfinished ones are known.
class EvidenceFolder {
 public:
  // Locks the folder: a second agent with the same one is refused.
  static Result<std::unique_ptr<EvidenceFolder>> open(std::string dir, std::uint64_t max_bytes, std::size_t max_files);
  ~EvidenceFolder();
  EvidenceFolder(const EvidenceFolder&) = delete;
  EvidenceFolder& operator=(const EvidenceFolder&) = delete;

  // Once, before anything is written: takes stock. Unfinished files are cut to what can be read, completed and told to `events`;
  // those without a packet are removed. What happened, in sentences.
  std::vector<Error> recover(const EvidenceEvents& events);
  // A file of this folder is complete: hashes it, takes it into the stock. Its packets and times are already in `file`.
  Result<void> add(EvidenceFile& file);
  // Removes the oldest files until the stock and `open_bytes` more keep the bounds; never one of an incident in `open_ids`.
  // False when that is not possible.
  bool make_room(std::uint64_t open_bytes, const std::set<std::string>& open_ids, const EvidenceEvents& events);

  const std::string& dir() const { return dir_; }
  std::uint64_t bytes() const { return bytes_; }
  std::size_t files() const { return stock_.size(); }

 private:
  struct Kept {
    std::string name;
    std::uint64_t bytes;
  };
  EvidenceFolder(std::string dir, std::uint64_t max_bytes, std::size_t max_files, int lock);
  void repair(const std::string& name, const EvidenceEvents& events, std::vector<Error>& said);

  std::string dir_;
  std::uint64_t max_bytes_;
  std::size_t max_files_;
  int lock_;
  std::deque<Kept> stock_;  // oldest first
  std::uint64_t bytes_ = 0;
};

}  // namespace sekisho
