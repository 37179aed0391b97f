"""Floods over completed handshakes: Mirai's STOMP and HTTP vectors, connection, TLS and data floods, slow HTTP."""
import random

from floods import bot_address, victim_address
from packets import ACK, PSH, Conversation, Trace, guarded
from traffic import background, client_hello

# The five fixed agents of the published HTTP vector.
MIRAI_AGENTS = [b"Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/51.0.2704.103 Safari/537.36",
                b"Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Safari/537.36",
                b"Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/51.0.2704.103 Safari/537.36",
                b"Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Safari/537.36",
                b"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_6) AppleWebKit/601.7.7 (KHTML, like Gecko) Version/9.1.2 Safari/601.7.7"]


def frame(family, direction, start, seconds, after, seed):
    """The trace with its background, and a maker of (client, server) pairs in the flood's direction."""
    rng, trace = random.Random(seed), Trace()
    background(trace, rng, 0.0, start + seconds + after, family)
    if direction == "egress":
        return rng, trace, lambda: (guarded(family), victim_address(family))
    return rng, trace, lambda: (bot_address(rng, family), guarded(family))


def stomp(*, family=4, direction="ingress", rate_pps=2500, seconds=2.0, start=2.0, after=0.7, seed=1, connections=60, port=80,
          handshakes=True):
    """Mirai 5: real handshakes, then PSH+ACK with 768 random bytes whose sequence number moves by one: 808 bytes of IP.

    Without `handshakes` they lie before the capture."""
    rng, trace, pair = frame(family, direction, start, seconds, after, seed)
    opened = []
    for n in range(connections):
        client, server = pair()
        c = Conversation(trace, client, server, rng.randrange(1024, 65536), port, rng, rtt=0.03)
        if handshakes:
            c.open(start + n * 0.1 / connections)
        opened.append(c)
    first, count = start + 0.15, round(rate_pps * (seconds - 0.15))
    for n in range(count):
        c = opened[n % connections]
        c.send(first + n / rate_pps, True, PSH | ACK, rng.randbytes(64), 768)
        c.client_seq = (c.client_seq - 767) & 0xFFFFFFFF
        if n % 8 == 0:
            c.send(first + n / rate_pps + 0.01, False, ACK)
    return trace


def http(*, family=4, direction="ingress", rate_per_s=500, seconds=2.5, start=2.0, after=0.7, seed=1, sources=80, requests=2):
    """Mirai 10: many connections, GET / with one of five agents, over and over from the same bots."""
    rng, trace, pair = frame(family, direction, start, seconds, after, seed)
    pairs = [pair() for _ in range(sources)]
    for n in range(round(rate_per_s * seconds)):
        client, server = rng.choice(pairs)
        c = Conversation(trace, client, server, rng.randrange(1024, 65536), 80, rng, rtt=rng.uniform(0.01, 0.04))
        now = c.open(start + n / rate_per_s)
        for _ in range(requests):
            text = b"GET / HTTP/1.1\r\nUser-Agent: " + rng.choice(MIRAI_AGENTS) + b"\r\nHost: www.example.org\r\nConnection: keep-alive\r\n\r\n"
            c.send(now, True, PSH | ACK, text[:80], len(text))
            now = c.server_says(now + 0.001, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 612\r\n\r\n<!DOCTYPE html>", 850)
        c.close(now)
    return trace


def http_requests(*, family=4, direction="ingress", rate_per_s=1500, seconds=2.5, start=2.0, after=0.7, seed=1, connections=60):
    """Few connections, kept open, with hundreds of requests each."""
    rng, trace, pair = frame(family, direction, start, seconds, after, seed)
    opened = []
    for n in range(connections):
        client, server = pair()
        c = Conversation(trace, client, server, rng.randrange(1024, 65536), 80, rng, rtt=0.02)
        c.open(start + n * 0.1 / connections)
        opened.append(c)
    for n in range(round(rate_per_s * (seconds - 0.15))):
        c, now = opened[n % connections], start + 0.15 + n / rate_per_s
        text = b"GET /?" + rng.randbytes(6).hex().encode() + b" HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: " + MIRAI_AGENTS[n % 5]
        c.send(now, True, PSH | ACK, text[:80], len(text) + 4)
        c.send(now + 0.005, False, PSH | ACK, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", 480)
    return trace


def http_slow(*, family=4, direction="ingress", connections=400, seconds=40.0, start=2.0, seed=1, sources=4, beat_s=10.0):
    """Slowloris: hundreds of requests that never end, one header line each ten seconds."""
    rng, trace, pair = frame(family, direction, start, seconds, 1.0, seed)
    pairs = [pair() for _ in range(sources)]
    for n in range(connections):
        client, server = pairs[n % sources]
        c = Conversation(trace, client, server, 20000 + n, 80, rng, rtt=0.03)
        now = c.open(start + n * 4.0 / connections)
        c.client_says(now + 0.001, b"GET /?%d HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Mozilla/4.0" % n, 230)
        now += beat_s
        while now < start + seconds:
            c.client_says(now, b"X-a: b\r\n")
            now += beat_s
    return trace


def connections(*, family=4, direction="ingress", rate_per_s=600, seconds=2.5, start=2.0, after=0.7, seed=1, sources=120, port=443):
    """Handshakes that complete and then carry nothing."""
    rng, trace, pair = frame(family, direction, start, seconds, after, seed)
    pairs = [pair() for _ in range(sources)]
    for n in range(round(rate_per_s * seconds)):
        client, server = rng.choice(pairs)
        c = Conversation(trace, client, server, rng.randrange(1024, 65536), port, rng, rtt=rng.uniform(0.01, 0.04))
        now = c.open(start + n / rate_per_s)
        c.reset(now + rng.uniform(0.2, 0.6))
    return trace


def tls(*, family=4, direction="ingress", rate_per_s=500, seconds=2.5, start=2.0, after=0.7, seed=1, sources=100):
    """ClientHellos whose answers are thrown away: the server pays for each key exchange."""
    rng, trace, pair = frame(family, direction, start, seconds, after, seed)
    pairs = [pair() for _ in range(sources)]
    for n in range(round(rate_per_s * seconds)):
        client, server = rng.choice(pairs)
        c = Conversation(trace, client, server, rng.randrange(1024, 65536), 443, rng, rtt=rng.uniform(0.01, 0.03))
        now = c.open(start + n / rate_per_s)
        now = c.client_says(now, client_hello(rng), 517)
        now = c.server_says(now, b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + rng.randbytes(32), 1440)
        c.reset(now)
    return trace


def tcp_data(*, family=4, direction="ingress", rate_pps=5000, seconds=2.0, start=2.0, after=0.7, seed=1, connections=30, port=25565):
    """SOCKET floods: established connections, then full segments of one repeated buffer that nobody answers with data."""
    rng, trace, pair = frame(family, direction, start, seconds, after, seed)
    opened, buffer = [], rng.randbytes(64)
    for n in range(connections):
        client, server = pair()
        c = Conversation(trace, client, server, rng.randrange(1024, 65536), port, rng, rtt=0.02)
        c.open(start + n * 0.1 / connections)
        opened.append(c)
    for n in range(round(rate_pps * (seconds - 0.15))):
        c, now = opened[n % connections], start + 0.15 + n / rate_pps
        c.send(now, True, PSH | ACK, buffer, 1024)
        if n % 4 == 0:
            c.send(now + 0.005, False, ACK)
    return trace


RECIPES = {"stomp": stomp, "http": http, "http_requests": http_requests, "http_slow": http_slow, "connections": connections, "tls": tls,
           "tcp_data": tcp_data}
