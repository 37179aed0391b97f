// The composition of a slice of traffic as a few bytes: packets and bytes by direction and class, classes by their number in class_names.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "model/second.h"

namespace sekisho {

// (direction, number of the class) -> counts; only classes with packets.
using StoredClasses = std::map<std::pair<Direction, std::uint32_t>, ClassCount>;

// For each entry four LEB128 numbers: number * 2 + direction, packets, bytes. Sums of slices are sums of entries.
std::vector<std::uint8_t> pack_classes(const StoredClasses& classes);
// Adds what the bytes say; bytes that are cut short or damaged end the reading.
void add_classes(std::span<const std::uint8_t> packed, StoredClasses& into);

}  // namespace sekisho
