// Opens, widens and closes an incident's file as the incident changes.
#include "app/evidence_writer.h"

#include <fmt/format.h>

#include <cstdio>

namespace sekisho {
namespace {

constexpr std::size_t kMaxErrors = 8;

}  // namespace

Result<std::unique_ptr<EvidenceWriter>> EvidenceWriter::open(const std::string& dir, HashKey key) {
  EvidenceSettings settings;
  settings.dir = dir;
  std::unique_ptr<EvidenceWriter> writer{new EvidenceWriter};
  writer->recorder_ = TRY(Recorder::open(settings, key));
  return writer;
}

void EvidenceWriter::note(const Result<void>& done) {
  if (!done.ok() && errors_.size() < kMaxErrors) errors_.push_back(done.error());
}

void EvidenceWriter::on_incident(const IncidentEvent& event) {
  const Incident& i = *event.incident;
  if (event.change == IncidentChange::closed) {
    note(recorder_->close(i.id));
  } else if (recorder_->is_open(i.id)) {
    note(recorder_->update(i));
  } else if (!paths_.contains(i.id)) {
    auto path = recorder_->open_incident(i, i.started);
    if (path.ok())
      paths_[i.id] = *path;
    else
      note(path.error());
  }
}

void EvidenceWriter::flush() { note(recorder_->flush()); }

std::string EvidenceWriter::path_of(const std::string& id) const {
  const auto path = paths_.find(id);
  return path == paths_.end() ? std::string{} : path->second;
}

bool EvidenceWriter::finish() {
  note(recorder_->finish());
  for (const auto& e : recorder_->take_errors()) note(e);
  for (const auto& e : errors_) fmt::print(stderr, "sekisho: evidence: {}\n", e.message);
  return errors_.empty();
}

}  // namespace sekisho
