// Features' learning: rows learn once a second, stop under attack, are saved, restored and described.
#include "features/baseline_codec.h"
#include "features/features_row.h"

namespace sekisho {

void Features::learn(TimeNs now) {
  if (now < next_learning_) return;
  next_learning_ = now - now % kSecond + kSecond;
  const auto learn_row = [&](Row& r, Direction direction, const Row* reverse, AnchorBudget* budget) {
    r.baseline.learn({now, hour_of(now), direction, r.window, r.window_facts, reverse ? &reverse->window : nullptr}, budget);
  };
  for (const auto n : active_rows_) learn_row(*rows_[n], static_cast<Direction>(n % 2), rows_[n ^ 1].get(), &anchor_budget_);
  for (std::size_t i = 0; i < all_.size(); ++i)
    if (all_[i]->window_packets) learn_row(*all_[i], static_cast<Direction>(i % 2), all_[i ^ 1].get(), nullptr);
}

void Features::freeze(bool all, const Address& host, Direction direction, TimeNs now) {
  const auto d = static_cast<std::size_t>(direction);
  if (all)
    for (const std::size_t i : {d, d + 2}) all_[i]->baseline.freeze(now);
  for (const auto n : active_rows_)
    if (n % 2 == d && (all || hosts_[n / 2] == host)) {
      rows_[n]->baseline.freeze(now);
      all_[all_of(n)]->baseline.freeze(now);
    }
}

std::vector<std::uint8_t> Features::save_baselines(TimeNs now) const {
  std::vector<RowToSave> rows;
  for (std::size_t i = 0; i < all_.size(); ++i)
    if (!all_[i]->baseline.empty()) rows.push_back({static_cast<Direction>(i % 2), true, i >= 2, Address{}, all_[i]->baseline});
  for (std::size_t n = 2; n < rows_.size(); ++n)  // row 0 and 1 are of hosts without a number: nobody's normal
    if (rows_[n] && !rows_[n]->baseline.empty())
      rows.push_back({static_cast<Direction>(n % 2), false, is_v6(hosts_[n / 2]), hosts_[n / 2], rows_[n]->baseline});
  return BaselineCodec::encode(now - clock_offset_, now, rows);
}

Result<void> Features::restore_baselines(std::span<const std::uint8_t> bytes) {
  if (step_ != 0) return Error{"baselines are restored before the first packet, not later"};
  SavedBaselines saved = TRY(BaselineCodec::decode(bytes));
  for (auto& from : saved.rows) {
    if (from.all) {
      all_[static_cast<std::size_t>(from.direction) + (from.v6 ? 2 : 0)]->baseline = std::move(from.baseline);
      continue;
    }
    Packet p;
    p.direction = Direction::ingress, p.dst = from.address;
    assign_host(p);
    const auto anchors = from.baseline.anchors();
    if (p.host == 0 || anchors > anchor_budget_.left) continue;  // more hosts than this program keeps
    anchor_budget_.left -= anchors;
    const auto n = row_of(p.host, from.direction);
    drop_row(n);
    row(p.host, from.direction).baseline = std::move(from.baseline);
  }
  saved_at_ = saved.saved_at;
  return {};
}

void Features::resume_baselines(TimeNs now) {
  const DurationNs age = now - clock_offset_ - *saved_at_;
  saved_at_.reset();
  for (auto& r : all_) r->baseline.resume(age, now, hour_of(now));
  for (auto& r : rows_)
    if (r) r->baseline.resume(age, now, hour_of(now));
}

std::vector<BaselineView> Features::describe_baselines(TimeNs now) const {
  std::vector<BaselineView> out;
  for (std::size_t i = 0; i < all_.size(); ++i)
    all_[i]->baseline.describe({.all = true, .v6 = i >= 2, .direction = static_cast<Direction>(i % 2)}, now, hour_of(now), out);
  for (std::size_t n = 2; n < rows_.size(); ++n)
    if (rows_[n])
      rows_[n]->baseline.describe({.v6 = is_v6(hosts_[n / 2]), .address = hosts_[n / 2], .direction = static_cast<Direction>(n % 2)}, now,
                                  hour_of(now), out);
  return out;
}

}  // namespace sekisho
