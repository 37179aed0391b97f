// Messages of nfnetlink's subsystem nf_tables (linux/netfilter/nf_tables.h), built by hand: five kinds are not worth two libraries.
#include "response/nft_wire.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "response/never_block.h"

namespace sekisho {
namespace {

// An attribute's length has 16 bits: so many elements of IPv6 fit into one message.
constexpr std::size_t kElementsPerMessage = 400;
constexpr int kBufferBytes = 1 << 20;

class Bytes {
 public:
  std::size_t size() const { return bytes_.size(); }
  const std::vector<std::uint8_t>& all() const { return bytes_; }

  std::size_t begin_message(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence, std::uint8_t family, std::uint16_t resource) {
    const auto at = bytes_.size();
    nlmsghdr header{};
    header.nlmsg_type = type, header.nlmsg_flags = flags, header.nlmsg_seq = sequence;
    nfgenmsg body{};
    body.nfgen_family = family, body.version = NFNETLINK_V0, body.res_id = htons(resource);
    put(&header, sizeof header), put(&body, sizeof body);
    return at;
  }
  void end_message(std::size_t at) {
    const auto length = static_cast<std::uint32_t>(bytes_.size() - at);
    std::memcpy(&bytes_[at + offsetof(nlmsghdr, nlmsg_len)], &length, sizeof length);
  }
  std::size_t begin_nested(std::uint16_t type) {
    const auto at = bytes_.size();
    const nlattr attribute{0, static_cast<std::uint16_t>(type | NLA_F_NESTED)};
    put(&attribute, sizeof attribute);
    return at;
  }
  void end_nested(std::size_t at) {
    const auto length = bytes_.size() - at;
    check(length <= 0xffff, "a netlink attribute is too long");
    const auto short_length = static_cast<std::uint16_t>(length);
    std::memcpy(&bytes_[at], &short_length, sizeof short_length);
  }
  void attribute(std::uint16_t type, const void* data, std::size_t length) {
    const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + length), type};
    put(&header, sizeof header), put(data, length);
  }
  void text(std::uint16_t type, const std::string& value) { attribute(type, value.c_str(), value.size() + 1); }
  void be32(std::uint16_t type, std::uint32_t value) {
    const auto wire = htonl(value);
    attribute(type, &wire, sizeof wire);
  }
  void be64(std::uint16_t type, std::uint64_t value) {
    const std::uint64_t wire = htobe64(value);
    attribute(type, &wire, sizeof wire);
  }

 private:
  void put(const void* data, std::size_t length) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), bytes, bytes + length);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }
  std::vector<std::uint8_t> bytes_;
};

constexpr std::uint16_t message_type(int message) { return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message); }

void put_key(Bytes& out, const Address& address, bool v6) {
  std::uint8_t key[16];
  for (unsigned i = 0; i < 8; ++i) {
    key[i] = static_cast<std::uint8_t>(address.high >> (56 - 8 * i));
    key[8 + i] = static_cast<std::uint8_t>(address.low >> (56 - 8 * i));
  }
  const auto outer = out.begin_nested(NFTA_SET_ELEM_KEY);
  out.attribute(NFTA_DATA_VALUE, v6 ? key : key + 12, v6 ? 16 : 4);
  out.end_nested(outer);
}

void put_element(Bytes& out, const SetElement& e, bool v6, bool adding) {
  const auto [first, after] = interval_of(e.network);
  const auto start = out.begin_nested(NFTA_LIST_ELEM);
  put_key(out, first, v6);
  if (adding && e.timeout_ms > 0) out.be64(NFTA_SET_ELEM_TIMEOUT, static_cast<std::uint64_t>(e.timeout_ms));
  out.end_nested(start);
  if (!after) return;
  const auto end = out.begin_nested(NFTA_LIST_ELEM);
  out.be32(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
  put_key(out, *after, v6);
  out.end_nested(end);
}

// Lengths are the kernel's, and yet checked.
void for_each_attribute(const std::uint8_t* body, std::size_t length,
                        const std::function<void(unsigned, const std::uint8_t*, std::size_t)>& each) {
  for (std::size_t at = 0; at + sizeof(nlattr) <= length;) {
    nlattr attribute;
    std::memcpy(&attribute, body + at, sizeof attribute);
    if (attribute.nla_len < sizeof attribute || at + attribute.nla_len > length) return;
    each(attribute.nla_type & NLA_TYPE_MASK, body + at + sizeof attribute, attribute.nla_len - sizeof attribute);
    at += NLA_ALIGN(attribute.nla_len);
  }
}

std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  const auto* text = reinterpret_cast<const char*>(data);
  return {text, ::strnlen(text, size)};
}

std::uint64_t be64_of(const std::uint8_t* data, std::size_t size) {
  std::uint64_t wire = 0;
  if (size == sizeof wire) std::memcpy(&wire, data, sizeof wire);
  return be64toh(wire);
}

std::string reason(int error) {
  if (error == EPERM) return "CAP_NET_ADMIN is missing (run it as root)";
  if (error == ENOENT) return "a table, set or element is not there";
  return std::strerror(error);
}

}  // namespace

