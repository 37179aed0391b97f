/* What user space may change while the programs run. */
#pragma once
#include "packet.h"

volatile struct sekisho_settings sekisho_settings = {};
