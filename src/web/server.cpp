// The listening side: address, certificate, accepting, signals.
#include <utility>

#include "web/server.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <vector>

#include "base/text.h"
#include "web/connection.h"

namespace sekisho {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;

struct Endpoint {
  tcp::endpoint at;
  bool loopback = false;
};

Result<Endpoint> parse_listen(const std::string& text) {
  const Error wrong{fmt::format("[web] listen = \"{}\": write an address and a port, such as \"127.0.0.1:8470\" or \"[::1]:8470\"",
                                escape_hostile(text, 80)),
                    ErrorKind::usage};
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return wrong;
  auto name = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  if (name.size() > 2 && name.front() == '[' && name.back() == ']')
    name = name.substr(1, name.size() - 2);
  else if (name.find(':') != std::string::npos)
    return wrong;
  if (name == "localhost") name = "127.0.0.1";
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos || std::stoul(port) > 65535)
    return wrong;
  Code failed;
  const auto address = asio::ip::make_address(name, failed);
  if (failed) return wrong;
  return Endpoint{{address, static_cast<std::uint16_t>(std::stoul(port))}, address.is_loopback()};
}

class BeastServer final : public Server {
 public:
  BeastServer(const ServerSettings& settings, Site& site)
      : settings_(settings), hub_{io_, site, nullptr, settings_, 0, {}}, acceptor_(io_), signals_(io_), again_(io_) {}

  Result<void> open() {
    const auto endpoint = TRY(parse_listen(settings_.listen));
    if (settings_.certificate.empty() != settings_.key.empty())
      return Error{"[web] certificate and key belong together: give both or none", ErrorKind::usage};
    if (!endpoint.loopback && settings_.certificate.empty() && !settings_.behind_proxy)
      return Error{
          fmt::format(
              "[web] listen = \"{}\" can be reached from other machines, and without TLS everybody on the way reads the token: give [web] "
              "certificate and key, or set behind_proxy = true when a proxy in front speaks TLS",
              escape_hostile(settings_.listen, 80)),
          ErrorKind::usage};
    Code failed;
    if (!settings_.certificate.empty()) {
      tls_.emplace(asio::ssl::context::tls_server);
      tls_->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 | asio::ssl::context::no_sslv3 |
                        asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 | asio::ssl::context::no_compression);
      tls_->use_certificate_chain_file(settings_.certificate, failed);
      if (failed)
        return Error{fmt::format("[web] certificate = \"{}\": {}", escape_hostile(settings_.certificate), failed.message()),
                     ErrorKind::usage};
      tls_->use_private_key_file(settings_.key, asio::ssl::context::pem, failed);
      if (failed) return Error{fmt::format("[web] key = \"{}\": {}", escape_hostile(settings_.key), failed.message()), ErrorKind::usage};
    }
    acceptor_.open(endpoint.at.protocol(), failed);
    if (!failed) acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) acceptor_.bind(endpoint.at, failed);
    if (!failed) acceptor_.listen(128, failed);
    if (failed)
      return Error{
          fmt::format("cannot listen at {}: {}{}", escape_hostile(settings_.listen, 80), failed.message(),
                      failed == asio::error::address_in_use ? "; is another dashboard running? Choose another port in [web] listen" : "")};
    return {};
  }

  std::string address() const override {
    const auto at = acceptor_.local_endpoint();
    const auto name = at.address().is_v6() ? "[" + at.address().to_string() + "]" : at.address().to_string();
    return fmt::format("{}://{}:{}/", tls_ ? "https" : "http", at.address().is_unspecified() ? "localhost" : name, at.port());
  }

  void run(Workers& workers) override {
    hub_.workers = &workers;
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.async_wait([this](Code failed, int) {
      if (!failed) stop_now();
    });
    hub_.site.feed().on_added = [this] {
      asio::post(io_, [this] {
        // pump() may end a follower.
        const std::vector<Connection*> all(hub_.followers.begin(), hub_.followers.end());
        for (auto* follower : all)
          if (hub_.followers.contains(follower)) follower->pump();
      });
    };
    accept();
    io_.run();
    hub_.site.feed().on_added = nullptr;
  }
  void stop() override {
    asio::post(io_, [this] { stop_now(); });
  }

 private:
  void accept() {
    acceptor_.async_accept([this](Code failed, tcp::socket socket) {
      if (failed == asio::error::operation_aborted) return;
      if (failed) {
        // Out of descriptors or memory: waiting helps, trying at once does not.
        again_.expires_after(std::chrono::milliseconds{200});
        again_.async_wait([this](Code stopped) {
          if (!stopped) accept();
        });
        return;
      }
      if (hub_.connections >= settings_.max_connections) {
        ++hub_.site.counts.connections_refused;
      } else {
        Code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        const auto peer = socket.remote_endpoint(ignored).address().to_string();
        auto wire = tls_ ? Wire::tls(std::move(socket), *tls_) : Wire::plain(std::move(socket));
        std::make_shared<Connection>(std::move(wire), tls_.has_value(), peer, hub_)->start();
      }
      accept();
    });
  }
  void stop_now() {
    Code ignored;
    acceptor_.close(ignored);
    signals_.cancel(ignored);
    io_.stop();
  }

  const ServerSettings settings_;
  asio::io_context io_{1};
  std::optional<asio::ssl::context> tls_;
  Hub hub_;
  tcp::acceptor acceptor_;
  asio::signal_set signals_;
  asio::steady_timer again_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::open(const ServerSettings& settings, Site& site) {
  auto server = std::make_unique<BeastServer>(settings, site);
  TRY(server->open());
  return std::unique_ptr<Server>{std::move(server)};
}

}  // namespace sekisho
