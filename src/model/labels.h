// The labels: one table that the code, docs/labels.md and the readers of JSON share.
#pragma once
#include <span>
#include <string_view>

namespace sekisho {

enum class Kind : unsigned char { flood, scan, c2, bruteforce, reflector, backscatter, exposure };
enum class Severity : unsigned char { info, low, medium, high, critical };
std::string_view to_string(Kind kind);
std::string_view to_string(Severity severity);
bool parse_severity(std::string_view text, Severity& out);

struct Label {
  std::string_view id;  // "syn_flood": the detector's or vector's name, stable
  Kind kind;
  std::string_view title;       // "SYN flood": for people, without direction
  std::string_view techniques;  // ATT&CK ids for ingress, space-separated; egress adds its own
  std::string_view what;        // one sentence: what it looks like on the wire
  std::string_view advice;      // what to do now, concrete; empty = the kind's default
};

std::span<const Label> all_labels();           // sorted by kind, then id
const Label* find_label(std::string_view id);  // nullptr if unknown

}  // namespace sekisho
