// Settings and sources of an audit.
#include "app/audit_setup.h"

#include "response/nft.h"

namespace sekisho {

AuditOptions audit_options(const Config& config, const std::string& root) {
  AuditOptions options;
  options.root = root;
  auto& s = options.settings;
  s.within_ms = config.audit.within.count;
  s.recent_ms = config.audit.recent.count;
  s.max_files = config.audit.max_files;
  s.raw_socket_owners = config.audit.raw_socket_owners;
  s.allowed_listeners = config.audit.allowed_listeners;
  s.scanner_within_ms = config.audit.scanner_within.count;
  if (root == "/") {
    options.sources.nft_json = [](const std::string& command, bool terse) { return Nft{}.list_json(command, terse); };
    options.sources.nft_text = [](const std::string& command) { return Nft{}.list_text(command); };
  }
  return options;
}

}  // namespace sekisho
