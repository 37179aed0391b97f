// Writes and reads the saved baselines. The reader believes nothing: every count, float and index is checked before it is used.
#include "features/baseline_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sekisho {
namespace {

constexpr std::string_view kMagic = "SKBL";
static_assert(kTrafficClasses < 256, "a class is one byte");
constexpr double kMostPps = 1e10;
constexpr DurationNs kMostFrozen = 30 * kSecond;
constexpr TimeNs kLastTime = TimeNs{1} << 62;  // the year 2116

class Writer {
 public:
  template <class T>
  void number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
  }
  void real(float value) { number(std::bit_cast<std::uint32_t>(value)); }
  void text(std::string_view t) { bytes.insert(bytes.end(), t.begin(), t.end()); }
  void histogram(const LogHistogram& h) {
    const std::size_t at = bytes.size();
    number<std::uint8_t>(0);
    for (unsigned b = 0; b < LogHistogram::kBuckets; ++b) {
      if (!h.in_bucket(b)) continue;
      number(static_cast<std::uint8_t>(b)), number(static_cast<std::uint16_t>(h.in_bucket(b)));
      ++bytes[at];
    }
  }
  std::vector<std::uint8_t> bytes;
};

// Past the end or after a wrong value everything reads as zero and `bad` says so.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  template <class T>
  T number() {
    if (bad || bytes_.size() - at_ < sizeof(T)) return fail(), T{};
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value |= std::uint64_t{bytes_[at_ + i]} << (8 * i);
    at_ += sizeof(T);
    return static_cast<T>(value);
  }
  float rate() {
    const auto value = std::bit_cast<float>(number<std::uint32_t>());
    if (!(value >= 0 && value <= kMostPps)) return fail(), 0.0f;
    return value;
  }
  std::string text(std::size_t length) {
    if (bad || bytes_.size() - at_ < length) return fail(), std::string{};
    at_ += length;
    return {reinterpret_cast<const char*>(bytes_.data()) + at_ - length, length};
  }
  void histogram(LogHistogram& h) {
    const unsigned n = number<std::uint8_t>();
    int last = -1;
    for (unsigned i = 0; i < n && !bad; ++i) {
      const int b = number<std::uint8_t>();
      const unsigned samples = number<std::uint16_t>();
      if (b <= last || b >= static_cast<int>(LogHistogram::kBuckets) || h.samples() + samples > LogHistogram::kMost) return fail();
      h.add_bucket(static_cast<unsigned>(b), samples);
      last = b;
    }
  }
  void fail() { bad = true; }
  std::size_t at() const { return at_; }
  bool done() const { return at_ == bytes_.size(); }
  bool bad = false;

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

}  // namespace

std::uint64_t BaselineCodec::checksum(std::span<const std::uint8_t> bytes) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const auto b : bytes) h = (h ^ b) * 0x100000001b3ULL;
  return h;
}

std::vector<std::uint8_t> BaselineCodec::encode(TimeNs saved_at, TimeNs now, std::span<const RowToSave> rows) {
  Writer w;
  w.text(kMagic);
  w.number(kVersion), w.number<std::uint16_t>(0);
  w.number(saved_at);
  w.number(static_cast<std::uint8_t>(kTrafficClasses));
  for (std::size_t c = 0; c < kTrafficClasses; ++c) {
    const auto name = to_string(static_cast<TrafficClass>(c));
    w.number(static_cast<std::uint8_t>(name.size())), w.text(name);
  }
  w.number(static_cast<std::uint32_t>(rows.size()));
  for (const auto& row : rows) {
    const RowBaseline& b = row.baseline;
    w.number(static_cast<std::uint8_t>((row.direction == Direction::egress ? 1 : 0) | (row.all ? 2 : 0) | (row.v6 ? 4 : 0)));
    w.number(row.address.high), w.number(row.address.low);
    w.number(b.learned_seconds_);
    w.number(std::clamp<DurationNs>(b.frozen_until_ - now, b.frozen_left_, kMostFrozen));
    const std::size_t count_at = w.bytes.size();
    w.number<std::uint8_t>(0);
    for (std::size_t c = 0; c < kTrafficClasses; ++c) {
      if (!b.classes_[c] || (!b.classes_[c]->known() && !b.classes_[c]->anchor_)) continue;
      ++w.bytes[count_at];
      w.number(static_cast<std::uint8_t>(c));
      w.histogram(b.classes_[c]->short_);
      const LongAnchor* a = b.classes_[c]->anchor_.get();
      w.number<std::uint8_t>(a != nullptr);
      if (!a) continue;
      for (const auto* h : {&a->today_, &a->yesterday_, &a->pending_, &a->previous_}) w.histogram(*h);
      w.number(a->hour_), w.number(a->previous_hour_);
      w.real(a->accepted_pps_), w.number(static_cast<std::uint32_t>(a->accepted_left_));
      const std::size_t hours_at = w.bytes.size();
      w.number<std::uint8_t>(0);
      for (std::size_t h = 0; h < LongAnchor::kHours; ++h) {
        if (a->week_[h] == 0) continue;
        ++w.bytes[hours_at];
        w.number(static_cast<std::uint8_t>(h)), w.real(a->week_[h]);
      }
    }
  }
  w.number(checksum(w.bytes));
  return std::move(w.bytes);
}

