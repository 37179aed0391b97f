// BlockTable: the block list in the kernel: one table of our own with sets whose elements end by themselves, and an accept of the
// never-block set ahead of the drop.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "response/nft.h"
#include "response/nft_wire.h"

namespace sekisho {

constexpr std::string_view kBlockTable = "sekisho_block";

struct BlockDrops {
  std::uint64_t packets = 0, bytes = 0;
};

// One thread. Needs CAP_NET_ADMIN for everything but open().
class BlockTable {
 public:
  static Result<BlockTable> open();

  // The table anew, whatever was there; elements with the time that they have left.
  Result<void> install(const std::vector<Network>& never, const std::vector<SetElement>& blocked);
  Result<void> set_never(const std::vector<Network>& never);
  // Removed first, then added; an element that is in both lists gets its new time. What the kernel has ended by itself meanwhile does not
  // matter. In transactions of at most 1,000 elements.
  Result<void> change(const std::vector<Network>& removed, const std::vector<SetElement>& added);
  // Nothing is left of it; fine when it was not there.
  Result<void> remove();

  enum class State : std::uint8_t { intact, changed, gone };
  // Cheap while nobody changed any table since the last call.
  Result<State> look();
  bool exists();
  Result<BlockDrops> drops();

 private:
  BlockTable(Nft nft, NftWire wire) : nft_(std::move(nft)), wire_(std::move(wire)) {}
  Result<void> step(const std::vector<Network>& removed, const std::vector<SetElement>& added);
  Result<void> remember();

  Nft nft_;
  NftWire wire_;
  std::uint32_t generation_ = 0;
  State last_ = State::gone;
};

// The table without elements, as nft's text; one transaction that replaces what is there.
std::string block_table_text();

}  // namespace sekisho
