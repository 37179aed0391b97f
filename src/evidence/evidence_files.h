// EvidenceFiles: writes evidence files in the caller's thread: plain ones where the user says, or the agent's folder's.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "evidence/evidence_folder.h"
#include "evidence/evidence_output.h"
#include "evidence/pcapng_file.h"

namespace sekisho {

// One thread.
class EvidenceFiles final : public EvidenceOutput {
 public:
  // Plain files DIR/<id>.pcapng, DIR/<id>.2.pcapng where the first exists; nothing is ever removed.
  static Result<std::unique_ptr<EvidenceFiles>> in_directory(const std::string& dir, PcapngSettings settings);
  // Compressed, hashed, bounded; see EvidenceFolder.
  EvidenceFiles(std::unique_ptr<EvidenceFolder> folder, PcapngSettings settings, EvidenceEvents events);

  // Only with a folder, once, first: what an earlier run left.
  void recover();
  Result<std::string> open(unsigned slot, const NewEvidence& file) override;
  bool frame(unsigned slot, const StoredFrame& frame) override;
  Result<void> close(unsigned slot) override;
  Result<void> flush() override;
  Result<void> finish() override;
  std::vector<Error> take_errors() override;

 private:
  struct Open {
    std::string id;
    std::unique_ptr<PcapngFile> file;
    bool broken = false;
    std::uint64_t packets = 0, context_packets = 0;
    TimeNs first = 0, last = 0;
    unsigned flushes_waited = 0;
  };
  EvidenceFiles(std::string dir, PcapngSettings settings);
  void make_room();
  void say(Error error);
  Result<void> seal(Open& open);

  std::string dir_;
  std::string_view ending_;
  Compressor compressor_;
  PcapngSettings settings_;
  std::unique_ptr<EvidenceFolder> folder_;  // null = plain files
  EvidenceEvents events_;
  std::array<std::optional<Open>, kMaxEvidenceSlots> open_;
  std::set<std::string> open_ids_;
  bool full_ = false;  // nothing can be removed any more: nothing is written until there is room
  std::vector<Error> errors_;
};

}  // namespace sekisho
