// Site: everything the server serves, and who may have it. Knows nothing of sockets.
#pragma once
#include <atomic>
#include <map>
#include <string>
#include <variant>

#include "web/access.h"
#include "web/live_feed.h"
#include "web/routes.h"

namespace sekisho {

// What is to be done for a request: answered at once, by a worker, or followed.
struct Work {
  const Route* route = nullptr;
  std::map<std::string, std::string> parameters;
  Visitor visitor;
};
struct Follow {
  LiveFeed::Start start;
};
using Decision = std::variant<HttpResponse, Work, Follow>;

struct SiteCounts {
  std::atomic<std::uint64_t> requests = 0, denied = 0, failed = 0, connections = 0, connections_refused = 0, viewers = 0, bytes_sent = 0;
};

// Any threads.
class Site {
 public:
  Site(Access& access, Routes& routes, LiveFeed& feed) : access_(access), routes_(routes), feed_(feed) {}

  Decision decide(const HttpRequest& request, TimeNs now);
  // Whether whoever sent this may still follow the stream: tokens are revoked and sessions end while it goes on.
  bool still_welcome(const HttpRequest& request, TimeNs now);

  LiveFeed& feed() { return feed_; }
  SiteCounts counts;

 private:
  Access& access_;
  Routes& routes_;
  LiveFeed& feed_;
};

constexpr std::string_view kStreamPath = "/api/v1/stream";
// Headers of every answer: what a browser may do with it, and with the page.
const std::vector<std::pair<std::string, std::string>>& safety_headers();

}  // namespace sekisho
