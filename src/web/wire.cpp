// Boost.Asio with completion handlers: clang 14, which fuzzes and lints this project, cannot compile Asio 1.74's coroutines.
#include <utility>

#include "web/wire.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace sekisho {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using Code = boost::system::error_code;

template <class Stream>
class WireOver final : public Wire {
 public:
  template <class... Arguments>
  explicit WireOver(Arguments&&... arguments) : stream_(std::forward<Arguments>(arguments)...) {}

  void handshake(Done done) override {
    if constexpr (kTls)
      stream_.async_handshake(asio::ssl::stream_base::server, [done = std::move(done)](Code failed) { done(!failed, 0); });
    else
      done(true, 0);
  }
  void read_some(char* into, std::size_t size, Done done) override {
    stream_.async_read_some(asio::buffer(into, size), [done = std::move(done)](Code failed, std::size_t bytes) { done(!failed, bytes); });
  }
  void write(std::string_view first, std::string_view second, Done done) override {
    const std::array<asio::const_buffer, 2> both{asio::const_buffer{first.data(), first.size()},
                                                 asio::const_buffer{second.data(), second.size()}};
    asio::async_write(stream_, both, [done = std::move(done)](Code failed, std::size_t bytes) { done(!failed, bytes); });
  }
  void deadline(std::optional<std::chrono::seconds> from_now) override {
    if (from_now)
      beast::get_lowest_layer(stream_).expires_after(*from_now);
    else
      beast::get_lowest_layer(stream_).expires_never();
  }
  void shut_down(Done done) override {
    if constexpr (kTls) {
      stream_.async_shutdown([done = std::move(done)](Code failed) { done(!failed, 0); });
    } else {
      Code ignored;
      stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
      done(true, 0);
    }
  }
  void close() override { beast::get_lowest_layer(stream_).close(); }

 private:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;
  Stream stream_;
};

}  // namespace

std::unique_ptr<Wire> Wire::plain(tcp::socket socket) { return std::make_unique<WireOver<beast::tcp_stream>>(std::move(socket)); }
std::unique_ptr<Wire> Wire::tls(tcp::socket socket, asio::ssl::context& context) {
  return std::make_unique<WireOver<beast::ssl_stream<beast::tcp_stream>>>(std::move(socket), context);
}

}  // namespace sekisho
