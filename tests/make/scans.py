"""Scans (FACTS sections 2 and 4), in and out, backscatter, and what merely looks like a scan."""
import random
import struct

from floods import any_address, bot_address
from packets import ACK, RST, SYN, Conversation, Trace, guarded, icmp, ip, is_guarded, port_unreachable, syn_options, tcp, udp
from traffic import background, dns_answer, dns_query, web_visit

DEVICE_PORTS = (23, 2323, 80, 8080, 8443, 5555, 7547, 37215, 52869, 60001)


def neighbour(family, number):
    """The n-th address of the guarded network."""
    return bytes([203, 0, 113, number % 256]) if family == 4 else bytes.fromhex("20010db8001000000000000000000000")[:14] + struct.pack("!H", number)


def as_number(address):
    return int.from_bytes(address[-4:], "big")


class MiraiBot:
    """The stateless scanner: one source port and one window for the life of the process, sequence number = destination."""

    def __init__(self, rng, address):
        self.address, self.rng = address, rng
        self.sport, self.window, self.ttl = rng.randrange(1024, 65536), rng.getrandbits(16) or 1, rng.randrange(38, 62)

    def syn(self, dst, port=None, sequence=None, header_words=5):
        port = port or (2323 if self.rng.random() < 0.1 else 23)
        data, length = tcp(self.address, dst, self.sport, port, SYN, as_number(dst) if sequence is None else sequence, window=self.window,
                           ttl=64 if is_guarded(self.address) else self.ttl, ident=self.rng.getrandbits(16))
        offset_at = len(data) - 8
        return data[:offset_at] + bytes([header_words << 4]) + data[offset_at + 1:], length


def new(seed, family, end, quiet_net=False):
    rng, trace = random.Random(seed), Trace()
    if not quiet_net:
        background(trace, rng, 0.0, end, family, web=2.0, dns=0.5)
    return rng, trace


def mirai(*, family=4, seed=1, sources=1, syns=1, seconds=8.0, background_too=True, target="", fingerprint_of="", answered="refused",
          header_words=5, port=0):
    """`sources` bots send `syns` fingerprinted SYNs each. The host refuses (its port is closed) or drops.

    header_words=6 is what the one real Mirai SYN of the corpus says of itself although its IP length leaves room for five."""
    rng, trace = new(seed, family, seconds + 2.0, not background_too)
    host = ip(target) if target else guarded(4)
    sequence = as_number(ip(fingerprint_of)) if fingerprint_of else None
    for n in range(sources):
        bot = MiraiBot(rng, bot_address(rng, 4))
        for _ in range(syns):
            now, packet = 1.0 + rng.random() * seconds, bot.syn(host, port or None, sequence, header_words)
            trace.add(now, packet)
            if answered == "refused":
                knocked = struct.unpack("!H", packet[0][22:24])[0]
                trace.add(now + 0.0001, tcp(host, bot.address, knocked, bot.sport, RST | ACK, 0, as_number(host) + 1, df=True))
    return trace


def device_ports(*, family=4, seed=1, sources=40, syns=3, seconds=30.0, ports=list(DEVICE_PORTS), options=False):
    """Half-open SYNs to device ports without the fingerprint: sequence number, window and source port differ in every packet."""
    rng, trace = new(seed, family, seconds + 2.0)
    for _ in range(sources):
        bot, ttl = bot_address(rng, family), rng.randrange(38, 62)
        for _ in range(syns):
            trace.add(1.0 + rng.random() * seconds,
                      tcp(bot, guarded(family), rng.randrange(1024, 65536), rng.choice(ports), SYN, rng.getrandbits(32), window=rng.getrandbits(16),
                          options=syn_options(rng.getrandbits(32)) if options else b"", ttl=ttl, ident=rng.getrandbits(16)))
    return trace


def tool(*, tool_name, family=4, seed=1, port=443, targets=200, ports=1, rate_pps=50.0):
    """zmap or masscan by their marks, over `targets` addresses of the guarded network and `ports` ports of each."""
    rng, trace = new(seed, family, 2.0 + targets * ports / rate_pps)
    source, ttl, secret = ip("198.18.9.9") if family == 4 else ip("2001:db8:bad::9"), 52, rng.getrandbits(32)
    todo = [(t, p) for t in range(targets) for p in range(ports)]
    rng.shuffle(todo)
    for n, (t, p) in enumerate(todo):
        dst, dport = (neighbour(family, t) if targets > 1 else guarded(family)), port + p
        seq = random.Random(secret ^ t << 16 ^ dport).getrandbits(32)
        if tool_name == "zmap":
            packet = tcp(source, dst, 32768 + n % 28000, dport, SYN, seq, window=65535, ident=54321, ttl=ttl)
        else:
            ident = (as_number(dst) ^ dport ^ seq) & 0xFFFF
            packet = tcp(source, dst, 40000 + (n & 0xFF), dport, SYN, seq, window=1024, ident=ident, ttl=ttl)
        trace.add(1.0 + n / rate_pps, packet)
    return trace


