// A k-way merge over a heap of inputs, each with the batch it is at.
#include "input/merge.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sekisho {
namespace {

using Key = std::pair<TimeNs, std::size_t>;  // time, then the order of the inputs

struct Active {
  std::span<const Frame> batch;  // never empty in the heap
  std::size_t order;
  Key key() const { return {batch.front().time, order}; }
};
bool later(const Active& a, const Active& b) { return a.key() > b.key(); }

class Merge {
 public:
  Merge(const std::vector<std::unique_ptr<CaptureInput>>& inputs, MergeBounds bounds, Intake& intake, std::atomic<std::uint64_t>& delivered,
        const std::stop_token& stop)
      : inputs_(inputs), bounds_(bounds), intake_(intake), delivered_(delivered), stop_(stop), waiting_(inputs.size()) {
    std::iota(waiting_.begin(), waiting_.end(), std::size_t{0});
    std::sort(waiting_.begin(), waiting_.end(), [this](std::size_t a, std::size_t b) { return due(a) < due(b); });
    out_.reserve(kMaxBatch);
  }

  std::uint64_t run() {
    for (;;) {
      open_what_is_due();
      if (heap_.empty()) break;
      std::pop_heap(heap_.begin(), heap_.end(), later);
      Active first = heap_.back();
      heap_.pop_back();
      take_run(first);
      if (first.batch.empty()) {
        flush();  // the frames point into the buffer that is read into next
        first.batch = inputs_[first.order]->next(stop_);
      }
      if (!first.batch.empty()) push(first);
    }
    flush();
    return late_;
  }

 private:
  Key due(std::size_t order) const { return {inputs_[order]->first_time(), order}; }

  bool room_for_one_more() const {
    if (heap_.empty()) return true;
    if (heap_.size() >= bounds_.inputs) return false;
    std::size_t used = 0;
    for (const Active& active : heap_) used += inputs_[active.order]->memory_bytes();
    return used < bounds_.memory_bytes;
  }

  void open_what_is_due() {
    while (next_waiting_ < waiting_.size()) {
      const std::size_t order = waiting_[next_waiting_];
      if (!heap_.empty() && due(order) > heap_.front().key()) return;
      if (!room_for_one_more()) {
        blocked_ = true;
        return;
      }
      ++next_waiting_;
      const Active opened{inputs_[order]->next(stop_), order};
      late_ += std::exchange(blocked_, false);
      if (!opened.batch.empty()) push(opened);
    }
  }

  // As many frames of `first` as come before any other input's.
  void take_run(Active& first) {
    Key bound{INT64_MAX, SIZE_MAX};
    if (!heap_.empty()) bound = heap_.front().key();
    if (next_waiting_ < waiting_.size() && !blocked_) bound = std::min(bound, due(waiting_[next_waiting_]));
    std::size_t taken = 0;
    do {
      if (out_.size() == kMaxBatch) flush();
      out_.push_back(first.batch[taken++]);
    } while (taken < first.batch.size() && Key{first.batch[taken].time, first.order} < bound);
    first.batch = first.batch.subspan(taken);
  }

  void push(const Active& active) {
    heap_.push_back(active);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  void flush() {
    if (out_.empty()) return;
    intake_.on_frames(out_);
    delivered_.fetch_add(out_.size(), std::memory_order_relaxed);
    out_.clear();
  }

  const std::vector<std::unique_ptr<CaptureInput>>& inputs_;
  MergeBounds bounds_;
  Intake& intake_;
  std::atomic<std::uint64_t>& delivered_;
  const std::stop_token& stop_;
  std::vector<std::size_t> waiting_;  // orders, by the time of the first packet
  std::size_t next_waiting_ = 0;
  bool blocked_ = false;  // the next waiting input is due, but too much is open
  std::vector<Active> heap_;
  std::vector<Frame> out_;
  std::uint64_t late_ = 0;
};

}  // namespace

std::uint64_t merge(const std::vector<std::unique_ptr<CaptureInput>>& inputs, MergeBounds bounds, Intake& intake,
                    std::atomic<std::uint64_t>& delivered, const std::stop_token& stop) {
  return Merge(inputs, bounds, intake, delivered, stop).run();
}

}  // namespace sekisho
