// EvidenceWriter: one capture file per incident, written while packets pass; joins the pipeline's events and the recorder.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "evidence/recorder.h"
#include "incident/incidents.h"

namespace sekisho {

// The pipeline's thread.
class EvidenceWriter {
 public:
  // For captures: plain files, written at once.
  static Result<std::unique_ptr<EvidenceWriter>> open(const std::string& dir, HashKey key = {});
  // For the agent: compressed files in a bounded folder, written and told to `events` by a thread of their own. An incident that is carried
  // over from an earlier run is announced by on_incident as `updated`: then its files are kept while it is open.
  static Result<std::unique_ptr<EvidenceWriter>> open_live(const EvidenceSection& settings, std::vector<std::string> interfaces,
                                                           HashKey key, EvidenceEvents events = {});
  void on_packet(const Frame& frame, const Packet& packet) { recorder_->on_packet(frame, packet); }
  void on_incident(const IncidentEvent& event);
  // Live, about once a second, with the time that has passed since: brings the files up to date.
  void flush(DurationNs passed);
  // The incident's file, the first when there are several; empty when there is none.
  std::string path_of(const std::string& id) const;
  // Live: what is to be told since the last call, in sentences; at most some.
  std::vector<std::string> take_sentences();
  EvidenceStats stats() const { return recorder_->stats(); }
  // Closes the files and says on stderr what could not be written; true if all was.
  bool finish();

 private:
  EvidenceWriter() = default;
  void note(const Result<void>& done);

  std::unique_ptr<Recorder> recorder_;
  bool live_ = false;
  std::map<std::string, std::string> paths_;  // by incident, whose ids sort by time; bounded
  std::vector<Error> errors_;
  std::size_t unsaid_ = 0;  // beyond those
};

}  // namespace sekisho
