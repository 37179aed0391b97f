"""Building blocks: IP packets, and the capture file that they end in.

A packet is a pair (captured bytes, true length): payloads are given by their first bytes and their size on the wire, because only
the first bytes are kept (the snap length). An address is its 4 or 16 bytes; its length says the family. Checksums are left zero.
"""
import ipaddress
import struct

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128
ICMP, IGMP, IPIP, TCP, UDP, IPV6_IN_IP, GRE, ESP, AH, ICMPV6, SCTP = 1, 2, 4, 6, 17, 41, 47, 50, 51, 58, 132

EPOCH = 1_772_323_200  # 2026-03-01 00:00:00 UTC: time 0 of every trace
SNAP = 128

HOST_MAC = bytes.fromhex("020000000010")
ROUTER_MAC = bytes.fromhex("020000000001")

# The guarded side of every case: whatever starts like this sits behind the host's interface.
GUARDED_PREFIXES = (bytes([203, 0, 113]), bytes.fromhex("20010db80010"))


def ip(text):
    return ipaddress.ip_address(text).packed


def text_of(address):
    return str(ipaddress.ip_address(address))


def guarded(family):
    return ip("203.0.113.10") if family == 4 else ip("2001:db8:10::10")


def is_guarded(address):
    return address.startswith(GUARDED_PREFIXES)


def ip_packet(src, dst, protocol, body, size=None, *, ttl=64, ident=0, df=False, tos=0, offset=0, more=False):
    """`body` goes into an IP packet; `size` is its true length. `offset` (bytes) and `more` make a fragment."""
    size = len(body) if size is None else size
    if len(src) == 4:
        flags = (0x4000 if df else 0) | (0x2000 if more else 0) | offset >> 3
        return struct.pack("!BBHHHBBH4s4s", 0x45, tos, 20 + size, ident, flags, ttl, protocol, 0, src, dst) + body, 20 + size
    if offset or more:
        body = struct.pack("!BBHI", protocol, 0, offset | (1 if more else 0), ident) + body
        protocol, size = 44, size + 8
    return struct.pack("!IHBB16s16s", 0x60000000 | tos << 20, size, protocol, ttl, src, dst) + body, 40 + size


def udp(src, dst, sport, dport, payload=b"", size=None, **header):
    size = len(payload) if size is None else size
    return ip_packet(src, dst, UDP, struct.pack("!HHHH", sport, dport, 8 + size, 0) + payload, 8 + size, **header)


def tcp(src, dst, sport, dport, flags, seq=0, ack=0, payload=b"", size=None, *, window=64240, options=b"", **header):
    size = len(payload) if size is None else size
    head = 20 + len(options)
    body = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, head << 2, flags, window, 0, 0)
    return ip_packet(src, dst, TCP, body + options + payload, head + size, **header)


def syn_options(timestamp):
    """MSS, SACK permitted, timestamps, NOP, window scale: what a Linux SYN carries, 20 bytes."""
    return struct.pack("!BBHBBBBIIBBBB", 2, 4, 1460, 4, 2, 8, 10, timestamp & 0xFFFFFFFF, 0, 1, 3, 3, 7)


def icmp(src, dst, kind, code, rest=b"\0\0\0\0", size=None, **header):
    """`rest` follows type, code and checksum; `size` is the true length of `rest`."""
    size = len(rest) if size is None else size
    protocol = ICMP if len(src) == 4 else ICMPV6
    return ip_packet(src, dst, protocol, struct.pack("!BBH", kind, code, 0) + rest, 4 + size, **header)


def port_unreachable(src, dst, offending):
    """The answer of a host to a UDP packet for a port where nobody listens."""
    quoted = offending[0][:64]
    kind, code = (3, 3) if len(src) == 4 else (1, 4)
    return icmp(src, dst, kind, code, b"\0\0\0\0" + quoted)


def gre(src, dst, ethertype, inner, size, **header):
    return ip_packet(src, dst, GRE, struct.pack("!HH", 0, ethertype) + inner, 4 + size, **header)


def arp_request(sender_mac, sender, target):
    return struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, sender_mac, sender, b"\0" * 6, target)


