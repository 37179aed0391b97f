"""C2 on the wire (FACTS section 3) with exact bytes, and the protocols whose heartbeats look like it.

The guarded host is the client: it opened the connection, as a bot opens one to its master.
"""
import random
import struct

from floods import add_flood
from packets import ACK, SYN, Conversation, Trace, guarded, ip, syn_options
from traffic import background

MASTER = {4: "198.19.200.7", 6: "2001:db8:c2::7"}


def new(seed, family, end, web=1.0):
    rng, trace = random.Random(seed), Trace()
    background(trace, rng, 0.0, end, family, web=web, dns=0.2, ssh=False)
    return rng, trace


def master(family, text=""):
    return ip(text or MASTER[family])


def mirai(*, family=4, seed=1, beats=6, port=23, bot_id="", register=True, jitter=0.0, command_after=0, flood_after_s=0.0, flood_pps=2000,
          flood="udp", period_s=60.0, start=2.0):
    """Registration 00 00 00 01 + id, first heartbeat after 10 s, then every 60 s: 00 00 out, 00 00 back.

    `command_after` > 0: after that many beats the master sends a command, and `flood_after_s` later the flood starts."""
    end = start + 20 + period_s * beats + (8 if flood_after_s else 0)
    rng, trace = new(seed, family, end)
    c = Conversation(trace, guarded(family), master(family), rng.randrange(32768, 61000), port, rng, rtt=0.09)
    now = start
    if register:
        now = c.open(start)
        now = c.client_says(now + 0.002, b"\x00\x00\x00\x01")
        now = c.client_says(now + 0.002, bytes([len(bot_id)]) + bot_id.encode())
    now += 10.0
    for n in range(beats):
        c.client_says(now, b"\x00\x00", acked=False)
        c.server_says(now + 0.09, b"\x00\x00")
        if command_after == n + 1:
            command = b"\x00\x1e" + struct.pack("!IBB4sB", 30, 0, 1, ip("198.19.77.77"), 32) + b"\x01\x07\x0280"
            at = now + 7.0
            c.server_says(at, command)
            if flood_after_s:
                add_flood(trace, rng, flood, family=family, egress=True, rate_pps=flood_pps, start=at + flood_after_s, seconds=2.0)
        now += period_s * (1 + rng.uniform(-jitter, jitter))
    return trace


def keepalive(*, family=4, seed=1, beats=9, period_s=60.0, jitter=0.02, size=6, port=443, server_size=6, fixed_bytes=True, connect=True, start=2.0):
    """A variant's heartbeat: a few bytes at a steady pace, echoed."""
    rng, trace = new(seed, family, start + period_s * (beats + 1))
    c = Conversation(trace, guarded(family), master(family), rng.randrange(32768, 61000), port, rng, rtt=0.07)
    now = c.open(start) + 0.01 if connect else start
    payload = rng.randbytes(size)
    for _ in range(beats):
        now += period_s * (1 + rng.uniform(-jitter, jitter))
        c.client_says(now, payload if fixed_bytes else rng.randbytes(size), acked=False)
        c.server_says(now + 0.07, rng.randbytes(server_size))
    return trace


def gafgyt(*, family=4, seed=1, beats=5, period_s=45.0, port=666, command=True, flood=False):
    """Text control: the bot announces itself, PING is answered by PONG, commands begin with "!*"."""
    rng, trace = new(seed, family, 10 + period_s * (beats + 1))
    c = Conversation(trace, guarded(family), master(family), rng.randrange(32768, 61000), port, rng, rtt=0.08)
    now = c.client_says(c.open(2.0) + 0.01, b"BUILD LINUX:x86_64\n")
    for n in range(beats):
        now += period_s + rng.uniform(-0.4, 0.4)
        c.server_says(now, b"PING\n", acked=False)
        c.client_says(now + 0.08, b"PONG\n")
        if command and n == beats - 2:
            c.server_says(now + 5.0, b"!* UDP 198.19.77.77 80 60 32 1024 10\n")
            if flood:
                add_flood(trace, rng, "udp_fixed_port", family=family, egress=True, rate_pps=2000, start=now + 6.0, seconds=2.0)
    return trace


def report(*, family=4, seed=1, times=3):
    """Each cracked device is reported to port 48101: 00, address, port, user, password; then the connection ends."""
    rng, trace = new(seed, family, 30.0)
    for n in range(times):
        c = Conversation(trace, guarded(family), master(family, "198.19.200.8" if family == 4 else "2001:db8:c2::8"), rng.randrange(32768, 61000), 48101, rng)
        now = c.client_says(c.open(2.0 + n * 7.0) + 0.01, b"\x00" + rng.randbytes(4) + b"\x00\x17\x04root\x05admin")
        c.close(now)
    return trace


def reconnect(*, family=4, seed=1, attempts=14, port=23, low_s=1.0, high_s=10.0, target="", answer="none"):
    """The master is down: connects without answer, with a random sleep between them."""
    rng, trace = new(seed, family, 20 + attempts * (high_s + 1))
    now = 2.0
    for n in range(attempts):
        c = Conversation(trace, guarded(family), master(family, target), rng.randrange(32768, 61000), port, rng)
        if answer == "refused":
            c.refused(now)
        else:
            c.send(now, True, SYN, options=syn_options(n * 1000))
        now += rng.uniform(low_s, high_s)
    return trace


