// The control protocol: lines of JSON over a unix socket. docs/control.md describes it; both sides and the fuzzer share this file.
#pragma once
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sekisho {

constexpr int kControlVersion = 1;
constexpr std::size_t kMaxRequestBytes = 64 * 1024;        // one line
constexpr std::size_t kMaxAnswerBytes = 16 * 1024 * 1024;  // one line

// From least to most. viewer reads, operator acknowledges and blocks, admin changes settings.
enum class Role : std::uint8_t { none, viewer, operator_, admin };
std::string_view to_string(Role role);   // "viewer"; "operator"
Role parse_role(std::string_view text);  // none when unknown

// {"v":1, "id":7, "do":"incidents", "role":"viewer", "with":{…}}
struct RequestLine {
  std::uint64_t id = 0;     // comes back with the answer
  std::string verb;         // a-z, 0-9, '.', '_', '-'; at most 40
  Role role = Role::admin;  // what the asking program vouches for; lowers what the socket grants, never raises it
  std::string with = "{}";  // the parameters, a JSON object as text
};
// Any bytes; at most kMaxRequestBytes. The error is a sentence for the asking side.
Result<RequestLine> parse_request(std::string_view line);

// Lines without the newline. `data` is a JSON value as text.
std::string request_line(const RequestLine& request);
std::string answer_line(std::uint64_t id, std::string_view data);
// code: "bad_request" "unknown" "denied" "failed"
std::string error_line(std::uint64_t id, std::string_view code, std::string_view sentence);
std::string event_line(std::string_view event, std::uint64_t sequence, std::string_view data);

}  // namespace sekisho
