// Server: HTTP/1.1 over TCP, plain or TLS, on one thread. Bounded in connections, sizes and times.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "web/site.h"
#include "web/workers.h"

namespace sekisho {

struct ServerSettings {
  std::string listen = "127.0.0.1:8470";  // "[::1]:8470", "localhost:0" (0: any free port)
  std::string certificate, key;           // PEM files; both or none
  bool behind_proxy = false;              // a proxy in front speaks TLS: its X-Forwarded-For and X-Forwarded-Proto are believed
  std::size_t max_connections = 600, max_viewers = 400;
};

class Server {
 public:
  // Binds and loads the certificate: the part that may need rights. Refuses to listen beyond loopback without TLS or behind_proxy.
  static Result<std::unique_ptr<Server>> open(const ServerSettings& settings, Site& site);
  virtual ~Server() = default;
  // Serves until SIGINT, SIGTERM or stop().
  virtual void run(Workers& workers) = 0;
  virtual void stop() = 0;                  // any thread
  virtual std::string address() const = 0;  // "http://127.0.0.1:8470/"
};

}  // namespace sekisho
