// Reading requests with Beast's parser, writing answers.
#include <utility>

#include "web/connection.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include "base/text.h"
#include "web/compress.h"

namespace sekisho {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using std::chrono::seconds;

// Long enough for slow lines, short enough that silent connections do not pile up.
constexpr seconds kRequestTime{15}, kIdleTime{60}, kWriteTime{30}, kHeartbeat{15}, kGoodbyeTime{5};
constexpr std::size_t kFollowBytes = 64 * 1024, kFileBytes = 128 * 1024;

TimeNs now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Connection::Connection(std::unique_ptr<Wire> wire, bool tls, std::string peer, Hub& hub)
    : wire_(std::move(wire)), tls_(tls), peer_(std::move(peer)), hub_(hub), heartbeat_(hub.io) {
  hub_.site.counts.connections = ++hub_.connections;
}

Connection::~Connection() {
  hub_.site.counts.connections = --hub_.connections;
  hub_.followers.erase(this);
  hub_.site.counts.viewers = hub_.followers.size();
}

void Connection::start() {
  wire_->deadline(kRequestTime);
  wire_->handshake([self = shared_from_this()](bool ok, std::size_t) {
    if (ok) self->next_request();
  });
}

void Connection::next_request() {
  parser_.emplace();
  parser_->header_limit(kMaxHeaderBytes);
  parser_->body_limit(kMaxBodyBytes);
  parser_->eager(true);
  request_ = {};
  wire_->deadline(received_.empty() && keep_alive_ ? kIdleTime : kRequestTime);
  if (!feed()) read();
}

void Connection::read() {
  wire_->read_some(chunk_, sizeof chunk_, [self = shared_from_this()](bool ok, std::size_t bytes) {
    if (!ok) return;  // gone, or too slow
    if (self->received_.empty()) self->wire_->deadline(kRequestTime);
    self->received_.append(self->chunk_, bytes);
    if (!self->feed()) self->read();
  });
}

// True: the request is complete (or refused) and being answered.
bool Connection::feed() {
  while (!received_.empty()) {
    boost::system::error_code failed;
    const auto used = parser_->put(asio::buffer(received_), failed);
    received_.erase(0, used);
    if (failed == http::error::need_more) {
      if (received_.size() <= kMaxHeaderBytes) return false;
      failed = http::error::header_limit;
    }
    if (failed) {
      if (failed == http::error::header_limit)
        refuse(431, "The request's head is longer than 16 KiB.");
      else if (failed == http::error::body_limit)
        refuse(413, "The request's body is longer than 64 KiB.");
      else
        refuse(400, "This is no HTTP request.");
      return true;
    }
    if (parser_->is_done()) {
      handle();
      return true;
    }
    if (used == 0) return false;
  }
  return false;
}

void Connection::handle() {
  keep_alive_ = parser_->get().keep_alive();
  take_request();
  if (auto bad = parse_target({parser_->get().target().data(), parser_->get().target().size()}, request_); !bad.ok())
    return refuse(400, bad.error().message);
  auto decision = hub_.site.decide(request_, now_ns());
  if (auto* ready = std::get_if<HttpResponse>(&decision)) return respond(std::move(*ready));
  if (const auto* follow_from = std::get_if<Follow>(&decision)) return follow(follow_from->start);
  wire_->deadline(std::nullopt);
  const bool taken = hub_.workers->submit([self = shared_from_this(), work = std::move(std::get<Work>(decision))](JobContext& worker) {
    auto made = std::make_shared<HttpResponse>(self->answer(work, worker));
    // The last use of the connection is on its own thread.
    asio::post(self->hub_.io, [self, made] { self->respond(std::move(*made)); });
  });
  if (!taken) respond(error_response(503, "The dashboard is overloaded.", "Try again in a moment."));
}

// On a worker's thread: touches only what the other thread leaves alone meanwhile.
HttpResponse Connection::answer(const Work& work, JobContext& worker) {
  HttpResponse made;
  try {
    Call call{request_, work.visitor, worker, work.parameters, static_cast<double>(now_ns()) / kSecond};
    made = work.route->answer(call);
  } catch (const std::exception& e) {  // of a library, on data that nobody foresaw
    made = error_response(500, "The dashboard could not make this answer.", escape_hostile(e.what(), 200));
  }
  if (made.body.size() > 1400 && accepts_encoding(request_.accept_encoding, "gzip"))
    if (auto packed = gzip(made.body); !packed.empty()) {
      made.body = std::move(packed);
      made.headers.emplace_back("Content-Encoding", "gzip");
    }
  return made;
}

void Connection::take_request() {
  const auto& message = parser_->get();
  const auto header = [&](auto name) { return std::string{message[name]}; };
  request_.method = std::string{message.method_string()};
  request_.tls = tls_;
  request_.peer = peer_;
  request_.host = header(http::field::host);
  request_.origin = header(http::field::origin);
  request_.authorization = header(http::field::authorization);
  request_.cookie = header(http::field::cookie);
  request_.accept_encoding = header(http::field::accept_encoding);
  request_.if_none_match = header(http::field::if_none_match);
  request_.content_type = header(http::field::content_type);
  request_.last_event_id = header("Last-Event-ID");
  request_.fetch_site = header("Sec-Fetch-Site");
  request_.body = message.body();
  if (!hub_.settings.behind_proxy) return;
  // What stands last was added by the proxy itself; what stands before may be anybody's invention.
  const auto forwarded = header("X-Forwarded-For");
  const auto comma = forwarded.rfind(',');
  auto last = forwarded.substr(comma == std::string::npos ? 0 : comma + 1);
  last.erase(0, std::min(last.find_first_not_of(' '), last.size()));
  if (!last.empty()) request_.peer = last.substr(0, 64);
  if (header("X-Forwarded-Proto") == "https") request_.tls = true;
}

void Connection::refuse(int status, std::string_view message) {
  keep_alive_ = false;
  ++hub_.site.counts.denied;
  respond(error_response(status, message));
}

std::string Connection::head(const HttpResponse& response, std::optional<std::uint64_t> size) const {
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\n", response.status, std::string{http::obsolete_reason(static_cast<http::status>(response.status))});
  const auto add = [&](std::string_view name, std::string_view value) { text.append(name).append(": ").append(value).append("\r\n"); };
  if (response.status != 304) add("Content-Type", response.type);
  for (const auto& [name, value] : safety_headers()) add(name, value);
  bool cache = false;
  for (const auto& [name, value] : response.headers) {
    add(name, value);
    cache = cache || name == "Cache-Control";
  }
  if (!cache) add("Cache-Control", "no-store");
  if (size) add("Content-Length", std::to_string(*size));
  add("Connection", keep_alive_ ? "keep-alive" : "close");
  return text + "\r\n";
}

void Connection::write(std::string_view body, std::function<void()> then) {
  wire_->deadline(kWriteTime);
  wire_->write(out_, body, [self = shared_from_this(), then = std::move(then)](bool ok, std::size_t bytes) {
    self->hub_.site.counts.bytes_sent += bytes;
    if (ok) return then();
    if (self->response_.file >= 0) ::close(std::exchange(self->response_.file, -1));
  });
}

void Connection::respond(HttpResponse response) {
  response_ = std::move(response);
  if (response_.status >= 500) ++hub_.site.counts.failed;
  const bool only_head = request_.method == "HEAD" || response_.status == 304;
  const std::string_view body = response_.fixed.empty() ? std::string_view{response_.body} : response_.fixed;
  const auto size = response_.file >= 0 ? response_.file_bytes : body.size();
  out_ = head(response_, response_.status == 304 ? std::nullopt : std::optional{size});
  if (only_head && response_.file >= 0) ::close(std::exchange(response_.file, -1));
  if (response_.file >= 0) return write({}, [this] { send_file(response_.file, response_.file_bytes); });
  write(only_head ? std::string_view{} : body, [this] { finish(); });
}

// A big file over a slow line takes its time: the deadline starts anew with each piece.
void Connection::send_file(int fd, std::uint64_t left) {
  file_chunk_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, kFileBytes)));
  const auto got = left ? ::read(fd, file_chunk_.data(), file_chunk_.size()) : 0;
  if (got <= 0) {
    ::close(std::exchange(response_.file, -1));
    if (left) keep_alive_ = false;  // shorter than promised: only an end of the connection says so
    return finish();
  }
  out_.clear();
  write(std::string_view{file_chunk_}.substr(0, static_cast<std::size_t>(got)),
        [this, fd, left, got] { send_file(fd, left - static_cast<std::uint64_t>(got)); });
}