Result<SavedBaselines> BaselineCodec::decode(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kHeader = 8, kSum = 8;
  if (bytes.size() < kHeader + kSum || bytes.size() > kMaxBytes || std::string_view{reinterpret_cast<const char*>(bytes.data()), 4} != kMagic)
    return Error{fmt::format("the saved baselines are not readable: {} bytes that are none of this program's", bytes.size())};
  if (const auto version = load_le16(bytes.data() + 4); version != kVersion)
    return Error{fmt::format("the saved baselines have format {}, this program reads {}: learning begins anew", version, kVersion)};
  const auto body = bytes.first(bytes.size() - kSum);
  if (checksum(body) != load_le64(bytes.data() + body.size())) return Error{"the saved baselines are damaged (checksum): learning begins anew"};

  Reader r{body};
  r.text(kHeader);
  SavedBaselines out;
  out.saved_at = r.number<TimeNs>();
  if (out.saved_at < 0 || out.saved_at > kLastTime) r.fail();
  // Their numbers of classes -> ours; kTrafficClasses = not known here.
  std::vector<std::size_t> classes(r.number<std::uint8_t>());
  for (auto& known : classes) {
    const std::string name = r.text(r.number<std::uint8_t>());
    for (known = 0; known < kTrafficClasses && to_string(static_cast<TrafficClass>(known)) != name;) ++known;
  }
  const auto rows = r.number<std::uint32_t>();
  if (rows > kMaxRows) r.fail();
  std::size_t anchors = 0;
  for (std::uint32_t i = 0; i < rows && !r.bad; ++i) {
    SavedRow& row = out.rows.emplace_back();
    const auto flags = r.number<std::uint8_t>();
    row.direction = flags & 1 ? Direction::egress : Direction::ingress;
    row.all = flags & 2, row.v6 = flags & 4;
    row.address.high = r.number<std::uint64_t>(), row.address.low = r.number<std::uint64_t>();
    RowBaseline& b = row.baseline;
    b.learned_seconds_ = r.number<std::uint32_t>();
    b.frozen_left_ = r.number<DurationNs>();
    if (b.frozen_left_ < 0 || b.frozen_left_ > kMostFrozen) r.fail();
    if (flags > 7 || (!row.all && row.v6 != is_v6(row.address))) r.fail();
    const unsigned count = r.number<std::uint8_t>();
    for (unsigned k = 0; k < count && !r.bad; ++k) {
      const std::size_t theirs = r.number<std::uint8_t>();
      if (theirs >= classes.size()) {
        r.fail();
        break;
      }
      auto read = std::make_unique<ClassBaseline>();
      r.histogram(read->short_);
      const auto has_anchor = r.number<std::uint8_t>();
      if (has_anchor > 1 || (has_anchor && ++anchors > kMaxAnchors)) r.fail();
      if (has_anchor && !r.bad) {
        auto a = std::make_unique<LongAnchor>();
        for (auto* h : {&a->today_, &a->yesterday_, &a->pending_, &a->previous_}) r.histogram(*h);
        a->hour_ = r.number<std::int64_t>(), a->previous_hour_ = r.number<std::int64_t>();
        a->accepted_pps_ = r.rate(), a->accepted_left_ = r.number<std::uint32_t>();
        if (a->accepted_left_ > LongAnchor::kDaySamples) r.fail();
        const unsigned hours = r.number<std::uint8_t>();
        for (unsigned h = 0; h < hours && !r.bad; ++h) {
          const std::size_t slot = r.number<std::uint8_t>();
          const float pps = r.rate();
          if (slot >= LongAnchor::kHours) {
            r.fail();
            break;
          }
          a->week_[slot] = pps;
        }
        a->summarize();
        read->anchor_ = std::move(a);
      }
      read->summarize();
      if (classes[theirs] < kTrafficClasses) b.classes_[classes[theirs]] = std::move(read);
    }
  }
  if (r.bad || !r.done()) return Error{fmt::format("the saved baselines are damaged at byte {}: learning begins anew", r.at())};
  return out;
}

}  // namespace sekisho