class Trace:
    """Frames in any order of time; written sorted. Seconds are counted from the trace's own time 0."""

    def __init__(self, snap=SNAP):
        self.snap = snap
        self.frames = []

    def add(self, seconds, packet):
        data, length = packet
        source_at = 12 if data[0] >> 4 == 4 else 8
        family_bytes = 4 if source_at == 12 else 16
        src = data[source_at:source_at + family_bytes]
        dst = data[source_at + family_bytes:source_at + 2 * family_bytes]
        outgoing = is_guarded(src)
        source_mac = HOST_MAC if outgoing else ROUTER_MAC
        if dst[0] == 0xFF and family_bytes == 16:
            target_mac = b"\x33\x33" + dst[12:]
        elif family_bytes == 4 and 224 <= dst[0] < 240:
            target_mac = b"\x01\x00\x5e" + bytes([dst[1] & 0x7F]) + dst[2:]
        elif family_bytes == 4 and (dst == b"\xff\xff\xff\xff" or (dst[3] == 255 and is_guarded(dst))):
            target_mac = b"\xff" * 6
        else:
            target_mac = ROUTER_MAC if outgoing else HOST_MAC
        self.add_frame(seconds, target_mac, source_mac, 0x0800 if family_bytes == 4 else 0x86DD, data, length, pad=not outgoing)

    def add_frame(self, seconds, target_mac, source_mac, ethertype, data, length, pad=True):
        frame = struct.pack("!6s6sH", target_mac, source_mac, ethertype) + data
        length += 14
        if pad and length < 60:  # what comes from the wire was padded; what leaves is seen before the card pads it
            frame, length = frame.ljust(60, b"\0"), 60
        self.frames.append((round(seconds * 1e6), frame[:self.snap], length))

    def write(self, path):
        self.frames.sort(key=lambda frame: frame[0])
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, self.snap, 1))
            for micros, frame, length in self.frames:
                out.write(struct.pack("<IIII", EPOCH + micros // 1_000_000, micros % 1_000_000, len(frame), length) + frame)


class Conversation:
    """One TCP connection with real sequence numbers, from the client's SYN on."""

    def __init__(self, trace, client, server, sport, dport, rng, *, client_ttl=64, server_ttl=64, rtt=0.02, window=64240):
        self.trace, self.client, self.server, self.sport, self.dport = trace, client, server, sport, dport
        self.client_ttl = client_ttl if is_guarded(client) else client_ttl - 11
        self.server_ttl = server_ttl if is_guarded(server) else server_ttl - 9
        self.rtt, self.window = rtt, window
        self.client_seq, self.server_seq = rng.getrandbits(32), rng.getrandbits(32)
        self.ident = rng.getrandbits(15)
        self.stamp = rng.getrandbits(31)

    def send(self, seconds, from_client, flags, payload=b"", size=None, options=b"", seq_delta=0):
        """One segment exactly as told; advances the sender's sequence number by payload, SYN and FIN."""
        size = len(payload) if size is None else size
        self.ident = (self.ident + 1) & 0xFFFF
        header = {"df": True, "ident": self.ident, "options": options, "window": self.window}
        ack = (self.server_seq if from_client else self.client_seq) if flags & ACK else 0
        if from_client:
            packet = tcp(self.client, self.server, self.sport, self.dport, flags, self.client_seq + seq_delta, ack, payload, size,
                         ttl=self.client_ttl, **header)
        else:
            packet = tcp(self.server, self.client, self.dport, self.sport, flags, self.server_seq + seq_delta, ack, payload, size,
                         ttl=self.server_ttl, **header)
        advance = size + (1 if flags & (SYN | FIN) else 0)
        if from_client:
            self.client_seq = (self.client_seq + advance) & 0xFFFFFFFF
        else:
            self.server_seq = (self.server_seq + advance) & 0xFFFFFFFF
        self.trace.add(seconds, packet)
        return seconds

    def open(self, seconds):
        """Three-way handshake; returns when the client's ACK passes."""
        self.send(seconds, True, SYN, options=syn_options(self.stamp))
        self.send(seconds + self.rtt * 0.5, False, SYN | ACK, options=syn_options(self.stamp + 77))
        return self.send(seconds + self.rtt, True, ACK)

    def refused(self, seconds):
        self.send(seconds, True, SYN, options=syn_options(self.stamp))
        return self.send(seconds + self.rtt * 0.5, False, RST | ACK)

    def client_says(self, seconds, payload, size=None, acked=True):
        self.send(seconds, True, PSH | ACK, payload, size)
        if acked:
            self.send(seconds + self.rtt * 0.5, False, ACK)
        return seconds + self.rtt

    def server_says(self, seconds, payload, size=None, acked=True):
        self.send(seconds, False, PSH | ACK, payload, size)
        if acked:
            self.send(seconds + self.rtt * 0.5, True, ACK)
        return seconds + self.rtt

    def close(self, seconds, by_client=True):
        self.send(seconds, by_client, FIN | ACK)
        self.send(seconds + self.rtt * 0.5, not by_client, FIN | ACK)
        return self.send(seconds + self.rtt, by_client, ACK)

    def reset(self, seconds, by_client=True):
        return self.send(seconds, by_client, RST | ACK)