# What each protocol's client and server say when idle, and how often. None: that side is silent.
HEARTBEATS = {
    "mqtt": (1883, 60.0, b"\xc0\x00", b"\xd0\x00", b"\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06sensor", b"\x20\x02\x00\x00"),
    "amqp": (5672, 30.0, b"\x08\x00\x00\x00\x00\x00\x00\xce", b"\x08\x00\x00\x00\x00\x00\x00\xce", b"AMQP\x00\x00\x09\x01",
             b"\x01\x00\x00\x00\x00\x01\xd5\x00\x0a\x00\x0a\x00\x09"),
    "stomp": (61613, 20.0, b"\x0a", b"\x0a", b"CONNECT\naccept-version:1.2\nheart-beat:20000,20000\n\n\0", b"CONNECTED\nversion:1.2\nheart-beat:20000,20000\n\n\0"),
    "mysql": (3306, 60.0, b"\x01\x00\x00\x00\x0e", b"\x07\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00", None, b"\x4a\x00\x00\x00\x0a8.0.43\x00"),
    "websocket": (80, 30.0, b"\x89\x80\x12\x34\x56\x78", b"\x8a\x00", b"GET /socket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                  b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
    "bgp": (179, 60.0, b"\xff" * 16 + b"\x00\x13\x04", b"\xff" * 16 + b"\x00\x13\x04", b"\xff" * 16 + b"\x00\x1d\x01\x04\xfd\xe8\x00\xb4\xc6\x33\x64\x01\x00",
            b"\xff" * 16 + b"\x00\x1d\x01\x04\xfd\xe9\x00\xb4\xc6\x33\x64\x02\x00"),
    "irc": (6667, 60.0, b"PING :irc.example.net\r\n", b":irc.example.net PONG irc.example.net\r\n", b"NICK guard\r\nUSER guard 0 * :guard\r\n",
            b":irc.example.net 001 guard :Welcome\r\n"),
    "ssh": (22, 60.0, b"\x00\x00\x00\x10" + b"\x8a" * 32, b"\x00\x00\x00\x10" + b"\x4c" * 32, b"SSH-2.0-OpenSSH_9.2p1\r\n", b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    # a connection pool's check: an empty query (PostgreSQL) or PING (Redis)
    "postgres": (5432, 60.0, b"Q\x00\x00\x00\x05\x00", b"I\x00\x00\x00\x04Z\x00\x00\x00\x05I", b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"N"),
    "redis": (6379, 60.0, b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n", b"*1\r\n$5\r\nHELLO\r\n", b"+OK\r\n"),
}


def heartbeat(*, protocol, family=4, seed=1, beats=11, jitter=0.003, connect=True):
    """A long-lived connection of an ordinary protocol: hello, then nothing but its heartbeats."""
    port, period, ping, pong, hello, welcome = HEARTBEATS[protocol]
    rng, trace = new(seed, family, 5 + period * (beats + 1))
    c = Conversation(trace, guarded(family), ip("198.51.100.90") if family == 4 else ip("2001:db8:90::90"), rng.randrange(32768, 61000), port, rng)
    now = 2.0
    if connect:
        now = c.open(now) + 0.01
        if hello:
            now = c.client_says(now, hello)
        now = c.server_says(now, welcome)
    for _ in range(beats):
        now += period * (1 + rng.uniform(-jitter, jitter))
        if protocol == "ssh":
            ping, pong = b"\x00\x00\x00\x10" + rng.randbytes(32), b"\x00\x00\x00\x10" + rng.randbytes(32)
        c.client_says(now, ping, acked=False)
        c.server_says(now + c.rtt, pong)
    return trace


def irc_server_pings(*, family=4, seed=1, beats=8):
    """IRC as most servers do it: the server asks, the client answers; text, on an outbound connection, and harmless."""
    rng, trace = new(seed, family, 5 + 90.0 * (beats + 1))
    c = Conversation(trace, guarded(family), ip("198.51.100.91") if family == 4 else ip("2001:db8:90::91"), rng.randrange(32768, 61000), 6667, rng)
    now = c.client_says(c.open(2.0), b"NICK guard\r\nUSER guard 0 * :guard\r\n")
    now = c.server_says(now, b":irc.example.net 001 guard :Welcome to the network\r\n")
    for _ in range(beats):
        now += 90.0 + rng.uniform(-0.1, 0.1)
        c.server_says(now, b"PING :irc.example.net\r\n", acked=False)
        c.client_says(now + 0.02, b"PONG :irc.example.net\r\n")
    return trace


def tcp_keepalive(*, family=4, seed=1, beats=10, period_s=60.0, with_byte=False):
    """The kernel's own probes: an old sequence number, none or one byte, answered by an ACK."""
    rng, trace = new(seed, family, 5 + period_s * (beats + 1))
    c = Conversation(trace, guarded(family), ip("198.51.100.92") if family == 4 else ip("2001:db8:90::92"), rng.randrange(32768, 61000), 8883, rng)
    now = c.client_says(c.open(2.0), b"\x17\x03\x03" + rng.randbytes(40))
    now = c.server_says(now, b"\x17\x03\x03" + rng.randbytes(40))
    for _ in range(beats):
        now += period_s
        if with_byte:
            c.client_seq -= 1
            c.send(now, True, ACK, b"\0")
        else:
            c.send(now, True, ACK, seq_delta=-1)
        c.send(now + 0.02, False, ACK)
    return trace


RECIPES = {"mirai": mirai, "keepalive": keepalive, "gafgyt": gafgyt, "report": report, "reconnect": reconnect, "heartbeat": heartbeat,
           "irc_server_pings": irc_server_pings, "tcp_keepalive": tcp_keepalive}
