// libmaxminddb.
#include "web/places.h"

#include <fmt/format.h>
#include <maxminddb.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace sekisho {

struct Places::Database {
  MMDB_s file{};
  bool opened = false;
  ~Database() {
    if (opened) MMDB_close(&file);
  }
};

Places::Places() = default;
Places::~Places() = default;

Result<std::unique_ptr<Places>> Places::open(const std::vector<std::string>& files) {
  std::unique_ptr<Places> places{new Places};
  for (const auto& path : files) {
    auto database = std::make_unique<Database>();
    const int failed = MMDB_open(path.c_str(), MMDB_MODE_MMAP, &database->file);
    if (failed != MMDB_SUCCESS)
      return Error{
          fmt::format("[web] mmdb: {}: {}", escape_hostile(path), failed == MMDB_IO_ERROR ? std::strerror(errno) : MMDB_strerror(failed)),
          ErrorKind::usage};
    database->opened = true;
    places->databases_.push_back(std::move(database));
  }
  return places;
}

Place Places::find(const Address& address) const {
  Place place;
  // A database may hold IPv4 alone: then only IPv4 can be asked.
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(v4_value(address));
  v6.sin6_family = AF_INET6;
  for (int i = 0; i < 8; ++i) {
    v6.sin6_addr.s6_addr[i] = static_cast<std::uint8_t>(address.high >> (56 - 8 * i));
    v6.sin6_addr.s6_addr[8 + i] = static_cast<std::uint8_t>(address.low >> (56 - 8 * i));
  }
  const auto* socket_address = is_v4(address) ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  for (const auto& database : databases_) {
    if (!is_v4(address) && database->file.metadata.ip_version == 4) continue;
    int failed = 0;
    auto found = MMDB_lookup_sockaddr(&database->file, socket_address, &failed);
    if (failed != MMDB_SUCCESS || !found.found_entry) continue;
    MMDB_entry_data_s value{};
    const auto has = [&](std::uint32_t type, auto... path) {
      return MMDB_get_value(&found.entry, &value, path..., nullptr) == MMDB_SUCCESS && value.has_data && value.type == type;
    };
    if (place.country.empty() && has(MMDB_DATA_TYPE_UTF8_STRING, "country", "iso_code") && value.data_size == 2)
      place.country.assign(value.utf8_string, 2);
    if (place.country.empty() && has(MMDB_DATA_TYPE_UTF8_STRING, "country_code") && value.data_size == 2)
      place.country.assign(value.utf8_string, 2);
    if (!place.asn && has(MMDB_DATA_TYPE_UINT32, "autonomous_system_number")) place.asn = value.uint32;
    if (place.organization.empty() && has(MMDB_DATA_TYPE_UTF8_STRING, "autonomous_system_organization"))
      place.organization = escape_hostile({value.utf8_string, value.data_size}, 120);
  }
  return place;
}

}  // namespace sekisho
