// EvidenceWriter: one capture file per incident, written while packets pass; joins the pipeline's events and the recorder.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "evidence/recorder.h"
#include "incident/incidents.h"

namespace sekisho {

// The pipeline's thread.
class EvidenceWriter {
 public:
  static Result<std::unique_ptr<EvidenceWriter>> open(const std::string& dir, HashKey key = {});
  void on_packet(const Frame& frame, const Packet& packet) { recorder_->on_packet(frame, packet); }
  void on_incident(const IncidentEvent& event);
  // Brings the files up to date.
  void flush();
  // The incident's file; empty when there is none.
  std::string path_of(const std::string& id) const;
  // Closes the files and says on stderr what could not be written; true if all was.
  bool finish();

 private:
  EvidenceWriter() = default;
  void note(const Result<void>& done);

  std::unique_ptr<Recorder> recorder_;
  std::map<std::string, std::string> paths_;  // by incident; as many as files were made, which the recorder bounds
  std::vector<Error> errors_;
};

}  // namespace sekisho
