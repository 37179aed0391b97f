// The client's text in every place of sshd's messages where it may stand: no address in it is ever taken for the source.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "decode/log_decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr const char* kMessages[] = {
      "Failed password for invalid user % from 2001:db8::77 port 7 ssh2",
      "Failed publickey for % from 2001:db8::77 port 7 ssh2: RSA-CERT SHA256:ab ID % (serial 0) CA RSA SHA256:cd",
      "Failed hostbased for % from 2001:db8::77 port 7 ssh2: RSA SHA256:ab, client user \"%\", client host \"%\"",
      "Invalid user % from 2001:db8::77 port 7",
      "User % from 2001:db8::77 not allowed because not listed in AllowUsers",
      "maximum authentication attempts exceeded for invalid user % from 2001:db8::77 port 7 ssh2 [preauth]",
      "PAM: Authentication failure for illegal user % from 2001:db8::77",
      "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=2001:db8::77  user=%",
      "Connection closed by invalid user % 2001:db8::77 port 7 [preauth]",
      "Disconnecting invalid user % 2001:db8::77 port 7: Change of username or service not allowed: (%,x) -> (%,y) [preauth]",
      "Bad protocol version identification '%' from 2001:db8::77 port 7",
      "Unable to negotiate with invalid user % 2001:db8::77 port 7: no matching cipher found. Their offer: % [preauth]",
      "refused connect from % (2001:db8::77)",
      "Protocol major versions differ for 2001:db8::77 port 7: x vs. %",
  };
  if (size < 1) return 0;
  std::string text{reinterpret_cast<const char*>(data + 1), size - 1};
  // What sshd itself never writes: names are cut at 100 bytes, line ends are encoded.
  if (text.size() > 100 || text.find('\n') != std::string::npos || text.find("2001:db8::77") != std::string::npos) return 0;
  std::string line = kMessages[data[0] % std::size(kMessages)];
  for (auto at = line.find('%'); at != std::string::npos; at = line.find('%', at + text.size())) line.replace(at, 1, text);
  sekisho::LogEvent e;
  sekisho::decode_sshd(line, e);
  if (e.has_source && sekisho::to_string(e.source) != "2001:db8::77") std::abort();
  return 0;
}