std::pair<Address, std::optional<Address>> interval_of(const Network& n) {
  auto last = last_address(n);
  // IPv4 ends at 255.255.255.255, not at the end of the 128 bits.
  if (is_v4_network(n) ? v4_value(last) == 0xffffffffU : last == Address{~0ULL, ~0ULL}) return {n.base, std::nullopt};
  if (++last.low == 0) ++last.high;
  return {n.base, last};
}

Result<NftWire> NftWire::open() {
  Fd socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)};
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Error{fmt::format("the packet filter cannot be reached: {}", std::strerror(errno))};
  for (const int option : {SO_SNDBUFFORCE, SO_SNDBUF, SO_RCVBUFFORCE, SO_RCVBUF})
    static_cast<void>(::setsockopt(socket.get(), SOL_SOCKET, option, &kBufferBytes, sizeof kBufferBytes));
  // A kernel that does not answer must not hold the caller for ever.
  const timeval patience{10, 0};
  static_cast<void>(::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
  return NftWire{std::move(socket)};
}

Result<void> NftWire::send(const std::vector<std::uint8_t>& bytes) {
  // What an earlier call left unread is of no interest.
  std::uint8_t rest[4096];
  while (::recv(socket_.get(), rest, sizeof rest, MSG_DONTWAIT | MSG_TRUNC) > 0) {
  }
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  for (;;) {
    const auto sent = ::sendto(socket_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
    if (sent == static_cast<ssize_t>(bytes.size())) return {};
    if (sent < 0 && errno == EINTR) continue;
    return Error{fmt::format("the packet filter cannot be reached: {}", std::strerror(errno))};
  }
}

Result<int> NftWire::answers(std::uint32_t last_sequence,
                             const std::function<void(std::uint16_t, const std::uint8_t*, std::size_t)>& each) {
  std::vector<std::uint8_t> buffer(1 << 16);
  int failure = 0;
  for (;;) {
    const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{fmt::format("the packet filter does not answer: {}", std::strerror(errno))};
    auto left = static_cast<std::size_t>(got);
    const auto* at = buffer.data();
    while (left >= sizeof(nlmsghdr)) {
      nlmsghdr header;
      std::memcpy(&header, at, sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > left) break;
      if (header.nlmsg_type == NLMSG_ERROR && header.nlmsg_len >= sizeof header + sizeof(int)) {
        int error = 0;
        std::memcpy(&error, at + sizeof header, sizeof error);
        if (error && !failure) failure = -error;
        // The transaction's own error comes with the number of its beginning; nothing follows it.
        if (header.nlmsg_seq >= last_sequence || error) return failure;
      } else if (header.nlmsg_type == NLMSG_DONE) {
        return failure;
      } else {
        each(header.nlmsg_type, at + sizeof header, header.nlmsg_len - sizeof header);
        if (!(header.nlmsg_flags & NLM_F_MULTI) && header.nlmsg_seq >= last_sequence) return failure;
      }
      const auto step = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), left);
      at += step, left -= step;
    }
  }
}

