// Wire: one TCP connection, plain or TLS, with a deadline; so that the protocol above is compiled once.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace sekisho {

// On the io_context's thread. One read and one write at a time. A call-back that has come is the last use of what was handed in.
class Wire {
 public:
  using Done = std::function<void(bool ok, std::size_t bytes)>;

  static std::unique_ptr<Wire> plain(boost::asio::ip::tcp::socket socket);
  static std::unique_ptr<Wire> tls(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& context);
  virtual ~Wire() = default;

  virtual void handshake(Done done) = 0;
  virtual void read_some(char* into, std::size_t size, Done done) = 0;
  // All of both, in order.
  virtual void write(std::string_view first, std::string_view second, Done done) = 0;
  // What is under way fails when it has not ended by then; nullopt: it may take for ever.
  virtual void deadline(std::optional<std::chrono::seconds> from_now) = 0;
  // Says goodbye; nothing may be sent after it.
  virtual void shut_down(Done done) = 0;
  virtual void close() = 0;
};

}  // namespace sekisho