def vertical(*, family=4, seed=1, ports=300, rate_pps=100.0, open_ports=[22, 80, 443], refused=True):
    """One source knocks at many ports of one host; closed ones refuse, or the firewall drops."""
    rng, trace = new(seed, family, 2.0 + ports / rate_pps)
    source, host = bot_address(rng, family), guarded(family)
    numbers = rng.sample(range(1, 10000), ports - len(open_ports)) + list(open_ports)
    rng.shuffle(numbers)
    for n, port in enumerate(numbers):
        now, sport, seq = 1.0 + n / rate_pps, rng.randrange(32768, 61000), rng.getrandbits(32)
        trace.add(now, tcp(source, host, sport, port, SYN, seq, options=syn_options(n * 10), ttl=51, df=True))
        if port in open_ports:
            trace.add(now + 0.0001, tcp(host, source, port, sport, SYN | ACK, rng.getrandbits(32), seq + 1, options=syn_options(1), df=True))
            trace.add(now + 0.03, tcp(source, host, sport, port, RST | ACK, seq + 1, 1, ttl=51, df=True))
        elif refused:
            trace.add(now + 0.0001, tcp(host, source, port, sport, RST | ACK, 0, seq + 1, df=True))
    return trace


def horizontal(*, family=4, seed=1, targets=120, rate_pps=20.0, port=445, step_s=0.0):
    """One source, one port, many addresses of the guarded network; `step_s` makes it slow."""
    gap = step_s or 1.0 / rate_pps
    rng, trace = new(seed, family, 2.0 + targets * gap, quiet_net=step_s > 0)
    source = bot_address(rng, family)
    for n in range(targets):
        trace.add(1.0 + n * gap + rng.random() * gap * 0.2,
                  tcp(source, neighbour(family, n + 1), rng.randrange(32768, 61000), port, SYN, rng.getrandbits(32), options=syn_options(n), ttl=113, df=True))
    return trace


def udp_ports(*, family=4, seed=1, ports=200, rate_pps=50.0):
    """One source, many UDP ports; closed ones answer with ICMP as often as the kernel's limit lets them."""
    rng, trace = new(seed, family, 2.0 + ports / rate_pps)
    source, host, last = bot_address(rng, family), guarded(family), -1.0
    for n, port in enumerate(rng.sample(range(1, 20000), ports)):
        now = 1.0 + n / rate_pps
        packet = udp(source, host, 40125, port, b"", ttl=49, ident=rng.getrandbits(16))
        trace.add(now, packet)
        if now - last > 0.05:
            trace.add(now + 0.0001, port_unreachable(host, source, packet))
            last = now
    return trace


def slow(*, family=4, seed=1, contacts=40, gap_s=300.0):
    """A new failing port every five minutes, for hours."""
    rng, trace = random.Random(seed), Trace()
    source, host = bot_address(rng, family), guarded(family)
    for n, port in enumerate(rng.sample((21, 22, 23, 25, 110, 135, 139, 445, 1433, 1723, 2222, 3306, 3389, 5060, 5432, 5900, 6379, 8000, 8080, 8081, 8443,
                                         8888, 9000, 9200, 11211, 27017, 81, 82, 88, 111, 389, 636, 873, 1080, 2049, 2375, 4444, 5000, 5601, 7001), contacts)):
        now, sport, seq = 1.0 + n * gap_s + rng.random() * 20, rng.randrange(32768, 61000), rng.getrandbits(32)
        trace.add(now, tcp(source, host, sport, port, SYN, seq, options=syn_options(n), ttl=51, df=True))
        trace.add(now + 0.0001, tcp(host, source, port, sport, RST | ACK, 0, seq + 1, df=True))
    for n in range(int(contacts * gap_s / 60)):  # some life between the knocks
        web_visit(trace, rng, n * 60.0 + rng.random() * 20, ip("192.0.2.44") if family == 4 else ip("2001:db8:c::44"), host)
    return trace


