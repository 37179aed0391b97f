// libnftables behind Result; its messages are cut down to the line that matters.
#include "response/nft.h"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <algorithm>

#include "base/text.h"

namespace sekisho {

void Nft::Free::operator()(nft_ctx* context) const { nft_ctx_free(context); }

Nft::Nft() : context_(nft_ctx_new(NFT_CTX_DEFAULT)) {
  if (!context_) return;
  nft_ctx_buffer_output(context_.get());
  nft_ctx_buffer_error(context_.get());
}
Nft::~Nft() = default;
Nft::Nft(Nft&&) noexcept = default;
Nft& Nft::operator=(Nft&&) noexcept = default;

Result<void> Nft::run(const std::string& batch) {
  if (!context_) return Error{"libnftables could not be set up"};
  if (nft_run_cmd_from_buffer(context_.get(), batch.c_str()) == 0) return {};
  std::string why = nft_ctx_get_error_buffer(context_.get());
  why.resize(std::min(why.find('\n'), why.size()));
  if (why.empty()) why = "no reason was given";
  return Error{fmt::format("nftables refuses: {}", escape_hostile(why, 400))};
}

Result<void> Nft::apply(const std::string& batch) {
  if (context_) nft_ctx_output_set_flags(context_.get(), 0), nft_ctx_set_dry_run(context_.get(), false);
  return run(batch);
}

Result<void> Nft::check(const std::string& batch) {
  if (!context_) return run(batch);
  nft_ctx_output_set_flags(context_.get(), 0);
  nft_ctx_set_dry_run(context_.get(), true);
  auto done = run(batch);
  nft_ctx_set_dry_run(context_.get(), false);
  return done;
}

Result<std::string> Nft::list_json(const std::string& command, bool terse, bool counting) {
  unsigned flags = NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_PROTO | NFT_CTX_OUTPUT_NUMERIC_PRIO;
  if (terse) flags |= NFT_CTX_OUTPUT_TERSE;
  if (!counting) flags |= NFT_CTX_OUTPUT_STATELESS;
  if (context_) nft_ctx_output_set_flags(context_.get(), flags);
  TRY(run(command));
  return std::string{nft_ctx_get_output_buffer(context_.get())};
}

Result<std::string> Nft::list_text(const std::string& command) {
  if (context_) nft_ctx_output_set_flags(context_.get(), NFT_CTX_OUTPUT_NUMERIC_PRIO | NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_TERSE);
  TRY(run(command));
  return std::string{nft_ctx_get_output_buffer(context_.get())};
}

}  // namespace sekisho
