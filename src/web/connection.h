// Connection: one HTTP/1.1 connection: requests in, answers or the live stream out.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "web/server.h"
#include "web/wire.h"

namespace sekisho {

class Connection;

// Shared by all connections, on the one thread of the io_context.
struct Hub {
  boost::asio::io_context& io;
  Site& site;
  Workers* workers;  // there before the first request
  const ServerSettings& settings;
  std::size_t connections = 0;
  std::set<Connection*> followers;
};

// Lives as long as one of its call-backs is under way.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::unique_ptr<Wire> wire, bool tls, std::string peer, Hub& hub);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  void pump();  // followers: there may be more events

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  void next_request();
  void read();
  bool feed();
  void handle();
  void take_request();
  HttpResponse answer(const Work& work, JobContext& worker);
  void refuse(int status, std::string_view message);
  void respond(HttpResponse response);
  std::string head(const HttpResponse& response, std::optional<std::uint64_t> size) const;
  void write(std::string_view body, std::function<void()> then);
  void send_file(int fd, std::uint64_t left);
  void follow(LiveFeed::Start start);
  void write_follow(std::string text);
  void watch_end();
  void beat();
  void end_follow();
  void finish();

  std::unique_ptr<Wire> wire_;
  const bool tls_;
  const std::string peer_;
  Hub& hub_;
  std::optional<Parser> parser_;
  std::string received_;  // bytes that no request has taken yet
  char chunk_[16 * 1024];
  HttpRequest request_;
  HttpResponse response_;
  std::string out_, file_chunk_;
  bool keep_alive_ = false, following_ = false, writing_ = false;
  std::uint64_t position_ = 0;
  boost::asio::steady_timer heartbeat_;
};

}  // namespace sekisho
