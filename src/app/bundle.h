// Bundle: what must be kept of an incident before the host is re-imaged, in one archive with a hash of each part.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/incident.h"
#include "store/store.h"

namespace sekisho {

struct BundleInput {
  const StoredIncident* row = nullptr;
  std::vector<TimelineEntry> timeline;
  std::vector<EvidenceRecord> files;
  std::string report;  // the incident as `sekisho show` prints it
};
struct BundleResult {
  std::size_t parts = 0;
  std::uint64_t bytes = 0;            // of the archive
  std::vector<std::string> left_out;  // what could not be kept, each a sentence
};
// A pax archive, packed by zstd: incident.json, report.txt, evidence/, process/ (with the executable, when the process still runs and may
// be read), sockets.json, rules.nft, manifest.json with the SHA-256 of each. Readable by its owner alone; an existing file is not
// overwritten.
Result<BundleResult> write_bundle(const std::string& path, const BundleInput& input);

struct BundleCheck {
  std::size_t good = 0;
  std::vector<std::string> bad;  // parts that are changed, missing or not in the manifest, each a sentence
  std::string about;             // host, incident and time, from the manifest
};
// An error: it is no bundle, or damaged so that it cannot be read.
Result<BundleCheck> check_bundle(const std::string& path);

int run_bundle_verify(const std::string& path, bool json);

}  // namespace sekisho