void Connection::follow(LiveFeed::Start start) {
  if (hub_.followers.size() >= hub_.settings.max_viewers) return respond(error_response(503, "Too many follow the stream already."));
  HttpResponse stream;
  stream.type = "text/event-stream";
  stream.headers.emplace_back("X-Accel-Buffering", "no");
  keep_alive_ = false;
  following_ = true;
  position_ = start.position;
  hub_.followers.insert(this);
  hub_.site.counts.viewers = hub_.followers.size();
  // Whoever is too late to be told what it missed asks for the state anew.
  const bool missed = !start.resumed && !request_.last_event_id.empty();
  write_follow(head(stream, std::nullopt) + "retry: 2000\n\n" + (missed ? event_text("", "reset", "{}") : ""));
  wire_->deadline(std::nullopt);  // of the read alone: the write is under way already
  watch_end();
  beat();
}

void Connection::pump() {
  if (writing_) return;
  if (auto text = hub_.site.feed().after(position_, kFollowBytes); !text.empty()) write_follow(std::move(text));
}

void Connection::write_follow(std::string text) {
  writing_ = true;
  out_ = std::move(text);
  wire_->deadline(kWriteTime);
  wire_->write(out_, {}, [self = shared_from_this()](bool ok, std::size_t bytes) {
    self->hub_.site.counts.bytes_sent += bytes;
    self->writing_ = false;
    if (!ok) return self->end_follow();
    self->wire_->deadline(std::nullopt);
    self->pump();
  });
}

// A follower sends nothing more: a read ends when it goes.
void Connection::watch_end() {
  wire_->read_some(chunk_, sizeof chunk_, [self = shared_from_this()](bool ok, std::size_t) {
    if (!ok) return self->end_follow();
    self->watch_end();
  });
}

void Connection::beat() {
  heartbeat_.expires_after(kHeartbeat);
  heartbeat_.async_wait([self = shared_from_this()](boost::system::error_code failed) {
    if (failed || !self->following_) return;
    if (!self->hub_.site.still_welcome(self->request_, now_ns())) return self->end_follow();
    if (!self->writing_) self->write_follow(": still here\n\n");
    self->beat();
  });
}

void Connection::end_follow() {
  following_ = false;
  hub_.followers.erase(this);
  hub_.site.counts.viewers = hub_.followers.size();
  heartbeat_.cancel();
  wire_->close();
}

void Connection::finish() {
  if (keep_alive_) return next_request();
  wire_->deadline(kGoodbyeTime);
  wire_->shut_down([self = shared_from_this()](bool, std::size_t) {});
}

}  // namespace sekisho
