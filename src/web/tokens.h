// Tokens: who may see the dashboard. A file of names, roles and SHA-256 hashes; the token itself is shown once and kept nowhere.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/protocol.h"

namespace sekisho {

struct Token {
  std::string name;  // a-z A-Z 0-9 . _ -, 1 to 40, unique
  Role role = Role::viewer;
  std::string sha256;  // of the token, lower-case hex
  TimeNs created = 0;
};

// The file, mode 0640: {"schema":1,"tokens":[{"name","role","sha256","created"}]}. A missing file is no token.
Result<std::vector<Token>> read_tokens(const std::string& path);
// Adds one and returns the token, "sekisho_" and 43 characters: 256 random bits, so that a plain hash is enough and guessing is hopeless.
// Changes of the file are atomic and exclude one another over all processes (PATH.lock). `group`: who may read the file besides its
// owner; left as it is when there is no such group.
Result<std::string> create_token(const std::string& path, const std::string& name, Role role, TimeNs now, const std::string& group);
Result<void> revoke_token(const std::string& path, const std::string& name, const std::string& group);

// The token of the file that `secret` is; nullptr when none. Compares hashes in constant time.
const Token* find_token(const std::vector<Token>& tokens, std::string_view secret);

// 32 random bytes as 43 characters of base64url.
Result<std::string> random_secret();

}  // namespace sekisho
