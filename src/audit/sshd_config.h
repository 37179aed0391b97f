// sshd's effective settings for one user, from its configuration files (sshd_config(5)) or from the output of sshd -T.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho {

// Whom Match blocks are asked about: a connection from outside.
struct SshdVisitor {
  std::string user;
  std::vector<std::string> groups;
  std::string address = "198.51.100.1";  // a documentation address: somewhere on the internet
  std::string host = "host.example";
  std::string local_address;
  std::uint16_t local_port = 22;
};

struct SshdSetting {
  std::string value;  // lower case
  std::string place;  // "/etc/ssh/sshd_config:57"; "default"; "sshd -T"
};
struct SshdSettings {
  std::map<std::string, SshdSetting> values;  // by keyword in lower case; the first that is said holds
  std::vector<std::string> not_understood;    // Match criteria that could not be decided
};

// `read` gives a file's text, `glob` the files that an Include names, sorted. Relative names are below /etc/ssh. Includes nest at most 16
// deep, 1,000 files altogether. Defaults are those of OpenSSH 9.2 (Debian 12).
SshdSettings parse_sshd_config(const std::string& file, const SshdVisitor& visitor, const std::function<std::optional<std::string>(const std::string&)>& read,
                               const std::function<std::vector<std::string>(const std::string&)>& glob);
// "passwordauthentication yes" lines.
SshdSettings parse_sshd_test(std::string_view output);

std::string sshd_value(const SshdSettings& settings, const std::string& keyword);
std::string sshd_place(const SshdSettings& settings, const std::string& keyword);

}  // namespace sekisho
