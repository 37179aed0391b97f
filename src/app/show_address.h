// `sekisho show 198.51.100.7`: the story of an address or network, and its connections now.
#pragma once
#include "app/show_command.h"
#include "model/address.h"

namespace sekisho {

int show_address(const ShowCommand& command, const Network& network);

}  // namespace sekisho
