// Merging several captures by time.
#pragma once
#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "input/capture_input.h"
#include "input/source.h"

namespace sekisho {

// What may be open at once. One input more is opened when less is in use, so the peak is one input higher.
struct MergeBounds {
  std::size_t inputs = 200;  // the usual limit of open files is 1,024
  std::size_t memory_bytes = 24u << 20;
};

// Delivers the frames of all inputs in order of time, equal times in the order of the inputs. Inputs are opened when their first packet
// is due, so captures that follow one another need one buffer in all. Returns the number of inputs that had to wait although they were
// due. Adds what was delivered to `delivered`.
std::uint64_t merge(const std::vector<std::unique_ptr<CaptureInput>>& inputs, MergeBounds bounds, Intake& intake,
                    std::atomic<std::uint64_t>& delivered, const std::stop_token& stop);

}  // namespace sekisho