Result<void> NftWire::apply(const std::string& table, const std::vector<SetChange>& changes, int* errno_out) {
  std::size_t total = 0;
  for (const auto& c : changes) total += c.elements.size();
  check(total <= kMaxElements, "too many elements for one transaction");
  Bytes out;
  out.end_message(out.begin_message(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, ++sequence_, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  std::size_t last_message = 0;
  const auto message = [&](const SetChange& c, std::size_t from, std::size_t to) {
    const bool adding = c.kind == SetChange::Kind::add;
    last_message = out.begin_message(message_type(adding ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM),
                                     static_cast<std::uint16_t>(NLM_F_REQUEST | (adding ? NLM_F_CREATE | NLM_F_EXCL : 0)), ++sequence_,
                                     NFPROTO_INET, 0);
    out.text(NFTA_SET_ELEM_LIST_TABLE, table);
    out.text(NFTA_SET_ELEM_LIST_SET, c.set);
    if (from < to) {
      const auto list = out.begin_nested(NFTA_SET_ELEM_LIST_ELEMENTS);
      for (auto i = from; i < to; ++i) put_element(out, c.elements[i], c.v6, adding);
      out.end_nested(list);
    }
    out.end_message(last_message);
  };
  for (const auto& c : changes) {
    if (c.kind == SetChange::Kind::flush) message(c, 0, 0);
    for (std::size_t from = 0; from < c.elements.size(); from += kElementsPerMessage)
      message(c, from, std::min(from + kElementsPerMessage, c.elements.size()));
  }
  if (last_message == 0) return {};
  auto bytes = out.all();
  // One acknowledgement, of the last change, tells that all is done.
  nlmsghdr header;
  std::memcpy(&header, &bytes[last_message], sizeof header);
  header.nlmsg_flags |= NLM_F_ACK;
  std::memcpy(&bytes[last_message], &header, sizeof header);
  const auto awaited = sequence_;
  Bytes end;
  end.end_message(end.begin_message(NFNL_MSG_BATCH_END, NLM_F_REQUEST, ++sequence_, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  bytes.insert(bytes.end(), end.all().begin(), end.all().end());
  TRY(send(bytes));
  const int failure = TRY(answers(awaited, [](std::uint16_t, const std::uint8_t*, std::size_t) {}));
  if (errno_out) *errno_out = failure;
  if (failure) return Error{fmt::format("the packet filter refuses a change of {}: {}", table, reason(failure))};
  return {};
}

Result<std::uint32_t> NftWire::generation() {
  Bytes out;
  out.end_message(out.begin_message(message_type(NFT_MSG_GETGEN), NLM_F_REQUEST | NLM_F_ACK, ++sequence_, AF_UNSPEC, 0));
  TRY(send(out.all()));
  std::uint32_t generation = 0;
  const int failure = TRY(answers(sequence_, [&](std::uint16_t, const std::uint8_t* body, std::size_t length) {
    if (length < sizeof(nfgenmsg)) return;
    for_each_attribute(body + sizeof(nfgenmsg), length - sizeof(nfgenmsg), [&](unsigned kind, const std::uint8_t* data, std::size_t size) {
      std::uint32_t wire = 0;
      if (kind == NFTA_GEN_ID && size == sizeof wire) std::memcpy(&wire, data, sizeof wire), generation = ntohl(wire);
    });
  }));
  if (failure) return Error{fmt::format("the packet filter does not say its state: {}", reason(failure))};
  return generation;
}

Result<void> NftWire::dump(std::uint16_t type, const std::string& table,
                           const std::function<void(const std::uint8_t*, std::size_t)>& each) {
  Bytes out;
  const auto at = out.begin_message(message_type(type), NLM_F_REQUEST | NLM_F_DUMP, ++sequence_, NFPROTO_INET, 0);
  // The table's name is attribute 1 of chains, sets and rules alike. The kernel filters rules and sets by it; chains are compared here.
  out.text(NFTA_RULE_TABLE, table);
  out.end_message(at);
  TRY(send(out.all()));
  const int failure = TRY(answers(sequence_ + 1, [&](std::uint16_t, const std::uint8_t* body, std::size_t length) {
    if (length < sizeof(nfgenmsg)) return;
    body += sizeof(nfgenmsg), length -= sizeof(nfgenmsg);
    bool ours = false;
    for_each_attribute(body, length, [&](unsigned kind, const std::uint8_t* data, std::size_t size) {
      if (kind == 1) ours = text_of(data, size) == table;
    });
    if (ours) each(body, length);
  }));
  if (failure && failure != ENOENT) return Error{fmt::format("the packet filter does not say what it holds: {}", reason(failure))};
  return {};
}

Result<TableFacts> NftWire::facts(const std::string& table) {
  Bytes out;
  const auto at = out.begin_message(message_type(NFT_MSG_GETTABLE), NLM_F_REQUEST | NLM_F_ACK, ++sequence_, NFPROTO_INET, 0);
  out.text(NFTA_TABLE_NAME, table);
  out.end_message(at);
  TRY(send(out.all()));
  TableFacts facts;
  const int failure = TRY(answers(
      sequence_, [&](std::uint16_t type, const std::uint8_t*, std::size_t) { facts.exists |= type == message_type(NFT_MSG_NEWTABLE); }));
  if (failure == ENOENT) return facts;
  if (failure) return Error{fmt::format("the packet filter does not say what it holds: {}", reason(failure))};
  TRY(dump(NFT_MSG_GETCHAIN, table, [&](const std::uint8_t* body, std::size_t length) {
    for_each_attribute(body, length, [&](unsigned kind, const std::uint8_t* data, std::size_t size) {
      if (kind == NFTA_CHAIN_NAME) facts.chains.emplace_back(text_of(data, size));
    });
  }));
  TRY(dump(NFT_MSG_GETSET, table, [&](const std::uint8_t*, std::size_t) { ++facts.sets; }));
  TRY(dump(NFT_MSG_GETRULE, table, [&](const std::uint8_t* body, std::size_t length) {
    ++facts.rules;
    for_each_attribute(body, length, [&](unsigned kind, const std::uint8_t* data, std::size_t size) {
      if (kind != NFTA_RULE_EXPRESSIONS) return;
      for_each_attribute(data, size, [&](unsigned, const std::uint8_t* expression, std::size_t expression_size) {
        bool counter = false;
        for_each_attribute(expression, expression_size, [&](unsigned part, const std::uint8_t* value, std::size_t value_size) {
          if (part == NFTA_EXPR_NAME) counter = text_of(value, value_size) == "counter";
          if (part != NFTA_EXPR_DATA || !counter) return;
          for_each_attribute(value, value_size, [&](unsigned which, const std::uint8_t* number, std::size_t number_size) {
            if (which == NFTA_COUNTER_PACKETS) facts.packets += be64_of(number, number_size);
            if (which == NFTA_COUNTER_BYTES) facts.bytes += be64_of(number, number_size);
          });
        });
      });
    });
  }));
  return facts;
}

}  // namespace sekisho
