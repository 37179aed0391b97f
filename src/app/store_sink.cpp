// Jobs of the store's thread.
#include "app/store_sink.h"

#include <fmt/format.h>

#include <chrono>
#include <future>

#include "app/incident_state.h"
#include "app/time_words.h"
#include "base/log.h"

namespace sekisho {
namespace {

constexpr std::size_t kMaxUnsaved = 4096, kMaxChanges = 64;
constexpr std::int64_t kTryAgainS = 30, kCareS = 60;
constexpr std::uint64_t kCommitEveryS = 5;
constexpr std::size_t kQueue = 8192;

std::int64_t steady_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

StoreSink::StoreSink(std::string path, Retention retention, std::unique_ptr<StoreWriter> writer, std::string problem)
    : path_(std::move(path)),
      retention_(retention),
      writer_(std::move(writer)),
      next_try_(steady_seconds() + kTryAgainS),
      worker_("store", kQueue) {
  health_.path = path_;
  health_.working = writer_ != nullptr;
  health_.problem = std::move(problem);
}

StoreSink::~StoreSink() { finish(); }

StoreHealth StoreSink::health() const {
  const std::lock_guard lock{mutex_};
  auto health = health_;
  health.dropped = worker_.dropped();
  return health;
}

// Keeps the health up to date, and says once when it changes.
bool StoreSink::note(const Result<void>& done) {
  const std::lock_guard lock{mutex_};
  health_.unsaved = unsaved_.size();
  if (done.ok() && !health_.working) log_notice(fmt::format("the store {} works again", path_));
  if (!done.ok() && (health_.working || health_.problem != done.error().message))
    log_error(fmt::format("{}. Detection goes on without the store.", done.error().message));
  health_.working = done.ok();
  health_.problem = done.ok() ? std::string{} : done.error().message;
  return done.ok();
}

// Opens a store that did not open before.
bool StoreSink::usable() {
  if (writer_) return true;
  if (steady_seconds() < next_try_) return false;
  next_try_ = steady_seconds() + kTryAgainS;
  auto opened = open_store_writer(path_, retention_, SEKISHO_VERSION);
  if (!opened.ok()) return note(opened.error());
  writer_ = std::move(opened).value();
  return true;
}

bool StoreSink::save_waiting() {
  if (!usable()) return false;
  const auto save_all = [&]() -> Result<void> {
    for (const auto& [id, one] : unsaved_) {
      if (one.changes.empty()) TRY(writer_->put_incident(one.row, std::nullopt));
      for (const auto& change : one.changes) TRY(writer_->put_incident(one.row, change));
    }
    return writer_->commit();
  };
  const auto done = save_all();
  if (done.ok()) unsaved_.clear();
  return note(done);
}

void StoreSink::save(const IncidentNotice& notice, std::function<void(bool)> done) {
  const bool taken = worker_.post([this, notice, done] {
    auto& waiting = unsaved_[notice.incident->id];
    waiting.row = stored_incident(*notice.incident, notice.time);
    if (auto entry = timeline_entry(notice); entry && waiting.changes.size() < kMaxChanges) waiting.changes.push_back(std::move(*entry));
    if (unsaved_.size() > kMaxUnsaved) unsaved_.erase(unsaved_.begin());
    // Mere progress is written with the seconds: it costs no trip to the disk of its own.
    done(notice.what == "progress" || save_waiting());
  });
  if (!taken) done(false);
}

void StoreSink::on_second(const std::shared_ptr<const LiveSecond>& second) {
  worker_.post(
      [this, second] {
        const auto keep = [&]() -> Result<void> {
          TRY(writer_->append_second(second->traffic));
          if (steady_seconds() >= next_care_) {
            next_care_ = steady_seconds() + kCareS;
            TRY(writer_->maintain(wall_clock()));
          }
          return {};
        };
        const auto kept = usable() ? keep() : Result<void>{Error{}};
        if (writer_ && !kept.ok()) note(kept);
        // A trip to the disk every few seconds, for all that has gathered.
        if (kept.ok() && ++seconds_ % kCommitEveryS == 0) save_waiting();
        if (kept.ok()) return;
        const std::lock_guard lock{mutex_};
        ++health_.lost_seconds;
      },
      Worker::Importance::routine);
}

void StoreSink::add_scan_hits(std::vector<ScanHit> hits) {
  if (hits.empty()) return;
  write([hits = std::move(hits)](StoreWriter& writer) { return writer.add_scan_hits(hits); }, Worker::Importance::routine);
}

void StoreSink::put_blob(std::string key, TimeNs now, std::vector<std::uint8_t> bytes) {
  write([key = std::move(key), now, bytes = std::move(bytes)](StoreWriter& writer) { return writer.put_blob(key, now, bytes); });
}

void StoreSink::write(std::function<Result<void>(StoreWriter&)> job, Worker::Importance importance) {
  worker_.post(
      [this, job = std::move(job)] {
        if (!usable()) return;
        if (const auto done = job(*writer_); !done.ok()) note(done);
      },
      importance);
}

Result<void> StoreSink::settle(std::chrono::milliseconds most) {
  const auto done = std::make_shared<std::promise<bool>>();
  auto stored = done->get_future();
  if (!worker_.post([this, done] { done->set_value(save_waiting()); })) return Error{"the store's queue is full"};
  if (stored.wait_for(most) != std::future_status::ready)
    return Error{fmt::format("the store {} did not take it within {} ms", path_, most.count())};
  if (stored.get()) return {};
  const auto state = health();
  return Error{state.problem.empty() ? fmt::format("the store {} does not work", path_) : state.problem};
}

void StoreSink::finish() {
  worker_.post([this] { save_waiting(); });
  worker_.finish();
  writer_.reset();
}

}  // namespace sekisho
