"""Floods of single packets: the raw-socket vectors of Mirai (FACTS section 5) and the taxonomy of section 6.

A vector is a function (flood, now, src, dst) that adds one attack packet, and what the target's kernel would answer, to the trace.
`flood` runs a vector against the guarded host (ingress) or from it (egress), with ordinary traffic before and during.
"""
import random
import struct

from packets import (ACK, AH, CWR, ECE, ESP, FIN, GRE, HOST_MAC, ICMP, ICMPV6, IGMP, IPIP, IPV6_IN_IP, PSH, RST, SCTP, SYN, UDP, URG, Trace,
                     arp_request, gre, guarded, icmp, ip, ip_packet, port_unreachable, syn_options, tcp, udp)
from traffic import background, dns_answer, dns_name, dns_query, resolver


def bot_address(rng, family):
    return bytes([198, 18 + rng.randrange(2)]) + rng.randbytes(2) if family == 4 else bytes.fromhex("20010db80bad") + rng.randbytes(10)


def any_address(rng, family):
    """What a spoofing tool draws: the whole space, reserved blocks included."""
    return rng.randbytes(4) if family == 4 else bytes([rng.randrange(256)]) + rng.randbytes(15)


def victim_address(family):
    """Whom the guarded host attacks in the egress cases."""
    return ip("198.19.77.77") if family == 4 else ip("2001:db8:7777::77")


class Bot:
    def __init__(self, rng, family, address=None):
        self.address = address or bot_address(rng, family)
        self.ttl = rng.randrange(40, 60)  # 64 at the origin
        self.sport, self.dport = rng.randrange(1024, 65536), rng.randrange(1024, 65536)
        self.key, self.size = rng.getrandbits(32), rng.randrange(540, 751)


class Flood:
    """One run of a vector: who sends to whom, and the knobs that a vector may read."""

    def __init__(self, trace, rng, family, egress, answered, options):
        self.trace, self.rng, self.family, self.egress, self.answered, self.options = trace, rng, family, egress, answered, options
        self.bot = None

    def header(self, df=False):
        return {"ttl": 64 if self.egress else self.bot.ttl, "ident": self.rng.getrandbits(16), "df": df}

    def answer(self, now, packet):
        if self.rng.random() < self.answered:
            self.trace.add(now + (0.02 if self.egress else 0.0001), packet)
            return True
        return False

    def option(self, name, default):
        return self.options.get(name, default)


# --- UDP ---------------------------------------------------------------------------------------------------------------------------

def udp_generic(f, now, src, dst):
    """Mirai 0: random ports each packet, 512 random bytes, DF 0."""
    packet = udp(src, dst, f.rng.randrange(1, 65536), f.rng.randrange(1, 65536), f.rng.randbytes(64), f.option("size", 512), **f.header())
    f.trace.add(now, packet)
    f.answer(now, port_unreachable(dst, src, packet))


def udp_random_sizes(f, now, src, dst):
    """Aisuru: 540-750 bytes, pseudo-random ports, not spoofed."""
    size = f.rng.randrange(540, 751) - (28 if f.family == 4 else 48)
    f.trace.add(now, udp(src, dst, f.rng.randrange(1024, 65536), f.rng.randrange(1, 65536), f.rng.randbytes(64), size, **f.header()))


def udp_fixed_port(f, now, src, dst):
    """Random sources' ports, one target port (a game), 1,024 equal bytes."""
    f.trace.add(now, udp(src, dst, f.rng.randrange(1024, 65536), f.option("port", 30120), b"\xa5" * 64, 1024, **f.header()))


def udp_plain(f, now, src, dst):
    """Mirai 9: a kernel socket: fixed 5-tuple per bot, DF 1, 512 bytes."""
    payload = f.bot.key.to_bytes(4, "big") * 16
    f.trace.add(now, udp(src, dst, f.bot.sport, f.bot.dport, payload, 512, **f.header(df=True)))


def vse(f, now, src, dst):
    """Mirai 1: the Source engine query, 25 bytes."""
    f.trace.add(now, udp(src, dst, f.rng.randrange(1024, 65536), 27015, b"\xff\xff\xff\xffTSource Engine Query\0", **f.header()))


