// Nft: commands to the kernel's packet filter through libnftables, in one transaction each.
#pragma once
#include <memory>
#include <string>

#include "base/result.h"

struct nft_ctx;

namespace sekisho {

// One context serves one thread. Needs CAP_NET_ADMIN. Acts on the network namespace of the calling thread.
class Nft {
 public:
  Nft();
  ~Nft();
  Nft(Nft&&) noexcept;
  Nft& operator=(Nft&&) noexcept;

  // A batch in nft's own syntax: all of it or nothing is done. The error is nft's first line, with the line of the batch that it blames.
  Result<void> apply(const std::string& batch);
  // Understood by nft and fitting the tables that are there, but not given to the kernel.
  Result<void> check(const std::string& batch);
  // What a `list` command says, as JSON (libnftables-json(5)). terse leaves out the elements of sets: lists of 65,536 take seconds.
  // counting: with the counts of counters and the time that elements have left.
  Result<std::string> list_json(const std::string& command, bool terse = false, bool counting = false);
  // The same as text, terse. nft 1.0.6 says in text alone which tables are dormant and on which devices chains sit; in JSON the flags of a
  // table are a wrong string or end the document.
  Result<std::string> list_text(const std::string& command);

 private:
  Result<void> run(const std::string& batch);

  struct Free {
    void operator()(nft_ctx* context) const;
  };
  std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace sekisho
