// What the kernel noticed itself, as support for a verdict on a flood that comes in.
#pragma once
#include "detect/evidence.h"
#include "model/second.h"

namespace sekisho {

// Adds 5 to 15 points (FACTS section 9) and a clause for each thing that fits the classes of the vector; nothing in captures. Soft: the
// kernel's counters say that the host suffers, not from what.
void judge_kernel(const KernelEvidence& kernel, const TrafficClassSet& classes, double pps, Evidence& e);

// Packets that the kernel or the card had no room for, within the last second.
double kernel_drops(const KernelEvidence& kernel);

}  // namespace sekisho
