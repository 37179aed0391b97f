"""Background: what a small web server's interface shows on an ordinary day. Also the crowd, the download and the tunnel."""
import struct

from packets import ACK, ESP, PSH, Conversation, guarded, gre, ip, ip_packet, is_guarded, tcp, udp

PATHS = [b"/", b"/style.css", b"/app.js", b"/news/2026/02/spring", b"/img/logo.svg", b"/about", b"/api/v1/items?page=3", b"/search?q=tea"]
AGENTS = [b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
          b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/139.0 Safari/537.36",
          b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
          b"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.4 Safari/605.1.15",
          b"curl/8.14.1", b"Feedly/1.0 (+http://www.feedly.com/fetcher.html)"]
NAMES = [b"www.example.org", b"api.example.net", b"deb.example.com", b"time.example.org", b"mail.example.com", b"cdn.example.net"]


def client_address(rng, family):
    """Ordinary clients of the guarded server."""
    if family == 4:
        return bytes(rng.choice(((192, 0, 2), (198, 51, 100)))) + bytes([rng.randrange(1, 255)])
    return bytes.fromhex("20010db8000c") + rng.randbytes(10)


def resolver(family, number=0):
    return ip(["192.0.2.53", "198.51.100.53", "192.0.2.54"][number]) if family == 4 else ip(f"2001:db8:53::{number + 1}")


def dns_name(name):
    return b"".join(bytes([len(label)]) + label for label in name.split(b".")) + b"\0"


def dns_query(ident, name, kind=1, edns=False):
    extra = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0) if edns else b""
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 1 if edns else 0) + dns_name(name) + struct.pack("!HH", kind, 1) + extra


def dns_answer(ident, name, kind=1, rcode=0, answers=1):
    """A response; `answers` A records follow (an NXDOMAIN has none)."""
    head = struct.pack("!HHHHHH", ident, 0x8180 | rcode, 1, answers, 0, 0) + dns_name(name) + struct.pack("!HH", kind, 1)
    return head + b"".join(b"\xc0\x0c" + struct.pack("!HHIH4s", 1, 1, 300, 4, bytes([198, 51, 100, 20 + n])) for n in range(answers))


def web_visit(trace, rng, seconds, client, server, *, port=None, requests=1, path=None, agent=None, answer_bytes=None, rtt=None):
    """A browser's connection: handshake, requests, answers in full segments, close. Returns the end."""
    port = port or rng.choice((80, 443, 443))
    c = Conversation(trace, client, server, rng.randrange(32768, 61000), port, rng, rtt=rtt or rng.uniform(0.008, 0.06))
    now = c.open(seconds) + 0.001
    if port == 443:
        now = c.client_says(now, client_hello(rng), 517)
        now = c.server_says(now, b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + rng.randbytes(32), 1440)
        now = c.client_says(now, b"\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x35" + rng.randbytes(32), 64)
    for _ in range(requests):
        if port == 443:
            now = c.client_says(now, b"\x17\x03\x03" + rng.randbytes(40), rng.randrange(180, 700))
        else:
            text = b"GET " + (path or rng.choice(PATHS)) + b" HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: " + (agent or rng.choice(AGENTS))
            now = c.client_says(now, text + b"\r\nAccept: */*\r\n\r\n", max(len(text), rng.randrange(240, 600)))
        left = answer_bytes if answer_bytes is not None else int(rng.lognormvariate(8.3, 1.0))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" if port != 443 else b"\x17\x03\x03" + rng.randbytes(29)
        count = 0
        while left > 0:
            size = min(left, 1448)
            c.send(now, False, ACK if left > 1448 else PSH | ACK, head.ljust(min(size, 64), b"x")[:size], size)
            count += 1
            if count % 2 == 0 or left <= 1448:
                c.send(now + c.rtt * 0.5, True, ACK)
            left -= size
            now += 0.0004
        now += c.rtt + rng.uniform(0, 0.15)
    return c.close(now)


def client_hello(rng):
    return (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(32) + b"\x20" + rng.randbytes(32)
            + b"\x00\x20\x13\x02\x13\x03\x13\x01\xc0\x2c\xc0\x30")


def lookup(trace, rng, seconds, family, number=0, name=None):
    """The guarded host asks its resolver and is answered."""
    host, server, port, ident = guarded(family), resolver(family, number), rng.randrange(32768, 61000), rng.getrandbits(16)
    name = name or rng.choice(NAMES)
    trace.add(seconds, udp(host, server, port, 53, dns_query(ident, name), ident=rng.getrandbits(16)))
    trace.add(seconds + rng.uniform(0.004, 0.03), udp(server, host, 53, port, dns_answer(ident, name), ttl=57, ident=rng.getrandbits(16)))


def ssh_session(trace, rng, start, end, family, rate=4.0):
    """An administrator types: a session that began before the capture."""
    admin = ip("198.51.100.200") if family == 4 else ip("2001:db8:ad::200")
    c = Conversation(trace, admin, guarded(family), 51514, 22, rng)
    now = start + rng.uniform(0, 0.3)
    while now < end:
        c.client_says(now, rng.randbytes(36), acked=False)
        c.server_says(now + 0.003, rng.randbytes(44), rng.choice((44, 52, 60, 140)))
        now += rng.expovariate(rate) + 0.03


