// Book first, then the kernel, then the store; when the kernel refuses, the book is put back as it was.
#include "app/blocker.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace sekisho {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kMaxOffences = 200'000, kMaxRefusals = 4096;
constexpr DurationNs kClockSet = 10 * kSecond;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

class Blocker::Turn {
 public:
  Turn(Blocker& blocker, TimeNs now) : blocker_(blocker), lock_(blocker.mutex_), now_(now) {}
  ~Turn() { blocker_.hand_on(now_); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Blocker& blocker_;
  const std::lock_guard<std::mutex> lock_;
  const TimeNs now_;
};

void Blocker::hand_on(TimeNs now) {
  auto batch = std::exchange(batch_, {});
  if (is_empty(batch)) return;
  revision_.fetch_add(1, std::memory_order_acq_rel);
  write_([batch = std::move(batch), now](StoreWriter& w) { return write_batch(batch, w, now); });
}

Blocker::Blocker(BlockerSettings settings, std::optional<BlockTable> table, std::string problem, Write write)
    : settings_(std::move(settings)), table_(std::move(table)), problem_(std::move(problem)), write_(std::move(write)) {
  rebuild_never();
}

BlockMode Blocker::mode() const {
  if (panicked_) return BlockMode::off;
  if (settings_.rules.mode != BlockMode::on || confirmed_ || settings_.confirm_within == 0) return settings_.rules.mode;
  return trial_until_ ? BlockMode::on : BlockMode::suggest;
}

void Blocker::rebuild_never() {
  auto all = settings_.fixed;
  all.insert(all.end(), found_.begin(), found_.end());
  never_ = NeverBlock{std::move(all)};
  revision_.fetch_add(1, std::memory_order_acq_rel);
}

void Blocker::put_flag(std::string_view key, bool value) { batch_.flags.emplace_back(key, value); }

void Blocker::audit(const BlockActor& actor, std::string action, std::string detail) {
  batch_.audit.push_back({0, actor.now, actor.who, std::move(action), std::move(detail), {}, {}});
}

void Blocker::keep(const BlockEntry& e) { batch_.put.push_back(stored_block(e)); }

void Blocker::note_event(const BlockEntry& e, std::string_view event, const BlockActor& actor) {
  batch_.events.push_back(block_event(e, event, actor.who, actor.now));
}

void Blocker::drop_from_store(const BlockEntry& e, std::string_view event, const BlockActor& actor) {
  batch_.removed.push_back(to_string(e.network));
  note_event(e, event, actor);
}

std::uint32_t Blocker::offences_of(const Network& network, TimeNs now) const {
  const auto found = offences_.find(network);
  return found == offences_.end() || found->second.last < now - settings_.forget_offences_after ? 0 : found->second.count;
}

BlockFacts Blocker::facts_for(const Evidence& e, const BlockRules&, TimeNs now) {
  while (!automatic_adds_.empty() && automatic_adds_.front() <= now - kMinute) automatic_adds_.pop_front();
  BlockFacts f;
  f.now = now, f.spoofed_flood = flood_;
  f.added_last_minute = static_cast<std::uint32_t>(automatic_adds_.size());
  f.bytes_in = e.bytes_in, f.bytes_out = e.bytes_out;
  f.offences = offences_of(meant_network(e.request.network, e.request.exact), now);
  f.list_works = table_.has_value();
  return f;
}

void Blocker::note_refusal(const Network& network, const BlockDecision& decision, TimeNs now) {
  ++counts_.refused[static_cast<std::size_t>(decision.refusal)];
  if (!refusals_.contains(network)) {
    if (refusal_order_.size() >= kMaxRefusals) {
      refusals_.erase(refusal_order_.front());
      refusal_order_.pop_front();
    }
    refusal_order_.push_back(network);
  }
  refusals_[network] = {now, decision};
}

SetElement Blocker::element_of(const BlockEntry& e, TimeNs now) const {
  auto until = e.expires;
  // On trial the kernel itself ends what was added by itself, also when no process of ours lives any more.
  if (trial_until_ && e.proof != Proof::by_hand) until = std::min(until, *trial_until_);
  return {e.network, std::max<std::int64_t>((until - now) / kMillisecond, 1000)};
}

Result<void> Blocker::make_table(TimeNs now) {
  std::vector<SetElement> elements;
  for (const auto& [network, e] : book_.all())
    if (!e.suggested && e.expires > now + kSecond) elements.push_back(element_of(e, now));
  drops_before_.packets += drops_.packets, drops_before_.bytes += drops_.bytes;
  drops_ = {};
  TRY(table_->install(never_.networks(), elements));
  table_made_ = true, told_gone_ = false;
  return {};
}

Result<void> Blocker::ensure_table(TimeNs now) {
  if (!table_) return Error{problem_};
  if (table_made_) return {};
  return make_table(now);
}

void Blocker::resume(const std::vector<StoredBlock>& blocks, const std::vector<BlockOffences>& offences, bool was_confirmed, bool panicked,
                     TimeNs now, bool adopt) {
  const Turn turn{*this, now};
  confirmed_ = was_confirmed, panicked_ = panicked;
  for (const auto& o : offences)
    if (const auto network = parse_network(o.network); network && offences_.size() < kMaxOffences) offences_[*network] = {o.count, o.last};
  std::size_t in_force = 0;
  for (const auto& b : blocks) {
    bool ok = false;
    auto e = entry_of(b, ok);
    if (!ok || book_.full() || book_.covering(e.network) || e.expires <= now || never_.overlapping(e.network)) {
      if (ok) drop_from_store(e, e.expires <= now ? "expired" : "removed", {"agent", now});
      continue;
    }
    in_force += !e.suggested;
    book_.put(std::move(e));
  }
  if (settings_.rules.mode == BlockMode::on && !confirmed_ && settings_.confirm_within > 0) begin_trial(now);
  if (!table_) return;
  if (adopt) {
    if (const auto state = table_->look(); state.ok() && state.value() == BlockTable::State::intact) {
      table_made_ = table_->set_never(never_.networks()).ok();
      if (table_made_) return;
    }
  }
  // A table of the former run has elements of which the store may know nothing: it is made anew, as the store says.
  if (in_force == 0) {
    if (table_->exists()) static_cast<void>(table_->remove());
    return;
  }
  if (auto done = make_table(now); !done.ok()) {
    problem_ = done.error().message;
    log_error(fmt::format("{}. The block list is not in force.", problem_));
  }
}

void Blocker::begin_trial(TimeNs now) {
  trial_since_ = now, trial_until_ = now + settings_.confirm_within, rolled_back_ = false;
  log_notice(
      fmt::format("[response] mode \"on\" is on trial for {}: confirm it from a new connection with 'sekisho block confirm', or it "
                  "ends by itself",
                  format_duration(settings_.confirm_within)));
  if (settings_.rules.policy == BlockPolicy::article) log_warning(fmt::format("{}.", kArticleRisk));
}

void Blocker::configure(BlockerSettings settings, TimeNs now) {
  const Turn turn{*this, now};
  const bool was_on = settings_.rules.mode == BlockMode::on;
  settings_ = std::move(settings);
  rebuild_never();
  if (settings_.rules.mode == BlockMode::on && !was_on && settings_.confirm_within > 0) {
    confirmed_ = false;
    begin_trial(now);
  }
  if (settings_.rules.mode != BlockMode::on && was_on) {
    if (confirmed_) put_flag(kConfirmedKey, false);
    confirmed_ = rolled_back_ = false;
    trial_since_.reset(), trial_until_.reset();
  }
  if (table_made_) static_cast<void>(table_->set_never(never_.networks()));
}

void Blocker::end_trial(TimeNs now) {
  trial_until_.reset();
  rolled_back_ = true;
  const BlockActor actor{"agent", now};
  Result<void> done;
  const auto count = remove_if([&](const BlockEntry& e) { return !e.suggested && e.proof != Proof::by_hand && e.added >= *trial_since_; },
                               "removed", actor, done);
  log_notice(fmt::format("[response] mode \"on\" was not confirmed: it is \"suggest\" again, and {} entries are gone", count));
  audit(actor, "block.mode_rolled_back", dump({{"removed", count}}));
}

Result<void> Blocker::confirm(const BlockActor& actor) {
  const Turn turn{*this, actor.now};
  if (settings_.rules.mode != BlockMode::on) return Error{"[response] mode is not \"on\": there is nothing to confirm", ErrorKind::usage};
  if (confirmed_ || settings_.confirm_within == 0) return {};
  if (!trial_until_) return Error{"the trial is over: reload the agent, and confirm within the time"};
  const auto since = *trial_since_;
  trial_until_.reset();
  confirmed_ = true;
  put_flag(kConfirmedKey, true);
  audit(actor, "block.confirm", "{}");
  if (!table_made_) return {};
  // The kernel gets the whole times.
  std::vector<Network> again;
  std::vector<SetElement> elements;
  for (const auto& [network, e] : book_.all())
    if (!e.suggested && e.proof != Proof::by_hand && e.added >= since && e.expires > actor.now + 2 * kSecond)
      again.push_back(network), elements.push_back(element_of(e, actor.now));
  return table_->change(again, elements);
}

void Blocker::set_found(std::vector<NeverEntry> found, TimeNs now) {
  const Turn turn{*this, now};
  if (found == found_) return;
  found_ = std::move(found);
  const auto before = never_.networks();
  rebuild_never();
  if (never_.networks() == before) return;
  if (table_made_)
    if (const auto done = table_->set_never(never_.networks()); !done.ok()) log_error(done.error().message);
  Result<void> done;
  const auto count =
      remove_if([&](const BlockEntry& e) { return never_.overlapping(e.network) != nullptr; }, "removed", {"agent", now}, done);
  counts_.unprotected += count;
  if (count) log_notice(fmt::format("{} entries of the block list are gone: their addresses are never blocked from now on", count));
}

void Blocker::set_spoofed_flood(bool going_on) {
  const std::lock_guard lock{mutex_};
  flood_ = going_on;
}

Result<std::vector<BlockDecision>> Blocker::request(std::span<const Evidence> requests, const BlockActor& actor) {
  const Turn turn{*this, actor.now};
  auto rules = settings_.rules;
  rules.mode = mode();
  std::vector<BlockDecision> decisions;
  std::vector<BlockEntry> taken_out;  // to put the book back
  std::vector<Network> put_in, removed;
  std::size_t automatic = 0;
  for (const auto& evidence : requests) {
    auto d = plan_block(evidence.request, rules, never_, book_, facts_for(evidence, rules, actor.now));
    if (d.verdict == BlockVerdict::add && !table_) {
      if (evidence.request.origin != BlockOrigin::automatic) return Error{problem_};
      d.verdict = BlockVerdict::refuse, d.refusal = BlockRefusal::mode_off, d.why = problem_;
    }
    if (d.verdict == BlockVerdict::refuse) {
      note_refusal(meant_network(evidence.request.network, evidence.request.exact), d, actor.now);
      decisions.push_back(std::move(d));
      continue;
    }
    for (const auto& list : {d.replaces, d.evicts})
      for (const auto& n : list)
        if (const auto* e = book_.find(n)) {
          if (!e->suggested) removed.push_back(n);
          taken_out.push_back(*e);
          book_.remove(n);
        }
    if (const auto* e = book_.find(d.entry.network)) {
      if (!e->suggested) removed.push_back(e->network);
      taken_out.push_back(*e);
    }
    counts_.evicted += d.evicts.size();
    book_.put(d.entry);
    put_in.push_back(d.entry.network);
    if (d.verdict == BlockVerdict::add && evidence.request.origin == BlockOrigin::automatic)
      automatic_adds_.push_back(actor.now), ++automatic;
    decisions.push_back(std::move(d));
  }
  if (put_in.empty()) return decisions;

  std::vector<SetElement> elements;
  std::set<Network> seen;
  for (const auto& n : put_in)
    if (const auto* e = book_.find(n); e && !e->suggested && seen.insert(n).second) elements.push_back(element_of(*e, actor.now));
  // What was put in and taken out again within this call never reached the kernel.
  const std::set<Network> before = [&] {
    std::set<Network> all;
    for (const auto& e : taken_out)
      if (!e.suggested && e.added < actor.now) all.insert(e.network);
    return all;
  }();
  std::erase_if(removed, [&](const Network& n) { return !before.contains(n); });
  Result<void> done;
  if (!elements.empty() || !removed.empty()) {
    const bool fresh = !table_made_;
    done = ensure_table(actor.now);  // a fresh table has all that the book has
    if (done.ok() && !fresh) done = table_->change(removed, elements);
    // Somebody else may have changed the table: once more, from the book.
    if (!done.ok() && table_ && !fresh && settings_.restore_table) done = make_table(actor.now), counts_.restored += done.ok();
  }
  if (!done.ok()) {
    for (const auto& n : put_in) book_.remove(n);
    for (auto& e : taken_out)
      if (!book_.covering(e.network)) book_.put(std::move(e));
    automatic_adds_.resize(automatic_adds_.size() - std::min(automatic, automatic_adds_.size()));
    problem_ = done.error().message;
    return done.error();
  }
  if (table_) problem_.clear();

  for (const auto& d : decisions) {
    if (d.verdict == BlockVerdict::refuse) continue;
    (d.verdict == BlockVerdict::add ? counts_.added : counts_.suggested) += 1;
    const auto drop = [&](const Network& n, std::string_view event) {
      for (const auto& e : taken_out)
        if (e.network == n) return drop_from_store(e, event, actor);
    };
    for (const auto& n : d.replaces) drop(n, "replaced");
    for (const auto& n : d.evicts) drop(n, "evicted");
    if (!book_.find(d.entry.network)) continue;
    keep(d.entry);
    note_event(d.entry, d.verdict == BlockVerdict::add ? "added" : "suggested", actor);
    if (d.verdict == BlockVerdict::add && d.entry.proof != Proof::by_hand) {
      if (offences_.size() >= kMaxOffences && !offences_.contains(d.entry.network)) offences_.erase(offences_.begin());
      offences_[d.entry.network] = {d.entry.offence, actor.now};
    }
    // Of a whole list one line is enough.
    if (requests.size() <= 16)
      audit(actor, d.verdict == BlockVerdict::add ? "block.add" : "block.suggest",
            dump({{"network", to_string(d.entry.network)},
                  {"for_s", (d.entry.expires - actor.now) / kSecond},
                  {"proof", to_string(d.entry.proof)},
                  {"reason", d.entry.reason},
                  {"incident", d.entry.incident}}));
  }
  if (requests.size() > 16) {
    const auto added = std::count_if(decisions.begin(), decisions.end(), [](const auto& d) { return d.verdict != BlockVerdict::refuse; });
    audit(actor, "block.add_list", dump({{"asked", requests.size()}, {"added", added}, {"reason", requests.front().request.reason}}));
  }
  return decisions;
}

BlockDecision Blocker::judge(const Evidence& evidence, TimeNs now) {
  const std::lock_guard lock{mutex_};
  auto rules = settings_.rules;
  rules.mode = mode();
  return plan_block(evidence.request, rules, never_, book_, facts_for(evidence, rules, now));
}

std::size_t Blocker::remove_if(const std::function<bool(const BlockEntry&)>& wanted, std::string_view event, const BlockActor& actor,
                               Result<void>& done) {
  std::vector<BlockEntry> gone;
  std::vector<Network> from_kernel;
  for (const auto& [network, e] : book_.all())
    if (wanted(e)) {
      gone.push_back(e);
      // What the kernel is about to end is left to it.
      if (!e.suggested && e.expires > actor.now + kSecond) from_kernel.push_back(network);
    }
  if (gone.empty()) return 0;
  if (table_made_ && !from_kernel.empty()) done = table_->change(from_kernel, {});
  if (!done.ok()) {
    log_error(done.error().message);
    // The table is not what it was thought to be: without these entries, anew.
    for (const auto& e : gone) book_.remove(e.network);
    if (settings_.restore_table) done = make_table(actor.now);
  }
  for (const auto& e : gone) {
    book_.remove(e.network);
    drop_from_store(e, event, actor);
  }
  counts_.removed += gone.size();
  return gone.size();
}

Result<std::size_t> Blocker::remove(const Network& network, const BlockActor& actor) {
  const Turn turn{*this, actor.now};
  if (!table_ && !problem_.empty() && book_.size() > book_.suggested()) return Error{problem_};
  Result<void> done;
  const auto count =
      remove_if([&](const BlockEntry& e) { return e.network.prefix_bits >= network.prefix_bits && contains(network, e.network.base); },
                "removed", actor, done);
  if (!done.ok()) return done.error();
  std::erase_if(offences_, [&](const auto& o) { return o.first.prefix_bits >= network.prefix_bits && contains(network, o.first.base); });
  if (count) audit(actor, "block.del", dump({{"network", to_string(network)}, {"entries", count}}));
  return count;
}

Result<std::size_t> Blocker::flush(const BlockActor& actor) {
  const Turn turn{*this, actor.now};
  const auto count = book_.size();
  if (table_ && (table_made_ || table_->exists())) TRY(table_->remove());
  table_made_ = false;
  clear_book(actor);
  audit(actor, "block.flush", dump({{"entries", count}}));
  return count;
}

void Blocker::clear_book(const BlockActor& actor) {
  for (const auto& [network, e] : book_.all()) {
    offences_.erase(network);
    if (!e.suggested) note_event(e, "removed", actor);
  }
  counts_.removed += book_.size();
  book_.clear();
  batch_.clear = true;
}

Result<std::size_t> Blocker::panic(const BlockActor& actor) {
  const Turn turn{*this, actor.now};
  const auto count = book_.size() - book_.suggested();
  panicked_ = true;
  table_made_ = false;  // nothing makes it anew
  Result<void> done;
  if (table_) done = table_->remove();
  clear_book(actor);
  put_flag(kPanicKey, true);
  audit(actor, "block.panic", dump({{"entries", count}}));
  if (!done.ok()) return done.error();
  return count;
}

Result<void> Blocker::resume_after_panic(const BlockActor& actor) {
  const Turn turn{*this, actor.now};
  if (!panicked_) return {};
  panicked_ = false;
  put_flag(kPanicKey, false);
  audit(actor, "block.resume", "{}");
  return {};
}

void Blocker::shift(DurationNs by) {
  std::vector<BlockEntry> all;
  for (const auto& [network, e] : book_.all()) all.push_back(e);
  book_.clear();
  for (auto& e : all) {
    e.added += by, e.expires += by;
    keep(e);
    book_.put(std::move(e));
  }
  if (trial_until_) *trial_until_ += by, *trial_since_ += by;
  for (auto& t : automatic_adds_) t += by;
}

void Blocker::look_after_table(TimeNs now, TimeNs steady) {
  if (!table_ || !table_made_) return;
  if (steady >= next_look_) {
    next_look_ = steady + kSecond / 2;
    const auto state = table_->look();
    if (!state.ok()) return;
    if (state.value() == BlockTable::State::intact) {
      told_gone_ = false;
    } else {
      const std::string what = state.value() == BlockTable::State::gone ? "was deleted" : "was changed";
      if (settings_.restore_table) {
        const auto done = make_table(now);
        counts_.restored += done.ok();
        log_warning(done.ok() ? fmt::format("the table {} {} by another program: it was made anew", kBlockTable, what)
                              : fmt::format("the table {} {} by another program and cannot be made anew: {}", kBlockTable, what,
                                            done.error().message));
        problem_ = done.ok() ? std::string{} : done.error().message;
        audit({"agent", now}, "block.table_restored", dump({{"was", what}}));
      } else if (!told_gone_) {
        told_gone_ = true;
        problem_ = fmt::format("the table {} {} by another program; [response] restore_table is false", kBlockTable, what);
        log_warning(fmt::format("{}.", problem_));
        audit({"agent", now}, "block.table_changed", dump({{"was", what}}));
      }
    }
  }
  if (steady >= next_drops_ && !told_gone_) {
    next_drops_ = steady + 5 * kSecond;
    if (const auto drops = table_->drops(); drops.ok()) drops_ = drops.value();
  }
}

void Blocker::tick(TimeNs now, TimeNs steady) {
  const Turn turn{*this, now};
  if (last_tick_) {
    const auto set_by = (now - last_tick_->first) - (steady - last_tick_->second);
    if (set_by > kClockSet || set_by < -kClockSet) shift(set_by);
  }
  last_tick_ = {now, steady};
  for (const auto& e : book_.expire(now)) {
    ++counts_.expired;
    drop_from_store(e, "expired", {"agent", now});
  }
  if (trial_until_ && now >= *trial_until_) end_trial(now);
  look_after_table(now, steady);
}

void Blocker::stop(bool keep_table) {
  const std::lock_guard lock{mutex_};
  if (table_ && table_made_ && !keep_table) static_cast<void>(table_->remove());
}

BlockerState Blocker::state() const {
  const std::lock_guard lock{mutex_};
  BlockerState s;
  s.mode = mode(), s.panicked = panicked_;
  if (trial_until_) s.trial_since = trial_since_, s.trial_until = trial_until_;
  s.rolled_back = rolled_back_;
  s.in_force = book_.size() - book_.suggested(), s.suggested = book_.suggested(), s.most = book_.most();
  s.counts = counts_;
  s.table_there = table_made_;
  s.problem = problem_;
  s.drops = {drops_.packets + drops_before_.packets, drops_.bytes + drops_before_.bytes};
  return s;
}

std::vector<BlockEntry> Blocker::entries(const std::optional<Network>& after, std::size_t most) const {
  const std::lock_guard lock{mutex_};
  std::vector<BlockEntry> out;
  for (auto at = after ? book_.all().upper_bound(*after) : book_.all().begin(); at != book_.all().end() && out.size() < most; ++at)
    out.push_back(at->second);
  return out;
}

std::optional<BlockEntry> Blocker::covering(const Network& network) const {
  const std::lock_guard lock{mutex_};
  const auto* e = book_.covering(network);
  return e ? std::optional{*e} : std::nullopt;
}

NeverBlock Blocker::never() const {
  const std::lock_guard lock{mutex_};
  return never_;
}

std::optional<std::pair<TimeNs, BlockDecision>> Blocker::last_refusal(const Network& network) const {
  const std::lock_guard lock{mutex_};
  const auto found = refusals_.find(network);
  return found == refusals_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace sekisho