def followup(*, seed=1, family=4, gap_s=3.0, fingerprint=True):
    """The port answers; the bot's kernel resets the unknown SYN-ACK; then an ordinary connection tries to log in."""
    rng, trace = new(seed, family, 20.0)
    host, bot = guarded(family), MiraiBot(rng, bot_address(rng, family))
    trace.add(2.0, bot.syn(host, 23, None if fingerprint and family == 4 else rng.getrandbits(32)))
    trace.add(2.0001, tcp(host, bot.address, 23, bot.sport, SYN | ACK, 777, as_number(host) + 1, options=syn_options(1), df=True))
    trace.add(2.08, tcp(bot.address, host, bot.sport, 23, RST, as_number(host) + 1, ttl=bot.ttl))
    c = Conversation(trace, bot.address, host, rng.randrange(32768, 61000), 23, rng, rtt=0.08)
    now = c.open(2.0 + gap_s)
    now = c.server_says(now + 0.01, b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27")
    now = c.client_says(now + 0.01, b"\xff\xfc\x18\xff\xfc\x20\xff\xfc\x23\xff\xfc\x27")
    now = c.server_says(now + 0.01, b"\r\nweb login: ")
    c.reset(now + 2.0)
    return trace


def egress_mirai(*, seed=1, seconds=6.0, rate_pps=160.0, start=2.0):
    """The guarded host is a bot: fingerprinted SYNs to addresses all over the Internet, hardly any answer."""
    rng, trace = new(seed, 4, start + seconds + 1.0)
    bot = MiraiBot(rng, guarded(4))
    for n in range(round(seconds * rate_pps)):
        now, dst = start + n / rate_pps, bytes([rng.choice((5, 31, 62, 85, 103, 117, 151, 178, 185, 189, 201))]) + rng.randbytes(3)
        packet = bot.syn(dst)
        trace.add(now, packet)
        if rng.random() < 0.03:
            port = struct.unpack("!H", packet[0][22:24])[0]
            trace.add(now + 0.09, tcp(dst, guarded(4), port, bot.sport, RST | ACK, 0, as_number(dst) + 1, ttl=50))
    return trace


def egress_plain(*, seed=1, family=4, targets=120, within_s=10.0, port=22, start=2.0, answered=0.05, answer="refused"):
    """Outgoing connection attempts of an ordinary stack to many addresses on one port."""
    rng, trace = new(seed, family, start + within_s + 2.0)
    for n in range(targets):
        dst, now = any_target(rng, family), start + n * within_s / targets
        c = Conversation(trace, guarded(family), dst, rng.randrange(32768, 61000), port, rng, rtt=0.08)
        if rng.random() >= answered:
            c.send(now, True, SYN, options=syn_options(n))
        elif answer == "refused":
            c.refused(now)
        else:
            now = c.open(now)
            now = c.server_says(now + 0.01, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7\r\n")
            c.close(now)
    return trace


def any_target(rng, family):
    return bytes([rng.choice((5, 31, 62, 85, 103, 117, 151))]) + rng.randbytes(3) if family == 4 else bytes.fromhex("20010db8") + bytes([0xAA]) + rng.randbytes(11)


def backscatter(*, family=4, seed=1, servers=60, seconds=30.0, rate_pps=6.0, target_net=False):
    """Servers that somebody attacks in our name: SYN-ACK, RST and unreachable at a low rate."""
    rng, trace = new(seed, family, seconds + 2.0)
    hosts = [bot_address(rng, family) for _ in range(servers)]
    for n in range(round(rate_pps * seconds)):
        now, src = 1.0 + n / rate_pps + rng.random() * 0.1, rng.choice(hosts)
        dst, dport = (neighbour(family, rng.randrange(1, 250)) if target_net else guarded(family)), rng.randrange(1024, 65536)
        what = rng.random()
        if what < 0.6:
            trace.add(now, tcp(src, dst, 80, dport, SYN | ACK, rng.getrandbits(32), rng.getrandbits(32), options=syn_options(3), ttl=50, df=True))
            trace.add(now + 0.0001, tcp(dst, src, dport, 80, RST, rng.getrandbits(32), df=True))
        elif what < 0.85:
            trace.add(now, tcp(src, dst, rng.choice((80, 443)), dport, RST | ACK, 0, rng.getrandbits(32), ttl=50))
        else:
            quoted = tcp(dst, src, dport, 80, SYN, rng.getrandbits(32))[0]
            trace.add(now, icmp(src, dst, 3 if family == 4 else 1, 1 if family == 4 else 3, b"\0\0\0\0" + quoted, ttl=50))
    return trace


def peer_to_peer(*, family=4, seed=1, peers=250, seconds=40.0, one_port=0, alive=0.7, gone=0.35):
    """A BitTorrent client: many peers, ports of all kinds (or one_port), most answer, and others come in on their own."""
    rng, trace = new(seed, family, seconds + 3.0)
    for n in range(peers):
        peer, now, port = any_target(rng, family), 1.0 + rng.random() * seconds, one_port or rng.randrange(1024, 65536)
        if rng.random() < 0.5:  # DHT
            trace.add(now, udp(guarded(family), peer, 6881, port, b"d1:ad2:id20:" + rng.randbytes(20) + b"9:info_hash20:" + rng.randbytes(20), 104))
            if rng.random() < alive:
                trace.add(now + 0.08, udp(peer, guarded(family), port, 6881, b"d1:rd2:id20:" + rng.randbytes(20) + b"5:nodes208:" + rng.randbytes(24), 300, ttl=48))
        elif rng.random() < 0.6:  # we call
            c = Conversation(trace, guarded(family), peer, rng.randrange(32768, 61000), port, rng, rtt=0.1)
            if rng.random() < gone:
                c.send(now, True, SYN, options=syn_options(n))
                continue
            now = c.client_says(c.open(now), b"\x13BitTorrent protocol" + bytes(8) + rng.randbytes(30), 68)
            now = c.server_says(now, b"\x13BitTorrent protocol" + bytes(8) + rng.randbytes(30), 68)
            for _ in range(rng.randrange(1, 12)):
                now = c.server_says(now, rng.randbytes(60), 1448)
        else:  # they call
            c = Conversation(trace, peer, guarded(family), rng.randrange(1024, 61000), 6881, rng, rtt=0.1)
            now = c.client_says(c.open(now), b"\x13BitTorrent protocol" + bytes(8) + rng.randbytes(30), 68)
            now = c.server_says(now, b"\x13BitTorrent protocol" + bytes(8) + rng.randbytes(30), 68)
            for _ in range(rng.randrange(1, 8)):
                now = c.client_says(now, rng.randbytes(60), 1448)
    return trace


def crawler(*, family=4, seed=1, sites=300, seconds=30.0, answered=0.97):
    """The guarded host fetches pages from hundreds of servers, and nearly all answer."""
    rng, trace = new(seed, family, seconds + 3.0)
    for n in range(sites):
        site, now = any_target(rng, family), 1.0 + n * seconds / sites
        if rng.random() < answered:
            web_visit(trace, rng, now, guarded(family), site, port=443, rtt=0.04)
        else:
            Conversation(trace, guarded(family), site, rng.randrange(32768, 61000), 443, rng).send(now, True, SYN, options=syn_options(n))
    return trace


def recursive_resolver(*, family=4, seed=1, servers=400, seconds=20.0):
    """The guarded host resolves for others: questions to hundreds of name servers, answered."""
    rng, trace = new(seed, family, seconds + 2.0)
    for n in range(servers):
        server, now, ident, port = any_target(rng, family), 1.0 + n * seconds / servers, rng.getrandbits(16), rng.randrange(1024, 65536)
        name = b"ns%d.example.com" % n
        trace.add(now, udp(guarded(family), server, port, 53, dns_query(ident, name, edns=True)))
        if rng.random() < 0.95:
            trace.add(now + 0.03, udp(server, guarded(family), 53, port, dns_answer(ident, name), ttl=50))
    return trace


def web_crawler_in(*, family=4, seed=1, seconds=30.0, rate_per_s=8.0):
    """A search engine reads the guarded site: one source, many complete connections, port 443 only."""
    rng, trace = new(seed, family, seconds + 2.0)
    robot = ip("192.0.2.250") if family == 4 else ip("2001:db8:c:b07::1")
    for n in range(round(seconds * rate_per_s)):
        web_visit(trace, rng, 1.0 + n / rate_per_s, robot, guarded(family), port=443, requests=2)
    return trace


RECIPES = {"mirai": mirai, "device_ports": device_ports, "tool": tool, "vertical": vertical, "horizontal": horizontal, "udp_ports": udp_ports,
           "slow": slow, "followup": followup, "egress_mirai": egress_mirai, "egress_plain": egress_plain, "backscatter": backscatter,
           "peer_to_peer": peer_to_peer, "crawler": crawler, "recursive_resolver": recursive_resolver, "web_crawler_in": web_crawler_in}