def ntp_poll(trace, rng, seconds, family):
    host, server = guarded(family), (ip("192.0.2.123") if family == 4 else ip("2001:db8:123::1"))
    trace.add(seconds, udp(host, server, 123, 123, b"\x23\x00\x06\xec" + rng.randbytes(44)))
    trace.add(seconds + 0.015, udp(server, host, 123, 123, b"\x24\x02\x06\xec" + rng.randbytes(44), ttl=55))


def background(trace, rng, start, end, family=4, *, web=6.0, dns=2.0, ssh=True):
    """Web visits and lookups per second, one ssh session, an NTP poll."""
    pool = [client_address(rng, family) for _ in range(60)]
    now = start + rng.expovariate(web)
    while now < end - 0.3:
        web_visit(trace, rng, now, rng.choice(pool), guarded(family), requests=rng.choice((1, 1, 2, 3)))
        now += rng.expovariate(web)
    now = start + rng.expovariate(dns)
    while now < end:
        lookup(trace, rng, now, family)
        now += rng.expovariate(dns)
    if ssh:
        ssh_session(trace, rng, start, end, family)
    ntp_poll(trace, rng, start + 0.2, family)


def flash_crowd(trace, rng, start, seconds, family, peak_per_s, ramp_s=12.0):
    """Many new readers of one page within seconds: they complete handshakes, are answered, and differ."""
    now = start
    while now < start + seconds:
        rate = max(2.0, peak_per_s * min(1.0, (now - start) / ramp_s))
        client = (bytes([198, 18 + rng.randrange(2)]) + rng.randbytes(2)) if family == 4 else bytes.fromhex("20010db8000f") + rng.randbytes(10)
        web_visit(trace, rng, now, client, guarded(family), port=rng.choice((443, 443, 443, 80)), requests=rng.choice((1, 2, 3)),
                  answer_bytes=rng.choice((2000, 4000, 6000)))
        now += rng.expovariate(rate)


def bulk_transfer(trace, rng, start, seconds, family, pps, *, upload=False, port=443, name="192.0.2.80"):
    """One long connection at line rate: a download to, or a backup from, the guarded host (it is the client)."""
    server = ip(name) if family == 4 else ip("2001:db8:80::80")
    c = Conversation(trace, guarded(family), server, 45212, port, rng, rtt=0.012)
    now, step = c.open(start) + 0.01, 1.0 / pps
    c.client_says(now, b"\x17\x03\x03\x01\x00" + rng.randbytes(40), 261)
    now += 0.02
    count = 0
    while now < start + seconds:
        c.send(now, upload, ACK, b"\x17\x03\x03\x40\x18" + bytes(59), 1448)
        count += 1
        if count % 2 == 0:
            c.send(now + 0.001, not upload, ACK)
        now += step
    c.close(now + 0.05)


def two_way_tunnel(trace, rng, start, seconds, family, pps, what):
    """A tunnel in use: about as many packets out as in, sizes of ordinary traffic, one steady peer."""
    host, peer = guarded(family), (ip("198.51.100.30") if family == 4 else ip("2001:db8:77::30"))
    now, counter = start, [0, 0]
    while now < start + seconds:
        for way, (src, dst) in enumerate(((peer, host), (host, peer))):
            size = rng.choice((1420, 1420, 1420, 96, 132, 600))
            counter[way] += 1
            ttl = 64 if is_guarded(src) else 56
            at = now + way * 0.4 / pps
            if what == "wireguard":  # type 4, receiver index, counter
                data = b"\x04\0\0\0" + (b"\x11\x22\x33\x44" if way else b"\x55\x66\x77\x88") + struct.pack("<Q", counter[way]) + rng.randbytes(48)
                trace.add(at, udp(src, dst, 51820, 51820, data, max(size + 32, len(data)), ttl=ttl, ident=counter[way] & 0xFFFF))
            elif what == "gre":
                a, b = ip("10.9.0.1"), ip("10.9.0.2")
                inner, inner_size = tcp(b if way == 0 else a, a if way == 0 else b, 443, 40112, ACK, counter[way] * 1400, 1, b"", size - 60)
                trace.add(at, gre(src, dst, 0x0800, inner, inner_size, ttl=ttl, df=True, ident=counter[way] & 0xFFFF))
            elif what == "vxlan":
                inner = b"\x08\0\0\0\0\0\x2a\0" + bytes.fromhex("0a00000000010a0000000002") + b"\x08\0" + tcp(
                    ip("10.9.0.1"), ip("10.9.0.2"), 443, 40112, ACK, counter[way] * 1400, 1)[0]
                trace.add(at, udp(src, dst, 49152 + counter[way] % 60, 4789, inner, max(size, len(inner)), ttl=ttl))
            else:  # esp: SPI and sequence number
                data = struct.pack("!II", 0xC0FFEE00 + way, counter[way]) + rng.randbytes(40)
                trace.add(at, ip_packet(src, dst, ESP, data, max(size, len(data)), ttl=ttl, df=True))
        now += 2.0 / pps
