// BlockLink: where the block list is asked: the running agent, or, when none runs, the store and the kernel themselves.
#pragma once
#include <memory>
#include <string>

#include "app/config.h"
#include "base/result.h"

namespace sekisho {

class BlockLink {
 public:
  virtual ~BlockLink() = default;
  // A verb of docs/block.md; JSON objects as text.
  virtual Result<std::string> ask(const std::string& verb, const std::string& with) = 0;
  virtual bool is_agent() const = 0;
};

// `changes`: something will be changed; without an agent that takes root, the store's lock and the block list's.
Result<std::unique_ptr<BlockLink>> open_block_link(const Config& config, bool changes);

}  // namespace sekisho
