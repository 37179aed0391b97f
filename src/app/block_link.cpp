// The agent by its socket; else a Blocker of this process, for as long as the command runs.
#include "app/block_link.h"

#include <fmt/format.h>
#include <unistd.h>

#include "app/block_desk.h"
#include "app/block_lock.h"
#include "app/blocker.h"
#include "app/time_words.h"
#include "control/client.h"
#include "response/never_sources.h"

namespace sekisho {
namespace {

class AgentLink final : public BlockLink {
 public:
  explicit AgentLink(std::unique_ptr<ControlClient> client) : client_(std::move(client)) {}
  Result<std::string> ask(const std::string& verb, const std::string& with) override {
    return client_->ask(verb, with, Role::admin, std::chrono::seconds{30});
  }
  bool is_agent() const override { return true; }

 private:
  std::unique_ptr<ControlClient> client_;
};

class OwnLink final : public BlockLink {
 public:
  static Result<std::unique_ptr<BlockLink>> open(const Config& config, bool changes) {
    std::unique_ptr<OwnLink> link{new OwnLink};
    std::optional<BlockTable> table;
    if (changes) {
      // The store's lock tells of an agent whose socket is elsewhere.
      link->writer_ = TRY(open_store_writer(config.store.path, retention_of(config.store), SEKISHO_VERSION));
      auto lock = TRY(take_block_lock());
      link->lock_.emplace(std::move(lock));
      auto opened = TRY(BlockTable::open());
      table.emplace(std::move(opened));
    }
    auto settings = blocker_settings(config);
    settings.confirm_within = 0;  // what is done by hand is on no trial
    link->blocker_ = std::make_unique<Blocker>(std::move(settings), std::move(table), std::string{},
                                               [raw = link.get()](std::function<Result<void>(StoreWriter&)> job) { raw->write(job); });
    const auto now = wall_clock();
    if (const auto files = RootedFolder::open("/"); files.ok()) {
      auto found = find_never(files.value());
      SshLook ssh;
      find_ssh_peers(files.value(), ssh);
      found.insert(found.end(), ssh.peers.begin(), ssh.peers.end());
      link->blocker_->set_found(std::move(found), now);
    }
    std::vector<StoredBlock> blocks;
    std::vector<BlockOffences> offences;
    bool panicked = false;
    if (::access(config.store.path.c_str(), F_OK) == 0) {
      auto reader = TRY(open_store_reader(config.store.path));
      blocks = TRY(reader->blocks());
      offences = TRY(reader->block_offences(now - config.response.forget_after.count * kMillisecond, 200'000));
      const auto blob = TRY(reader->blob(std::string{kPanicKey}));
      panicked = blob && !blob->empty() && blob->front() == 1;
    }
    link->blocker_->resume(blocks, offences, false, panicked, now, true);
    return std::unique_ptr<BlockLink>{std::move(link)};
  }

  Result<std::string> ask(const std::string& verb, const std::string& with) override {
    auto answer = TRY(answer_block(*blocker_, verb, with, {fmt::format("uid {}", ::geteuid()), wall_clock()}));
    if (!failed_.ok()) return failed_.error();
    if (writer_) TRY(writer_->commit());
    return answer;
  }
  bool is_agent() const override { return false; }

 private:
  OwnLink() = default;
  void write(const std::function<Result<void>(StoreWriter&)>& job) {
    if (!writer_ || !failed_.ok()) return;
    if (auto done = job(*writer_); !done.ok()) failed_ = done;
  }

  std::unique_ptr<StoreWriter> writer_;
  std::optional<FileLock> lock_;
  Result<void> failed_;
  std::unique_ptr<Blocker> blocker_;
};

}  // namespace

Result<std::unique_ptr<BlockLink>> open_block_link(const Config& config, bool changes) {
  auto client = ControlClient::connect(config.control.socket);
  if (client.ok()) return std::unique_ptr<BlockLink>{std::make_unique<AgentLink>(std::move(client).value())};
  if (!agent_is_absent(config.control.socket)) return client.error();
  return OwnLink::open(config, changes);
}

}  // namespace sekisho
