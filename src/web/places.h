// Places: network and country of an address, from MaxMind databases on the disk; nobody is asked over the network.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/address.h"

namespace sekisho {

struct Place {
  std::string country;       // ISO 3166-1, two letters; empty: not known
  std::uint32_t asn = 0;     // 0: not known
  std::string organization;  // escaped; empty: not known
};

// Any threads. Each database adds what it knows: country or city, and ASN.
class Places {
 public:
  // An error names the file that cannot be read.
  static Result<std::unique_ptr<Places>> open(const std::vector<std::string>& files);
  ~Places();
  bool any() const { return !databases_.empty(); }
  Place find(const Address& address) const;

 private:
  struct Database;
  Places();
  std::vector<std::unique_ptr<Database>> databases_;
};

}  // namespace sekisho
