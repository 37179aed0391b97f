// Writes the captures of bench/analyze, the same bytes each time: make_captures KIND FILE [PACKETS].
//
// spoofed  60-byte SYNs and UDP packets from a million spoofed sources to one host
// mixed    web, DNS and ssh in both directions, with a UDP flood, a SYN flood, a DNS amplification and scans among them; cut at 128 bytes
// scan     60-byte SYNs of a Mirai-like scan from 500,000 sources to a /24
// unique   60-byte SYNs, each from a source of its own
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

constexpr std::uint32_t kVictim = 0xcb007105;    // 203.0.113.5
constexpr std::uint32_t kResolver = 0xc6336435;  // 198.51.100.53
constexpr std::size_t kSnapLength = 128;
constexpr std::uint64_t kStart = 1'795'300'000;  // seconds: in November 2026

// SplitMix64: small, fast, and the same everywhere.
class Random {
 public:
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>((next() >> 32) * n >> 32); }

 private:
  std::uint64_t state_ = 20'261'122;
};

// The i-th of 2^32 distinct addresses (a bijection): spread over everything, as spoofing does.
std::uint32_t nth_address(std::uint32_t i) {
  std::uint32_t x = i * 0x9e3779b1U;
  x ^= x >> 15;
  x *= 0x85ebca6bU;
  x ^= x >> 13;
  return x;
}

// The same for hosts that exist: moved out of the networks that no host on the Internet has.
std::uint32_t real_address(std::uint32_t i) {
  const std::uint32_t a = nth_address(i), top = a >> 24;
  const bool nowhere =
      top == 0 || top == 10 || top == 100 || top == 127 || top == 169 || top == 172 || top == 192 || top == 198 || top == 203 || top >= 224;
  return nowhere ? (a & 0x00ffffff) | 45U << 24 : a;
}

// A question for "www.example.org", and as many A records in answer to it as fit below the snap length.
#define DNS_RECORD "\xc0\x0c\0\x01\0\x01\0\0\x01\x2c\0\x04\xc0\0\x02\x07"
constexpr char kDnsQuery[] =
    "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\x07"
    "example\x03org\0\0\x01\0\x01";
constexpr char kDnsAnswer[] =
    "\x12\x34\x81\x80\0\x01\0\0\0\0\0\0\x03www\x07"
    "example\x03org\0\0\x01\0\x01" DNS_RECORD DNS_RECORD DNS_RECORD DNS_RECORD;
#undef DNS_RECORD
constexpr std::uint16_t kDnsQueryBytes = 33, kDnsRecordBytes = 16;
static_assert(sizeof kDnsQuery - 1 == kDnsQueryBytes && sizeof kDnsAnswer - 1 == kDnsQueryBytes + 4 * kDnsRecordBytes);
constexpr char kClientHello[] = "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03";
constexpr char kServerHello[] = "\x16\x03\x03\0\x7a\x02\0\0\x76\x03\x03";
constexpr char kTlsData[] = "\x17\x03\x03\x05\xa0";
constexpr char kSshBanner[] = "SSH-2.0-OpenSSH_9.6\r\n";

struct Segment {
  std::uint32_t src = 0, dst = 0;
  std::uint16_t sport = 0, dport = 0;
  std::uint8_t protocol = 6, ttl = 57, flags = 0;
  std::uint32_t seq = 0, ack = 0;
  std::uint16_t window = 64'240, payload = 0, id = 0;
  bool options = false;     // TCP: the 20 bytes that a Linux SYN carries
  std::string_view begins;  // first payload bytes; the rest is filled
  std::uint8_t dns_answers = 0;
};
template <std::size_t N>
constexpr std::string_view bytes(const char (&text)[N]) {
  return {text, N - 1};  // zeros are part of it
}

