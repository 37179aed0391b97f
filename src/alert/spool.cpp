// Files "000000000042.json", in the order of their numbers.
#include "alert/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/fd.h"
#include "base/text.h"

namespace sekisho {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMaxFile = 1 << 20;

std::vector<std::uint64_t> numbers_in(const std::string& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code failed;
  for (auto at = fs::directory_iterator{folder, failed}; !failed && at != fs::directory_iterator{}; at.increment(failed)) {
    const auto name = at->path().filename().string();
    if (name.size() != 17 || !name.ends_with(".json") || name.find_first_not_of("0123456789") != 12) continue;
    numbers.push_back(std::stoull(name.substr(0, 12)));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

Result<void> write_whole_file(const std::string& path, std::string_view text) {
  const auto beside = path + ".new";
  const auto failure = [&](int why) { return Error{fmt::format("{} cannot be written: {}", escape_hostile(path), std::strerror(why))}; };
  Fd file{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file) return failure(errno);
  while (!text.empty()) {
    const auto n = ::write(file.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const int why = n < 0 ? errno : ENOSPC;
      ::unlink(beside.c_str());
      return failure(why);
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fdatasync(file.get()) != 0 || ::rename(beside.c_str(), path.c_str()) != 0) return failure(errno);
  const Fd folder{::open(fs::path{path}.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder) static_cast<void>(::fsync(folder.get()) == 0);
  return {};
}

Result<std::string> read_whole_file(const std::string& path, std::size_t most) {
  const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!file) return Error{fmt::format("{}: {}", escape_hostile(path), std::strerror(errno))};
  std::string text;
  char bytes[16'384];
  for (;;) {
    const auto n = ::read(file.get(), bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error{fmt::format("{}: {}", escape_hostile(path), std::strerror(errno))};
    if (n == 0) return text;
    if (text.size() + static_cast<std::size_t>(n) > most) return Error{fmt::format("{} is too large", escape_hostile(path))};
    text.append(bytes, static_cast<std::size_t>(n));
  }
}

AlertSpool::AlertSpool(std::string folder, std::size_t max_entries) : folder_(std::move(folder)), max_entries_(max_entries) {
  std::error_code failed;
  fs::create_directories(folder_ + "/dead", failed);
  if (failed) problem_ = fmt::format("the folder {} cannot be made: {}", escape_hostile(folder_), failed.message());
  const auto buried = numbers_in(folder_ + "/dead");
  dead_ = buried.size();
  if (!buried.empty()) next_ = buried.back() + 1;
  for (const auto number : numbers_in(folder_)) {
    next_ = std::max(next_, number + 1);
    const auto text = read_whole_file(path_of(number), kMaxFile);
    auto alert = text.ok() ? parse_alert(text.value()) : Result<Alert>{text.error()};
    waiting_.push_back({number, alert.ok() ? std::make_shared<const Alert>(std::move(alert).value()) : nullptr, true});
    if (alert.ok()) continue;
    waiting_.pop_back();
    ::rename(path_of(number).c_str(), fmt::format("{}/dead/{:012}.json", folder_, number).c_str());
    ++dead_;
  }
  make_room();
}

std::string AlertSpool::path_of(std::uint64_t number) const { return fmt::format("{}/{:012}.json", folder_, number); }

void AlertSpool::put(std::shared_ptr<const Alert> alert) {
  const auto number = next_number();
  const auto wrote = write(number, *alert);
  add(number, std::move(alert), wrote);
}

Result<void> AlertSpool::write(std::uint64_t number, const Alert& alert) const {
  return write_whole_file(path_of(number), alert_json(alert));
}

void AlertSpool::add(std::uint64_t number, std::shared_ptr<const Alert> alert, const Result<void>& wrote) {
  problem_ = wrote.ok() ? std::string{} : wrote.error().message;
  waiting_.push_back({number, std::move(alert), wrote.ok()});
  make_room();
}

// What goes on or sums up goes first, then the oldest; beginnings and ends are what a pager lives by.
void AlertSpool::make_room() {
  while (waiting_.size() > max_entries_) {
    // The first may be under way.
    auto victim = std::find_if(std::next(waiting_.begin()), waiting_.end(), [](const SpooledAlert& e) {
      return e.alert->event == AlertEvent::update || e.alert->event == AlertEvent::reminder || e.alert->event == AlertEvent::digest;
    });
    if (victim == waiting_.end()) victim = std::next(waiting_.begin());
    ::unlink(path_of(victim->number).c_str());
    waiting_.erase(victim);
    ++dropped_;
  }
}

void AlertSpool::done() {
  if (waiting_.front().on_disk) ::unlink(path_of(waiting_.front().number).c_str());
  waiting_.pop_front();
}

void AlertSpool::bury() {
  const auto grave = fmt::format("{}/dead/{:012}.json", folder_, waiting_.front().number);
  if (waiting_.front().on_disk) ::rename(path_of(waiting_.front().number).c_str(), grave.c_str());
  waiting_.pop_front();
  ++dead_;
  const auto buried = numbers_in(folder_ + "/dead");
  for (std::size_t i = 0; i + kMaxDead < buried.size(); ++i) ::unlink(fmt::format("{}/dead/{:012}.json", folder_, buried[i]).c_str());
}

}  // namespace sekisho
