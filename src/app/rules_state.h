// What the kernel holds of the detection rules.
#pragma once
#include "base/result.h"
#include "response/nft.h"
#include "response/rules_text.h"

namespace sekisho {

// Not installed is no error.
Result<RulesState> read_rules(Nft& nft);

}  // namespace sekisho
