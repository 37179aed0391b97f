// The token file: read whole, written whole.
#include "web/tokens.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <openssl/crypto.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/sha256.h"
#include "base/text.h"

namespace sekisho {
namespace {

constexpr std::string_view kPrefix = "sekisho_";
constexpr std::size_t kMaxTokens = 200;

bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

Error file_error(const std::string& path, std::string_view what) {
  return {fmt::format("{} {}: {}", what, escape_hostile(path), std::strerror(errno))};
}

// Waits for the others: changes are rare and short.
class Lock {
 public:
  static Result<Lock> take(const std::string& path) {
    const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return file_error(path, "cannot open the lock");
    Lock lock{fd};
    if (::flock(fd, LOCK_EX) != 0) return file_error(path, "cannot take the lock");
    return lock;
  }
  Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Lock() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  explicit Lock(int fd) : fd_(fd) {}
  int fd_;
};

Result<void> write_tokens(const std::string& path, const std::vector<Token>& tokens, const std::string& group) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& token : tokens)
    list.push_back({{"name", token.name}, {"role", to_string(token.role)}, {"sha256", token.sha256}, {"created", token.created / kSecond}});
  const auto text = nlohmann::ordered_json{{"schema", 1}, {"tokens", list}}.dump(2) + "\n";
  const auto fresh = path + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return file_error(fresh, "cannot write");
  bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (const auto* entry = group.empty() ? nullptr : ::getgrnam(group.c_str());
      entry && ::fchown(fd, static_cast<uid_t>(-1), entry->gr_gid) == 0)
    written = written && ::fchmod(fd, 0640) == 0;
  written = written && ::fsync(fd) == 0;
  const int kept = errno;
  ::close(fd);
  errno = kept;
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0) {
    const auto error = file_error(path, "cannot write");
    ::unlink(fresh.c_str());
    return error;
  }
  return {};
}

}  // namespace

Result<std::vector<Token>> read_tokens(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::exists(path, none) && !none) return std::vector<Token>{};
  std::ifstream in{path, std::ios::binary};
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return file_error(path, "cannot read");
  const auto document = nlohmann::json::parse(text.str(), nullptr, false);
  const Error damaged{fmt::format("{} is damaged: move it away and make new tokens with 'sekisho web token new'", escape_hostile(path))};
  if (!document.is_object() || !document.contains("tokens") || !document["tokens"].is_array()) return damaged;
  std::vector<Token> tokens;
  for (const auto& one : document["tokens"]) {
    if (!one.is_object() || !one.value("name", nlohmann::json{}).is_string() || !one.value("role", nlohmann::json{}).is_string() ||
        !one.value("sha256", nlohmann::json{}).is_string() || !one.value("created", nlohmann::json{}).is_number_integer())
      return damaged;
    Token token{one["name"], parse_role(one["role"].get<std::string>()), one["sha256"], one["created"].get<std::int64_t>() * kSecond};
    if (!good_name(token.name) || token.role == Role::none || token.sha256.size() != 64 || tokens.size() >= kMaxTokens) return damaged;
    tokens.push_back(std::move(token));
  }
  return tokens;
}

Result<std::string> random_secret() {
  std::uint8_t bytes[32];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
    return Error{fmt::format("the kernel gives no random numbers: {}", std::strerror(errno))};
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  int have = 0;
  for (const auto byte : bytes) {
    bits = bits << 8 | byte;
    for (have += 8; have >= 6; have -= 6) text += digits[bits >> (have - 6) & 63];
  }
  text += digits[bits << (6 - have) & 63];
  ::explicit_bzero(bytes, sizeof bytes);
  return text;
}

Result<std::string> create_token(const std::string& path, const std::string& name, Role role, TimeNs now, const std::string& group) {
  if (!good_name(name))
    return Error{fmt::format("'{}' is no name for a token: letters, digits, '.', '_' and '-', at most 40", escape_hostile(name, 60)),
                 ErrorKind::usage};
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), ignored);
  const auto lock = TRY(Lock::take(path + ".lock"));
  auto tokens = TRY(read_tokens(path));
  if (std::any_of(tokens.begin(), tokens.end(), [&](const Token& t) { return t.name == name; }))
    return Error{fmt::format("there is a token '{}' already: choose another name, or first 'sekisho web token revoke {}'", name, name),
                 ErrorKind::usage};
  if (tokens.size() >= kMaxTokens)
    return Error{fmt::format("there are {} tokens already: revoke those that nobody uses", kMaxTokens), ErrorKind::usage};
  auto secret = std::string{kPrefix} + TRY(random_secret());
  tokens.push_back({name, role, sha256_hex(secret), now});
  TRY(write_tokens(path, tokens, group));
  return secret;
}

Result<void> revoke_token(const std::string& path, const std::string& name, const std::string& group) {
  const auto lock = TRY(Lock::take(path + ".lock"));
  auto tokens = TRY(read_tokens(path));
  const auto found = std::find_if(tokens.begin(), tokens.end(), [&](const Token& t) { return t.name == name; });
  if (found == tokens.end())
    return Error{fmt::format("there is no token '{}': they are listed by 'sekisho web token list'", escape_hostile(name, 60)),
                 ErrorKind::usage};
  tokens.erase(found);
  return write_tokens(path, tokens, group);
}

const Token* find_token(const std::vector<Token>& tokens, std::string_view secret) {
  if (secret.size() > 200) return nullptr;
  const auto hash = sha256_hex(secret);
  const Token* found = nullptr;
  for (const auto& token : tokens)
    if (token.sha256.size() == hash.size() && CRYPTO_memcmp(token.sha256.data(), hash.data(), hash.size()) == 0) found = &token;
  return found;
}

}  // namespace sekisho
