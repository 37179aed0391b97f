// Opens, widens and closes an incident's file as the incident changes.
#include "app/evidence_writer.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace sekisho {
namespace {

constexpr std::size_t kMaxErrors = 8, kMaxPaths = 4'096;

}  // namespace

Result<std::unique_ptr<EvidenceWriter>> EvidenceWriter::open(const std::string& dir, HashKey key) {
  EvidenceSettings settings;
  settings.dir = dir;
  std::unique_ptr<EvidenceWriter> writer{new EvidenceWriter};
  writer->recorder_ = TRY(Recorder::open(settings, key));
  return writer;
}

Result<std::unique_ptr<EvidenceWriter>> EvidenceWriter::open_live(const EvidenceSection& section, std::vector<std::string> interfaces,
                                                                  HashKey key, EvidenceEvents events) {
  EvidenceSettings settings;
  settings.dir = section.dir;
  settings.ring_age = section.ring_seconds * kSecond;
  settings.ring_bytes = section.ring_bytes, settings.snap_bytes = section.snap_bytes;
  settings.max_packets = section.packets, settings.max_bytes = section.bytes;
  settings.context_packets = section.packets * section.context_percent / 100;
  settings.max_open = 128, settings.total_bytes = section.total_bytes;
  settings.application = "sekisho " SEKISHO_VERSION;
  settings.interfaces = std::move(interfaces);
  std::unique_ptr<EvidenceWriter> writer{new EvidenceWriter};
  writer->recorder_ = TRY(Recorder::open_live(std::move(settings), key, std::move(events)));
  writer->live_ = true;
  return writer;
}

void EvidenceWriter::note(const Result<void>& done) {
  if (done.ok()) return;
  if (errors_.size() < kMaxErrors)
    errors_.push_back(done.error());
  else
    ++unsaid_;
}

void EvidenceWriter::on_incident(const IncidentEvent& event) {
  const Incident& i = *event.incident;
  if (event.change == IncidentChange::closed) {
    note(recorder_->close(i.id));
  } else if (recorder_->is_open(i.id)) {
    note(recorder_->update(i));
  } else if (!i.selectors.empty() && (live_ || !paths_.contains(i.id))) {
    auto path = recorder_->open_incident(i, i.started);
    if (path.ok())
      paths_.try_emplace(i.id, *path);
    else
      note(path.error());
    if (live_ && paths_.size() > kMaxPaths) paths_.erase(paths_.begin());
  }
}

void EvidenceWriter::flush(DurationNs passed) {
  note(recorder_->flush(passed));
  for (const auto& e : recorder_->take_errors()) note(e);
}

std::string EvidenceWriter::path_of(const std::string& id) const {
  const auto path = paths_.find(id);
  return path == paths_.end() ? std::string{} : path->second;
}

std::vector<std::string> EvidenceWriter::take_sentences() {
  std::vector<std::string> sentences;
  for (const auto& e : std::exchange(errors_, {})) sentences.push_back("evidence: " + e.message);
  if (const auto more = std::exchange(unsaid_, 0)) sentences.push_back(fmt::format("evidence: and {} more such sentences", more));
  return sentences;
}

bool EvidenceWriter::finish() {
  note(recorder_->finish());
  for (const auto& e : recorder_->take_errors()) note(e);
  for (const auto& e : errors_) fmt::print(stderr, "sekisho: evidence: {}\n", e.message);
  return errors_.empty();
}

}  // namespace sekisho