class Writer {
 public:
  explicit Writer(const char* name) : file_(std::fopen(name, "wb")) {
    if (!file_) {
      std::fprintf(stderr, "make_captures: %s: %s\n", name, std::strerror(errno));
      std::exit(3);
    }
    std::setvbuf(file_, nullptr, _IOFBF, 1 << 20);
    const std::array<std::uint32_t, 6> header{0xa1b2c3d4, 0x00040002, 0, 0, kSnapLength, 1};
    write(header.data(), sizeof header);
  }
  ~Writer() {
    if (std::fclose(file_) != 0) fail();
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void put(const Segment& s, std::uint64_t time_ns) {
    std::array<std::uint8_t, 16 + 2048> buffer{};
    std::uint8_t* frame = buffer.data() + 16;
    static constexpr std::uint8_t ethernet[14] = {2, 0, 0, 0, 0, 5, 2, 0, 0, 0, 0, 1, 8, 0};
    std::memcpy(frame, ethernet, sizeof ethernet);
    if (s.src == kVictim) std::swap_ranges(frame, frame + 6, frame + 6);
    const std::size_t transport = s.protocol == 17 ? 8 : s.options ? 40 : 20;
    const std::size_t ip_bytes = 20 + transport + s.payload;
    std::uint8_t* ip = frame + 14;
    ip[0] = 0x45;
    put16(ip + 2, static_cast<std::uint16_t>(ip_bytes));
    put16(ip + 4, s.id);
    ip[8] = s.ttl;
    ip[9] = s.protocol;
    put32(ip + 12, s.src);
    put32(ip + 16, s.dst);
    put16(ip + 10, checksum(ip));
    std::uint8_t* l4 = ip + 20;
    put16(l4, s.sport);
    put16(l4 + 2, s.dport);
    if (s.protocol == 17) {
      put16(l4 + 4, static_cast<std::uint16_t>(8 + s.payload));
    } else {
      put32(l4 + 4, s.seq);
      put32(l4 + 8, s.ack);
      l4[12] = static_cast<std::uint8_t>(transport / 4 << 4);
      l4[13] = s.flags;
      put16(l4 + 14, s.window);
      static constexpr std::uint8_t options[20] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 3, 7};
      if (s.options) std::memcpy(l4 + 20, options, sizeof options);
    }
    // What lies behind the snap length is never looked at: only the captured part is filled.
    const std::size_t wire = std::max<std::size_t>(60, 14 + ip_bytes), captured = std::min(wire, kSnapLength);
    if (s.payload) {
      std::uint8_t* payload = l4 + transport;
      for (std::size_t i = 0; i < s.payload && payload + i < frame + kSnapLength; ++i)
        payload[i] = i < s.begins.size() ? static_cast<std::uint8_t>(s.begins[i]) : static_cast<std::uint8_t>((s.seq + s.id) * 31 + i * 7);
      if (s.dns_answers) payload[7] = s.dns_answers;
    }
    const std::array<std::uint32_t, 4> record{static_cast<std::uint32_t>(kStart + time_ns / 1'000'000'000),
                                              static_cast<std::uint32_t>(time_ns % 1'000'000'000 / 1000),
                                              static_cast<std::uint32_t>(captured), static_cast<std::uint32_t>(wire)};
    std::memcpy(buffer.data(), record.data(), sizeof record);
    write(buffer.data(), 16 + captured);
  }
  void write(const void* data, std::size_t size) {
    if (std::fwrite(data, 1, size, file_) != size) fail();
  }

 private:
  [[noreturn]] static void fail() {
    std::fprintf(stderr, "make_captures: writing failed: %s\n", std::strerror(errno));
    std::exit(3);
  }
  static void put16(std::uint8_t* p, std::uint16_t v) {
    v = __builtin_bswap16(v);
    std::memcpy(p, &v, sizeof v);
  }
  static void put32(std::uint8_t* p, std::uint32_t v) {
    v = __builtin_bswap32(v);
    std::memcpy(p, &v, sizeof v);
  }
  static std::uint16_t checksum(const std::uint8_t* ip) {
    std::uint32_t sum = 0;
    for (int i = 0; i < 20; i += 2) sum += static_cast<std::uint32_t>(ip[i] << 8 | ip[i + 1]);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
  }

  std::FILE* file_;
};

std::uint8_t ttl_of(std::uint32_t address) { return static_cast<std::uint8_t>(40 + address % 24); }

Segment bare_syn(Random& random, std::uint32_t src, std::uint32_t dst, std::uint16_t dport) {
  const auto r = random.next();
  return {.src = src,
          .dst = dst,
          .sport = static_cast<std::uint16_t>(1024 + (r >> 16) % 64'000),
          .dport = dport,
          .ttl = ttl_of(src),
          .flags = 2,
          .seq = static_cast<std::uint32_t>(r >> 32),
          .id = static_cast<std::uint16_t>(r)};
}

void spoofed(Writer& out, std::uint64_t packets) {
  Random random;
  for (std::uint64_t i = 0; i < packets; ++i) {
    Segment s = bare_syn(random, nth_address(random.below(1'000'000)), kVictim, 80);
    if (i & 1) s.protocol = 17, s.flags = 0, s.dport = static_cast<std::uint16_t>(random.next()), s.payload = 18;
    out.put(s, i * 2'000);  // 500 kpps
  }
}

void scan(Writer& out, std::uint64_t packets) {
  Random random;
  for (std::uint64_t i = 0; i < packets; ++i) {
    const std::uint32_t bot = random.below(500'000), src = real_address(bot);
    const std::uint32_t dst = (kVictim & 0xffffff00) | random.below(256);
    Segment s = bare_syn(random, src, dst, random.below(10) ? 23 : 2323);
    s.seq = dst;
    s.sport = static_cast<std::uint16_t>(1024 + bot * 7919 % 64'000);
    s.window = static_cast<std::uint16_t>(bot * 104'729);
    out.put(s, i * 10'000);  // 100 kpps
  }
}

void unique(Writer& out, std::uint64_t packets) {
  Random random;
  for (std::uint64_t i = 0; i < packets; ++i)
    out.put(bare_syn(random, nth_address(static_cast<std::uint32_t>(i)), kVictim, 443), i * 2'000);
}

// One conversation of the guarded host, told packet by packet.
class Conversation {
 public:
  enum class Sort { web, dns, ssh };
  explicit Conversation(Random& random) {
    const auto r = random.next();
    sort_ = r % 100 < 70 ? Sort::web : r % 100 < 95 ? Sort::dns : Sort::ssh;
    peer_ = real_address(2'000'000 + random.below(20'000));
    port_ = static_cast<std::uint16_t>(32'768 + (r >> 20) % 28'000);
    their_seq_ = static_cast<std::uint32_t>(r >> 32);
    our_seq_ = static_cast<std::uint32_t>(random.next());
    exchanges_ = sort_ == Sort::ssh ? 50 + random.below(200) : sort_ == Sort::web ? 1 + random.below(4) : 0;
    answer_left_ = 0;
  }

  // The next packet; false when the conversation was over before.
  bool next(Random& random, Segment& s) {
    if (sort_ == Sort::dns) return dns(random, s);
    switch (step_) {
      case 0: return step_ = 1, tcp(s, true, 2, 0, true), ++their_seq_, true;
      case 1: return step_ = 2, tcp(s, false, 18, 0, true), ++our_seq_, true;
      case 2: return step_ = 3, tcp(s, true, 16, 0), true;
      case 3: {  // a request
        const auto size = static_cast<std::uint16_t>(sort_ == Sort::ssh ? 36 + random.below(4) * 16 : 200 + random.below(600));
        tcp(s, true, 24, size);
        s.begins = sort_ == Sort::web ? asked_ ? bytes(kTlsData) : bytes(kClientHello) : asked_ ? std::string_view{} : bytes(kSshBanner);
        asked_ = true;
        their_seq_ += size;
        answer_left_ = sort_ == Sort::ssh ? 1 : 1 + random.below(24);
        step_ = 4;
        return true;
      }
      case 4: {  // its answer, acknowledged every second packet
        const auto size = static_cast<std::uint16_t>(sort_ == Sort::ssh ? 36 + random.below(8) * 16
                                                     : answer_left_ > 1 ? 1448
                                                                        : 100 + random.below(1300));
        tcp(s, false, answer_left_ > 1 ? 16 : 24, size);
        s.begins = sort_ == Sort::web ? answered_ ? bytes(kTlsData) : bytes(kServerHello)
                   : answered_ ? std::string_view{}
                                      : bytes(kSshBanner);
        answered_ = true;
        our_seq_ += size;
        --answer_left_;
        if (answer_left_ == 0 || answer_left_ % 2 == 0) step_ = 5;
        return true;
      }
      case 5:
        tcp(s, true, 16, 0);
        if (answer_left_ > 0)
          step_ = 4;
        else
          step_ = --exchanges_ > 0 ? 3 : 6;
        return true;
      case 6: return step_ = 7, tcp(s, true, 17, 0), ++their_seq_, true;
      case 7: return step_ = 8, tcp(s, false, 17, 0), ++our_seq_, true;
      case 8: return step_ = 9, tcp(s, true, 16, 0), true;
      default: return false;
    }
  }

 private:
  bool dns(Random& random, Segment& s) {
    if (step_ > 1) return false;
    const bool ask = step_++ == 0;
    const auto answers = static_cast<std::uint8_t>(ask ? 0 : 1 + random.below(12));
    s = {.src = ask ? kVictim : kResolver,
         .dst = ask ? kResolver : kVictim,
         .sport = ask ? port_ : std::uint16_t{53},
         .dport = ask ? std::uint16_t{53} : port_,
         .protocol = 17,
         .ttl = static_cast<std::uint8_t>(ask ? 64 : 58),
         .payload = static_cast<std::uint16_t>(kDnsQueryBytes + answers * kDnsRecordBytes),
         .id = static_cast<std::uint16_t>(random.next()),
         .begins = ask ? bytes(kDnsQuery) : bytes(kDnsAnswer),
         .dns_answers = answers};
    return true;
  }
  void tcp(Segment& s, bool from_peer, std::uint8_t flags, std::uint16_t payload, bool options = false) {
    const std::uint16_t service = sort_ == Sort::ssh ? 22 : 443;
    s = {.src = from_peer ? peer_ : kVictim,
         .dst = from_peer ? kVictim : peer_,
         .sport = from_peer ? port_ : service,
         .dport = from_peer ? service : port_,
         .ttl = from_peer ? ttl_of(peer_) : std::uint8_t{64},
         .flags = flags,
         .seq = from_peer ? their_seq_ : our_seq_,
         .ack = flags == 2  ? 0
                : from_peer ? our_seq_
                            : their_seq_,
         .payload = payload,
         .id = id_++,
         .options = options};
  }

  Sort sort_ = Sort::web;
  int step_ = 0;
  bool asked_ = false, answered_ = false;
  std::uint32_t peer_ = 0, their_seq_ = 0, our_seq_ = 0, exchanges_ = 0, answer_left_ = 0;
  std::uint16_t port_ = 0, id_ = 1;
};

// The attack packet of a phase of the mixed file.
Segment attack(Random& random, int phase) {
  const auto r = random.next();
  if (phase == 1) {  // a UDP flood by 20,000 bots
    const auto src = real_address(3'000'000 + random.below(20'000));
    return {.src = src,
            .dst = kVictim,
            .sport = static_cast<std::uint16_t>(1024 + r % 60'000),
            .dport = static_cast<std::uint16_t>(r >> 20),
            .protocol = 17,
            .ttl = ttl_of(src),
            .seq = static_cast<std::uint32_t>(r >> 32),
            .payload = 512,
            .id = static_cast<std::uint16_t>(r >> 40)};
  }
  if (phase == 2) return bare_syn(random, static_cast<std::uint32_t>(r), kVictim, 443);  // a SYN flood, spoofed at random
  const auto src = real_address(4'000'000 + random.below(2'000));                        // DNS amplification by 2,000 reflectors
  const auto answers = static_cast<std::uint8_t>(70 + r % 16);
  return {.src = src,
          .dst = kVictim,
          .sport = 53,
          .dport = static_cast<std::uint16_t>(r >> 20),
          .protocol = 17,
          .ttl = ttl_of(src),
          .payload = static_cast<std::uint16_t>(kDnsQueryBytes + answers * kDnsRecordBytes),
          .id = static_cast<std::uint16_t>(r >> 40),
          .begins = bytes(kDnsAnswer),
          .dns_answers = answers};
}

void mixed(Writer& out, std::uint64_t packets) {
  Random random;
  std::vector<Conversation> open;
  for (int i = 0; i < 2'000; ++i) open.emplace_back(random);
  std::uint64_t time = 0;
  Segment s;
  for (std::uint64_t i = 0; i < packets; ++i) {
    const auto percent = i * 100 / packets;
    const int phase = percent >= 20 && percent < 33 ? 1 : percent >= 50 && percent < 63 ? 2 : percent >= 75 && percent < 88 ? 3 : 0;
    time += phase ? 4'000 : 50'000;  // 20 kpps of ordinary traffic, 250 kpps while an attack lasts
    const auto dice = random.below(1000);
    if (phase && dice < 920) {
      out.put(attack(random, phase), time);
    } else if (dice % 100 == 0) {  // one percent: scanners
      const auto bot = real_address(5'000'000 + random.below(30'000));
      s = bare_syn(random, bot, kVictim, random.below(10) ? 23 : 2323);
      s.seq = kVictim;
      out.put(s, time);
    } else {
      auto& conversation = open[random.below(static_cast<std::uint32_t>(open.size()))];
      while (!conversation.next(random, s)) conversation = Conversation{random};
      out.put(s, time);
    }
  }
}

// The first `packets` packets of a capture that this program wrote.
int cut(const char* from, const char* to, std::uint64_t packets) {
  std::FILE* in = std::fopen(from, "rb");
  if (!in || std::fseek(in, 24, SEEK_SET) != 0) {
    std::fprintf(stderr, "make_captures: %s: %s\n", from, std::strerror(errno));
    return 3;
  }
  Writer out{to};
  std::array<std::uint8_t, 16 + kSnapLength> record{};
  for (std::uint64_t i = 0; i < packets && std::fread(record.data(), 1, 16, in) == 16; ++i) {
    std::uint32_t captured = 0;
    std::memcpy(&captured, record.data() + 8, sizeof captured);
    if (captured > kSnapLength || std::fread(record.data() + 16, 1, captured, in) != captured) break;
    out.write(record.data(), 16 + captured);
  }
  std::fclose(in);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 1 ? argv[1] : "";
  if (kind == "cut" && argc == 5) return cut(argv[2], argv[3], std::strtoull(argv[4], nullptr, 10));
  const auto make = kind == "spoofed" ? spoofed : kind == "mixed" ? mixed : kind == "scan" ? scan : kind == "unique" ? unique : nullptr;
  const std::uint64_t packets = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : kind == "unique" ? 20'000'000 : 10'000'000;
  if (!make || argc < 3 || argc > 4 || packets == 0) {
    std::fputs("usage: make_captures spoofed|mixed|scan|unique FILE [PACKETS]\n       make_captures cut FILE OUT PACKETS\n", stderr);
    return 2;
  }
  Writer out{argv[2]};
  make(out, packets);
  return 0;
}
