// NftWire: elements of sets into the kernel's packet filter by netlink itself. libnftables lists a whole interval set before it adds to it,
// which costs seconds as soon as the set is large; see docs/decisions/050-block-list.md.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "model/address.h"

namespace sekisho {

struct SetElement {
  Network network;
  std::int64_t timeout_ms = 0;  // 0: it stays
};

// One step of a transaction, on a set of addresses with `flags interval` in a table of family inet.
struct SetChange {
  enum class Kind : std::uint8_t { add, remove, flush };
  Kind kind = Kind::add;
  std::string set;
  bool v6 = false;
  std::vector<SetElement> elements;  // of family v6; flush: none
};

// What is there of a table.
struct TableFacts {
  bool exists = false;
  std::vector<std::string> chains;
  std::size_t sets = 0, rules = 0;
  std::uint64_t packets = 0, bytes = 0;  // of all counters of its rules
};

// One thread, which is in the network namespace that is meant. Needs CAP_NET_ADMIN.
class NftWire {
 public:
  static Result<NftWire> open();

  // All of it or nothing. At most kMaxElements elements. `errno_out`: the kernel's answer when it refused (EEXIST, ENOENT, EPERM, …).
  static constexpr std::size_t kMaxElements = 1000;
  Result<void> apply(const std::string& table, const std::vector<SetChange>& changes, int* errno_out = nullptr);
  // Grows with each change of any table by anybody.
  Result<std::uint32_t> generation();
  Result<TableFacts> facts(const std::string& table);

 private:
  explicit NftWire(Fd socket) : socket_(std::move(socket)) {}
  Result<void> send(const std::vector<std::uint8_t>& bytes);
  // Calls `each` with type and payload of every answer until the dump or the acknowledgement ends; the kernel's errno, 0 when all went
  // well.
  Result<int> answers(std::uint32_t last_sequence, const std::function<void(std::uint16_t, const std::uint8_t*, std::size_t)>& each);
  // Calls `each` with the attributes of every object of that kind in the table.
  Result<void> dump(std::uint16_t type, const std::string& table, const std::function<void(const std::uint8_t*, std::size_t)>& each);

  Fd socket_;
  std::uint32_t sequence_ = 0;
};

// The two ends of a network as the kernel keeps it: the first address, and the one after the last (empty: there is none).
std::pair<Address, std::optional<Address>> interval_of(const Network& network);

}  // namespace sekisho