def random_label(rng, length=12):
    return bytes(rng.choice(b"abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(length))


def water_torture(f, now, src, dst):
    """Mirai 2: random 12-character labels under one zone, through real resolvers; NXDOMAIN comes back."""
    if f.egress:
        dst = resolver(f.family, f.rng.randrange(3))  # a bot asks its own resolvers
    name, ident, port = random_label(f.rng) + b".shop.example.com", f.rng.getrandbits(16), f.rng.randrange(1024, 65536)
    f.trace.add(now, udp(src, dst, port, 53, dns_query(ident, name, edns=not f.egress), **f.header()))
    f.answer(now, udp(dst, src, 53, port, dns_answer(ident, name, rcode=3, answers=0), ttl=64 if not f.egress else 57))


def dns_queries(f, now, src, dst):
    """Valid queries for few names, far more than resolvers would ask."""
    name, ident, port = f.rng.choice((b"example.com", b"www.example.com")), f.rng.getrandbits(16), f.rng.randrange(1024, 65536)
    f.trace.add(now, udp(src, dst, port, 53, dns_query(ident, name, kind=f.rng.choice((1, 28, 16))), **f.header()))
    f.answer(now, udp(dst, src, 53, port, dns_answer(ident, name)))


def dns_garbage(f, now, src, dst):
    """Port 53 without DNS: random bytes whose header counts make no sense."""
    payload = f.rng.randbytes(2) + b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" + f.rng.randbytes(52)
    f.trace.add(now, udp(src, dst, f.rng.randrange(1024, 65536), 53, payload, f.rng.choice((512, 900, 1200)), **f.header()))


def dhcp(f, now, src, dst):
    """Starvation: every request with a new hardware address."""
    mac = b"\x02" + f.rng.randbytes(5)
    if f.family == 4:
        head = struct.pack("!BBBBIHHIIII", 1, 1, 6, 0, f.rng.getrandbits(32), 0, 0x8000, 0, 0, 0, 0) + mac + bytes(10)
        f.trace.add(now, udp(ip("0.0.0.0"), ip("255.255.255.255"), 68, 67, head, 300, ttl=64))
    else:
        solicit = b"\x01" + f.rng.randbytes(3) + struct.pack("!HHHH", 1, 10, 3, 1) + mac + struct.pack("!HHHHH", 8, 2, 0, 6, 2)
        f.trace.add(now, udp(ip("fe80::")[:8] + b"\0" * 2 + mac, ip("ff02::1:2"), 546, 547, solicit, ttl=1))


# --- TCP without a connection ---------------------------------------------------------------------------------------------------------

def syn(f, now, src, dst, options=True, flags=SYN):
    """Mirai 3: a 60-byte SYN with options, DF 1, random port and sequence number."""
    seq, sport, dport = f.rng.getrandbits(32), f.rng.randrange(1024, 65536), f.option("port", 443)
    f.trace.add(now, tcp(src, dst, sport, dport, flags, seq, options=syn_options(f.rng.getrandbits(32)) if options else b"",
                         window=f.rng.getrandbits(16) if options else 512, **f.header(df=options)))
    if f.answer(now, tcp(dst, src, dport, sport, SYN | ACK, f.rng.getrandbits(32), seq + 1, options=syn_options(1), df=True)) and f.egress:
        f.trace.add(now + 0.0201, tcp(src, dst, sport, dport, RST, seq + 1, df=True))  # the bot's own kernel knows nothing of it


def syn_bare(f, now, src, dst):
    """hping and its kin: 40 bytes, no options."""
    syn(f, now, src, dst, options=False)


def syn_ecn(f, now, src, dst):
    """The ECE/CWR variant that was seen against game servers."""
    syn(f, now, src, dst, options=False, flags=SYN | ECE | CWR)


def stray(f, now, src, dst, flags, size=0, ack=True, answered_by_rst=True):
    """A segment of no connection, and the RST that it earns."""
    sport, dport = f.rng.randrange(1024, 65536), f.option("port", f.rng.choice((80, 443, 22)))
    payload = f.rng.randbytes(64) if size else b""
    packet = tcp(src, dst, sport, dport, flags, f.rng.getrandbits(32), f.rng.getrandbits(32) if ack else 0, payload, size,
                 window=f.rng.getrandbits(16), **f.header())
    f.trace.add(now, packet)
    if answered_by_rst:
        f.answer(now, tcp(dst, src, dport, sport, RST, f.rng.getrandbits(32), df=True))


def ack(f, now, src, dst):
    """Mirai 4: ACK of no connection with 512 random bytes: 552 bytes of IP."""
    stray(f, now, src, dst, ACK, f.option("size", 512))


def ack_empty(f, now, src, dst):
    stray(f, now, src, dst, ACK)


def psh_ack(f, now, src, dst):
    stray(f, now, src, dst, PSH | ACK, f.rng.choice((256, 512, 1024)))


def rst(f, now, src, dst):
    stray(f, now, src, dst, RST | ACK, answered_by_rst=False)


def fin(f, now, src, dst):
    stray(f, now, src, dst, FIN | ACK)


def null(f, now, src, dst):
    stray(f, now, src, dst, 0, ack=False)


def xmas(f, now, src, dst):
    stray(f, now, src, dst, FIN | PSH | URG, ack=False)


IMPOSSIBLE = [flags for flags in range(64) if (flags & SYN and flags & (FIN | RST)) or (flags & (FIN | RST)) == FIN | RST
              or (flags & URG and flags & SYN)]


def odd_flags(f, now, src, dst):
    """Aisuru: random combinations that no stack sends, 540-750 bytes."""
    stray(f, now, src, dst, f.rng.choice(IMPOSSIBLE), f.rng.randrange(500, 711), answered_by_rst=False)


def syn_ack(f, now, src, dst):
    """SYN-ACKs made by a tool: from random ports, to random ports."""
    sport, dport = f.rng.randrange(1024, 65536), f.rng.randrange(1024, 65536)
    f.trace.add(now, tcp(src, dst, sport, dport, SYN | ACK, f.rng.getrandbits(32), f.rng.getrandbits(32), window=512, **f.header()))
    f.answer(now, tcp(dst, src, dport, sport, RST, f.rng.getrandbits(32), df=True))


def tcp_reflection(f, now, src, dst):
    """Real servers answer SYNs that were sent in the target's name: SYN-ACK with options from a well-known port, again after a second."""
    if f.egress:
        src, dst = dst, src  # nobody is a victim here; see catalogue: egress is the guarded host being the reflector
    sport, dport = (80, 443, 22, 25, 179)[f.bot.key % 5], f.rng.randrange(1024, 65536)
    packet = tcp(src, dst, sport, dport, SYN | ACK, f.rng.getrandbits(32), f.rng.getrandbits(32), options=syn_options(f.bot.key),
                 window=65160, ttl=f.bot.ttl, df=True)
    f.trace.add(now, packet)
    f.trace.add(now + 1.0, packet)
    f.answer(now, tcp(dst, src, dport, sport, RST, f.rng.getrandbits(32), df=True))


def tcp_middlebox(f, now, src, dst):
    """Censoring middleboxes answer a forbidden request with a block page and resets, all from port 80."""
    dport, seq = f.rng.randrange(1024, 65536), f.rng.getrandbits(32)
    page = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n<html><head><title>Blocked"
    for n, (flags, payload, size) in enumerate(((PSH | ACK, page, 1180), (FIN | PSH | ACK, b"</html>\r\n", 9), (RST | ACK, b"", 0))):
        f.trace.add(now + n * 0.0001, tcp(src, dst, 80, dport, flags, seq, 1, payload, size, window=502, **f.header()))
    f.answer(now, tcp(dst, src, dport, 80, RST, 1, df=True))


# --- other protocols --------------------------------------------------------------------------------------------------------------------

def echo(f, now, src, dst):
    rest = f.rng.randbytes(4) + f.rng.randbytes(56)
    request, reply = (8, 0) if f.family == 4 else (128, 129)
    f.trace.add(now, icmp(src, dst, request, 0, rest, f.option("size", 1028), **f.header()))
    f.answer(now, icmp(dst, src, reply, 0, rest, f.option("size", 1028)))


def icmp_other(f, now, src, dst):
    """Neither echo nor unreachable: timestamp requests, or for IPv6 node information queries."""
    kind = 13 if f.family == 4 else 139
    f.trace.add(now, icmp(src, dst, kind, 0, f.rng.randbytes(16), **f.header()))


def mld(f, now, src, dst):
    """Neighbour solicitations and listener reports for ever new groups, hop limit as the protocols demand."""
    src = src if f.egress else b"\xfe\x80" + bytes(6) + src[8:]
    if f.rng.random() < 0.5:
        body = bytes(4) + b"\xff\x02" + bytes(11) + f.rng.randbytes(3)
        f.trace.add(now, icmp(src, ip("ff02::1"), 131, 0, body, ttl=1))
    else:
        body = bytes(4) + dst[:13] + f.rng.randbytes(3) + b"\x01\x01" + b"\x02" + f.rng.randbytes(5)
        f.trace.add(now, icmp(src, dst, 135, 0, body, ttl=255))


def igmp(f, now, src, dst):
    f.trace.add(now, ip_packet(src, dst, IGMP, b"\x16\0\0\0" + b"\xe0\0" + f.rng.randbytes(2), **f.header()))


def fragments(f, now, src, dst):
    """A first and a later fragment of a large UDP packet that never completes."""
    ident, size = f.rng.getrandbits(16), 1400
    head = struct.pack("!HHHH", f.rng.randrange(1024, 65536), f.rng.randrange(1, 65536), 4000, 0) + f.rng.randbytes(56)
    common = {"ttl": 64 if f.egress else f.bot.ttl, "ident": ident, "more": True}
    if f.rng.random() < 0.2:
        f.trace.add(now, ip_packet(src, dst, UDP, head, size, **common))
    else:
        f.trace.add(now, ip_packet(src, dst, UDP, f.rng.randbytes(64), size, offset=1400 * f.rng.randrange(1, 3), **common))


def gre_ip(f, now, src, dst):
    """Mirai 6: GRE, IP inside, UDP with 512 random bytes from a random source: 564 bytes."""
    inner, _ = udp(f.rng.randbytes(4), f.rng.randbytes(4), f.rng.randrange(1, 65536), f.rng.randrange(1, 65536), f.rng.randbytes(40), 512)
    f.trace.add(now, gre(src, dst, 0x0800, inner, 540, **f.header(df=True)))


def gre_eth(f, now, src, dst):
    """Mirai 7: GRE with an Ethernet frame of random addresses inside: 578 bytes."""
    inner, _ = udp(f.rng.randbytes(4), f.rng.randbytes(4), f.rng.randrange(1, 65536), f.rng.randrange(1, 65536), f.rng.randbytes(40), 512)
    f.trace.add(now, gre(src, dst, 0x6558, f.rng.randbytes(12) + b"\x08\0" + inner, 554, **f.header(df=True)))


def gre_other(f, now, src, dst):
    """GRE that carries neither IP nor Ethernet."""
    f.trace.add(now, gre(src, dst, 0x2000 + f.rng.randrange(64), f.rng.randbytes(64), 500, **f.header()))


def ipip(f, now, src, dst):
    inner, size = udp(f.rng.randbytes(4), f.rng.randbytes(4), 1000, 2000, f.rng.randbytes(40), 512)
    f.trace.add(now, ip_packet(src, dst, IPIP, inner, size, **f.header()))


def six_in_four(f, now, src, dst):
    inner, size = udp(f.rng.randbytes(16), f.rng.randbytes(16), 1000, 2000, f.rng.randbytes(20), 512)
    f.trace.add(now, ip_packet(src, dst, IPV6_IN_IP, inner, size, **f.header()))


def esp(f, now, src, dst):
    f.trace.add(now, ip_packet(src, dst, ESP, f.rng.randbytes(64), f.rng.randrange(400, 1200), **f.header()))


def ah(f, now, src, dst):
    """AH in front of nothing that exists here."""
    body = bytes([59 if f.family == 6 else 253, 4, 0, 0]) + f.rng.randbytes(20)
    f.trace.add(now, ip_packet(src, dst, AH, body, **f.header()))


def sctp(f, now, src, dst):
    init = struct.pack("!HHII", f.rng.randrange(1024, 65536), 36412, 0, 0) + b"\x01\0\0\x14" + f.rng.randbytes(16)
    f.trace.add(now, ip_packet(src, dst, SCTP, init, **f.header()))


def other_protocol(f, now, src, dst):
    f.trace.add(now, ip_packet(src, dst, 253, f.rng.randbytes(64), 512, **f.header()))


def ipv6_extensions(f, now, src, dst):
    """Destination options, one behind the other, and no transport at all."""
    chain = b"".join(bytes([60 if n < 3 else 59, 1]) + b"\x1e\x0c" + f.rng.randbytes(12) for n in range(4))
    f.trace.add(now, ip_packet(src, dst, 60, chain, **f.header()))


def arp(f, now, src, dst):
    mac = b"\x02" + f.rng.randbytes(5)
    if f.egress:
        mac = HOST_MAC
    sender = bytes([203, 0, 113, f.rng.randrange(1, 255)]) if not f.egress else guarded(4)
    data = arp_request(mac, sender, bytes([203, 0, 113, f.rng.randrange(1, 255)]))
    f.trace.add_frame(now, b"\xff" * 6, mac, 0x0806, data, len(data))


def smurf(f, now, src, dst):
    """Echo requests in the victim's name to an address that everybody here answers."""
    if f.family == 4:
        dst = ip("203.0.113.255") if not f.egress else ip("224.0.0.1")
        f.trace.add(now, icmp(src, dst, 8, 0, f.rng.randbytes(60), ttl=64))
    else:
        f.trace.add(now, icmp(src, ip("ff02::1"), 128, 0, f.rng.randbytes(60), ttl=255))


VECTORS = {
    "udp": udp_generic, "udp_random_sizes": udp_random_sizes, "udp_fixed_port": udp_fixed_port, "udp_plain": udp_plain, "vse": vse,
    "water_torture": water_torture, "dns": dns_queries, "dns_garbage": dns_garbage, "dhcp": dhcp, "syn": syn, "syn_bare": syn_bare,
    "syn_ecn": syn_ecn, "ack": ack, "ack_empty": ack_empty, "psh_ack": psh_ack, "rst": rst, "fin": fin, "null": null, "xmas": xmas,
    "odd_flags": odd_flags, "syn_ack": syn_ack, "tcp_reflection": tcp_reflection, "tcp_middlebox": tcp_middlebox, "echo": echo,
    "icmp_other": icmp_other, "mld": mld, "igmp": igmp, "fragments": fragments, "gre_ip": gre_ip, "gre_eth": gre_eth,
    "gre_other": gre_other, "ipip": ipip, "six_in_four": six_in_four, "esp": esp, "ah": ah, "sctp": sctp,
    "other_protocol": other_protocol, "ipv6_extensions": ipv6_extensions, "arp": arp, "smurf": smurf,
}

# How much of the attack the other side's kernel answers, ingress and egress.
ANSWERED = {"syn": (1.0, 0.2), "syn_bare": (1.0, 0.2), "syn_ecn": (1.0, 0.2), "udp": (0.1, 0.02), "water_torture": (1.0, 0.9), "dns": (1.0, 0.5)}


def add_flood(trace, rng, vector, *, family, egress, rate_pps, start, seconds, sources=200, spoofed="", answered=None, target=None, options=None):
    """Adds one flood to a trace; several make a mixture."""
    share = ANSWERED.get(vector, (1.0, 0.1))[egress] if answered is None else answered
    f = Flood(trace, rng, family, egress, share, options or {})
    bots = [Bot(rng, family, guarded(family))] if egress else [Bot(rng, family) for _ in range(sources)]
    targets = target if isinstance(target, list) else [target or (victim_address(family) if egress else guarded(family))]
    make = VECTORS[vector]
    count = round(rate_pps * seconds)
    for n in range(count):
        f.bot = bots[0] if len(bots) == 1 else rng.choice(bots)
        src = f.bot.address
        if spoofed == "uniform":
            src = any_address(rng, family)
            f.bot.ttl = rng.randrange(40, 60)
        elif spoofed:
            src = ip(spoofed)
        make(f, start + (n + rng.random()) * seconds / count, src, targets[0] if len(targets) == 1 else rng.choice(targets))


def flood(vector, *, family=4, direction="ingress", rate_pps=1000, seconds=2.0, start=2.0, after=0.7, seed=1, quiet_net=False, **more):
    """A server's ordinary traffic, and from `start` on (0: the capture begins in the middle) the attack."""
    rng, trace = random.Random(seed), Trace()
    if not quiet_net:
        background(trace, rng, 0.0, start + seconds + after, family)
    known = {key: more.pop(key) for key in ("sources", "spoofed", "answered") if key in more}
    add_flood(trace, rng, vector, family=family, egress=direction == "egress", rate_pps=rate_pps, start=start, seconds=seconds, options=more, **known)
    return trace


def _recipe(vector):
    return lambda **parameters: flood(vector, **parameters)


RECIPES = {name: _recipe(name) for name in VECTORS}
