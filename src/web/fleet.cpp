// The asking: all members at once by libcurl, no redirects, no proxy, bounded in time and size.
#include "web/fleet.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace sekisho {
namespace {

constexpr long kTimeoutMs = 4000;
constexpr std::size_t kMostBytes = 1 << 20;

TimeNs now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

struct Ask {
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  std::string body;
  bool too_long = false;
  ~Ask() {
    curl_easy_cleanup(handle);
    curl_slist_free_all(headers);
  }
};

std::size_t take(char* data, std::size_t size, std::size_t count, void* self) {
  auto& ask = *static_cast<Ask*>(self);
  ask.too_long = ask.body.size() + size * count > kMostBytes;
  if (ask.too_long) return 0;
  ask.body.append(data, size * count);
  return size * count;
}

void prepare(Ask& ask, const FleetMember& member, const std::string& ca_file) {
  ask.handle = curl_easy_init();
  if (!ask.handle) return;
  ask.headers = curl_slist_append(ask.headers, ("Authorization: Bearer " + member.token).c_str());
  curl_easy_setopt(ask.handle, CURLOPT_URL, (member.url + "/api/v1/status").c_str());
  curl_easy_setopt(ask.handle, CURLOPT_HTTPHEADER, ask.headers);
  curl_easy_setopt(ask.handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(ask.handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(ask.handle, CURLOPT_FOLLOWLOCATION, 0L);  // the token goes nowhere else
  curl_easy_setopt(ask.handle, CURLOPT_PROXY, "");
  curl_easy_setopt(ask.handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(ask.handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!ca_file.empty()) curl_easy_setopt(ask.handle, CURLOPT_CAINFO, ca_file.c_str());
  curl_easy_setopt(ask.handle, CURLOPT_TIMEOUT_MS, kTimeoutMs);
  curl_easy_setopt(ask.handle, CURLOPT_CONNECTTIMEOUT_MS, kTimeoutMs);
  curl_easy_setopt(ask.handle, CURLOPT_USERAGENT, "sekisho");
  curl_easy_setopt(ask.handle, CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(ask.handle, CURLOPT_WRITEDATA, &ask);
}

std::string problem_of(const Ask& ask, CURLcode code) {
  if (ask.too_long) return fmt::format("its answer is longer than {}", format_bytes(kMostBytes));
  if (code == CURLE_OPERATION_TIMEDOUT) return fmt::format("did not answer within {} s", kTimeoutMs / 1000);
  if (code == CURLE_PEER_FAILED_VERIFICATION) return "its certificate is not one that fleet_ca or this machine trusts";
  if (code != CURLE_OK) return curl_easy_strerror(code);
  long status = 0;
  curl_easy_getinfo(ask.handle, CURLINFO_RESPONSE_CODE, &status);
  if (status == 401 || status == 403) return "refused the token: make a new one there with 'sekisho web token new --role viewer'";
  if (status != 200) return fmt::format("answered with status {}", status);
  return nlohmann::ordered_json::accept(ask.body) ? "" : "answered with something that is no JSON: is it a Sekisho dashboard?";
}

}  // namespace

Fleet::Fleet(std::vector<FleetMember> members, std::string ca_file, DurationNs every)
    : members_(std::move(members)), ca_file_(std::move(ca_file)), every_(every), sights_(members_.size()) {}

void Fleet::start() {
  if (any()) thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void Fleet::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Fleet::run(const std::stop_token& stop) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  std::mutex mutex;
  std::condition_variable_any wake;
  while (!stop.stop_requested()) {
    ask_all(stop);
    std::unique_lock lock{mutex};
    wake.wait_for(lock, stop, std::chrono::nanoseconds{every_}, [] { return false; });
  }
}

void Fleet::ask_all(const std::stop_token& stop) {
  const std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> together{curl_multi_init(), &curl_multi_cleanup};
  std::vector<Ask> asks(members_.size());
  if (!together) return;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    prepare(asks[i], members_[i], ca_file_);
    if (asks[i].handle) curl_multi_add_handle(together.get(), asks[i].handle);
  }
  int running = 1;
  while (running > 0 && !stop.stop_requested())
    if (curl_multi_perform(together.get(), &running) != CURLM_OK || curl_multi_poll(together.get(), nullptr, 0, 200, nullptr) != CURLM_OK)
      break;
  int left = 0;
  while (const auto* message = curl_multi_info_read(together.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto ask = std::find_if(asks.begin(), asks.end(), [&](const Ask& a) { return a.handle == message->easy_handle; });
    auto problem = problem_of(*ask, message->data.result);
    const std::lock_guard lock{mutex_};
    auto& sight = sights_[static_cast<std::size_t>(ask - asks.begin())];
    if (problem.empty()) sight.status = std::move(ask->body), sight.seen = now_ns();
    sight.problem = std::move(problem);
  }
  for (auto& ask : asks)
    if (ask.handle) curl_multi_remove_handle(together.get(), ask.handle);
}

nlohmann::ordered_json Fleet::rows() const {
  std::vector<nlohmann::ordered_json> rows;
  {
    const std::lock_guard lock{mutex_};
    for (std::size_t i = 0; i < members_.size(); ++i) rows.push_back(fleet_row(members_[i], sights_[i]));
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a["rank"].template get<int>() < b["rank"].template get<int>(); });
  auto list = nlohmann::ordered_json::array();
  for (auto& row : rows) row.erase("rank"), list.push_back(std::move(row));
  return list;
}

}  // namespace sekisho
