"""Amplification and reflection over UDP (FACTS section 7): true answers of every service, and the requests that ask for them.

Ingress: answers from many reflectors to a host that asked nothing. Egress: somebody asks the guarded host's own service in a victim's
name, and it answers: the guarded host is the reflector.
"""
import random
import struct

from floods import bot_address, victim_address
from packets import UDP, Trace, guarded, ip_packet, udp
from traffic import background, dns_name


def dns(r):
    question = dns_name(b"pizza.example.com")
    query = r.randbytes(2) + b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01" + question + b"\x00\xff\x00\x01\x00\x00\x29\x23\x28\x00\x00\x00\x00\x00\x00"
    answer = query[:2] + b"\x81\x80\x00\x01\x00\x16\x00\x00\x00\x01" + question + b"\x00\xff\x00\x01\xc0\x0c\x00\x2e\x00\x01\x00\x00\x0e\x10\x01\x1c"
    return query, answer, 3000


def ntp(r):
    """monlist: implementation 3, request 42; the answer is six entries of 72 bytes."""
    return b"\x17\x00\x03\x2a" + bytes(4), bytes([0xD7, r.randrange(0, 100), 3, 42]) + b"\x00\x06\x00\x48" + r.randbytes(56), 440


def ssdp(r):
    query = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 2\r\nST: ssdp:all\r\n\r\n'
    answer = b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: upnp:rootdevice\r\nUSN: uuid:" + r.randbytes(4).hex().encode()
    return query, answer, 320


def cldap(r):
    query = bytes.fromhex("30840000002d02010163840000002404000a01000a0100020100020100010100870b6f626a656374636c617373308400000000")
    answer = bytes.fromhex("308400000bb6020101648400000bad04003084") + b"\x00\x00\x0b\xa5\x30\x84\x00\x00\x00\x26\x04\x0bcurrentTime"
    return query, answer, 3000


def memcached(r):
    query = r.randbytes(2) + b"\x00\x00\x00\x01\x00\x00get a\r\n"
    return query, query[:2] + b"\x00\x00\x00\x2a\x00\x00VALUE a 0 1048576\r\n" + b"x" * 40, 1400


def chargen(r):
    line = bytes(range(33, 127))
    at = r.randrange(60)
    return b"\x01", (line[at:] + line)[:72] + b"\r\n", r.choice((512, 1022, 1472))


def qotd(r):
    return b"\x0a", b'"We have nothing to fear but fear itself." -- Franklin D. Roosevelt, 1933 and many others since\r\n'[:80], 450


def snmp(r):
    query = bytes.fromhex("302602010104067075626c6963a519020471000001020100020148300b300906052b060102010500")
    answer = bytes.fromhex("308205c002010104067075626c6963a28205b1020471000001020100020100308205a1301006") + b"\x08\x2b\x06\x01\x02\x01\x01\x01\x00"
    return query, answer, 1472


def mdns(r):
    name = dns_name(b"_services._dns-sd._udp.local")
    query = bytes(5) + b"\x01" + bytes(6) + name + b"\x00\x0c\x00\x01"
    return query, b"\x00\x00\x84\x00\x00\x00\x00\x05\x00\x00\x00\x03" + name + b"\x00\x0c\x00\x01\x00\x00\x00\x0a\x00\x14", 420


def netbios(r):
    name = b"\x20" + b"CK" + b"A" * 30 + b"\x00"
    ident = r.randbytes(2)
    return (ident + b"\x00\x00\x00\x01" + bytes(6) + name + b"\x00\x21\x00\x01",
            ident + b"\x84\x00\x00\x00\x00\x01" + bytes(4) + name + b"\x00\x21\x00\x01" + bytes(4) + b"\x00\xbf\x08WORKSTA", 229)


def portmap(r):
    xid = r.randbytes(4)
    return (xid + struct.pack("!IIIII", 0, 2, 100000, 2, 4) + bytes(16),
            xid + struct.pack("!IIIIIIIIII", 1, 0, 0, 0, 0, 1, 100000, 4, 6, 111), 486)


def rip(r):
    entries = b"".join(b"\x00\x02\x00\x00" + bytes([10, n, 0, 0]) + bytes(8) + b"\x00\x00\x00\x02" for n in range(4))
    return b"\x01\x01\x00\x00" + bytes(16) + b"\x00\x00\x00\x10", b"\x02\x01\x00\x00" + entries[:76], 504


def tftp(r):
    return b"\x00\x01a.pdf\x00octet\x00", b"\x00\x03\x00\x01%PDF-1.4" + r.randbytes(48), 516


def mssql(r):
    return b"\x02", b"\x05\x72\x02ServerName;SQL01;InstanceName;SQLEXPRESS;IsClustered;No;Version;11.0.2100"[:80], 629


def quake(r):
    return b"\xff\xff\xff\xffgetstatus\n", b"\xff\xff\xff\xffstatusResponse\n\\sv_maxclients\\20\\mapname\\q3dm17\\version\\ioq3", 1200


def steam(r):
    """A2S_INFO answer, type 0x49."""
    return b"\xff\xff\xff\xffTSource Engine Query\x00", b"\xff\xff\xff\xff\x49\x11Counter-Strike Community Server\x00de_dust2\x00cstrike\x00CS:GO", 190


def bittorrent(r):
    node, tid = r.randbytes(20), r.randbytes(2)
    return (b"d1:ad2:id20:" + node + b"9:info_hash20:" + r.randbytes(20) + b"e1:q9:get_peers1:t2:" + tid + b"1:y1:qe",
            b"d1:rd2:id20:" + node + b"5:nodes208:" + r.randbytes(32), 320)


def kad(r):
    return b"\xe4\x21\x0b" + r.randbytes(32), b"\xe4\x29" + r.randbytes(16) + b"\x14" + r.randbytes(45), 540


def wsd(r):
    query = b'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body><Probe/>'
    answer = b'<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope">'
    return query, answer, 1290


def ard(r):
    """Two datagrams: 32 bytes, then 1,034."""
    return b"\x00\x14\x00\x00", [(b"\x00\x01\x00\x0b" + b"\x00" * 28, 32), (b"\x00\x01\x03\xfc\x10\x01\x00\x00" + b"\x00\x06imac01" + bytes(48), 1034)], 0


def coap(r):
    ident = r.randbytes(2)
    return (b"\x40\x01" + ident + b"\xbb.well-known\x04core", b"\x60\x45" + ident + b"\xc1\x28\xff</sensors/temp>;rt=\"temperature-c\";if=\"sensor\",</", 620)


def dvr(r):
    return (bytes.fromhex("ff") + b"\x00" * 31, bytes.fromhex("20000000444849500000000000000000f403000000000000f403000000000000")
            + b'{"mac":"3c:ef:8c:00:00:01","method":"client.notifyDevInfo","params":{"deviceInfo":{"DHCPDiscover"'[:60], 1040)


def jenkins(r):
    return b"\n", b"<hudson><version>2.204</version><url>http://ci.example.net/</url><server-id>" + r.randbytes(8).hex().encode(), 190


def stun(r):
    tid = r.randbytes(12)
    return b"\x00\x01\x00\x00\x21\x12\xa4\x42" + tid, b"\x01\x01\x00\x44\x21\x12\xa4\x42" + tid + b"\x00\x01\x00\x08\x00\x01" + r.randbytes(40), 88


def slp(r):
    xid = r.randbytes(2)
    return (b"\x02\x09\x00\x00\x1d\x00\x00\x00\x00\x00" + xid + b"\x00\x02en\x00\x00\x00\x00\x00\x07default\x00\x00",
            b"\x02\x02\x00\x05\x78\x00\x00\x00\x00\x00" + xid + b"\x00\x02en\x00\x00\x00\x28service:wbem:https://esx", 1400)


def openvpn(r):
    """P_CONTROL_HARD_RESET_SERVER_V2, repeated because nobody acknowledges it."""
    return b"\x38" + r.randbytes(8) + bytes(5), b"\x40" + r.randbytes(8) + b"\x01" + bytes(4) + r.randbytes(8) + bytes(4), 26


def tp240(r):
    """The driver's test reports itself in text; the exact wording is not published, so this is text of its kind."""
    return b"call.startblast 2000 3\x00", b"TsTstBlst running: counter %08x errors 0 state active calls 0" % r.getrandbits(32), 1140


def rdp(r):
    return bytes(16), b"\x00\x00\x00\x00\x00\x40\x00\x05" + bytes(8) + r.randbytes(40), 1260


def dtls(r):
    """HelloVerifyRequest, or where the server lacks that check the ServerHello with its certificate."""
    hello = b"\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x8e\x01\x00\x00\x82\x00\x00\x00\x00\x00\x00\x00\x82\xfe\xfd" + r.randbytes(32)
    return hello, b"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x01\x04\xb0\x0b\x00\x04\xa4\x00\x02\x00\x00\x00\x00\x04\xa4" + r.randbytes(32), 1225


def plex(r):
    return b"M-SEARCH * HTTP/1.1\r\n\r\n", b"HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\nName: livingroom\r\nPort: 32400", 281


def ubiquiti(r):
    return b"\x01\x00\x00\x00", b"\x01\x00\x00\x94\x02\x00\x0a\x24\xa4\x3c" + r.randbytes(7) + b"\x0b\x00\x09NanoBeam5\x0c\x00\x06N5B-19", 152


def l2tp(r):
    """SCCRP: flags T, L, S, version 2; message type 2."""
    return (b"\xc8\x02\x00\x3c\x00\x00\x00\x00\x00\x00\x00\x00\x80\x08\x00\x00\x00\x00\x00\x01" + bytes(40),
            b"\xc8\x02\x00\x8c\x00\x0b\x00\x00\x00\x00\x00\x01\x80\x08\x00\x00\x00\x00\x00\x02\x80\x08\x00\x00\x00\x02\x01\x00", 140)


def ipmi(r):
    """RMCP, IPMI class, Get Channel Authentication Capabilities response."""
    return (bytes.fromhex("0600ff07000000000000000000092018c88100388e04b5"),
            bytes.fromhex("0600ff070000000000000000001081" + "1c632000380001970400000000000009"), 30)


def citrix(r):
    """Citrix ADC: a DTLS handshake on 3391 as large as its certificates."""
    return b"\x16\xfe\xff" + bytes(9) + b"\x8e\x01" + r.randbytes(20), b"\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x02\x05\x0c\x0b" + r.randbytes(40), 1320


def bacnet(r):
    """ReadPropertyMultiple ACK behind a BVLC header."""
    return (bytes.fromhex("810a001701040005010e0c023fffff1e09081f"),
            bytes.fromhex("810a01e801043001" + "0e0c023fffff1e294c4ec402000001" + "4f294d4e75100042") + b"ACnet device 1 main street", 488)


def sip(r):
    query = b"OPTIONS sip:100@203.0.113.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1\r\nFrom: sip:a\r\nTo: sip:b\r\nCall-ID: 1\r\n\r\n"
    return query, b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK-1;rport=5060\r\nFrom: <sip:a", 620


def quic(r):
    """A Version 1 Initial of 1,200 bytes is answered by Initial and Handshake packets, three times over."""
    return (b"\xc3\x00\x00\x00\x01\x08" + r.randbytes(8) + b"\x00\x00\x44\xd0" + r.randbytes(40),
            [(b"\xc9\x00\x00\x00\x01\x00\x08" + r.randbytes(8) + b"\x00\x40\x75" + r.randbytes(40), 1200)] * 3, 0)


# label without "amp_": (service, port). BitTorrent answers from any port: a usual one is taken.
VECTORS = {
    "dns": (dns, 53), "ntp": (ntp, 123), "ssdp": (ssdp, 1900), "cldap": (cldap, 389), "memcached": (memcached, 11211),
    "chargen": (chargen, 19), "qotd": (qotd, 17), "snmp": (snmp, 161), "mdns": (mdns, 5353), "netbios": (netbios, 137),
    "portmap": (portmap, 111), "rip": (rip, 520), "tftp": (tftp, 69), "mssql": (mssql, 1434), "quake": (quake, 27960),
    "steam": (steam, 27015), "bittorrent": (bittorrent, 6881), "kad": (kad, 4672), "wsd": (wsd, 3702), "ard": (ard, 3283),
    "coap": (coap, 5683), "dvr": (dvr, 37810), "jenkins": (jenkins, 33848), "stun": (stun, 3478), "slp": (slp, 427),
    "openvpn": (openvpn, 1194), "tp240": (tp240, 10074), "rdp": (rdp, 3389), "dtls": (dtls, 443), "plex": (plex, 32414),
    "ubiquiti": (ubiquiti, 10001), "l2tp": (l2tp, 1701), "ipmi": (ipmi, 623), "citrix": (citrix, 3391), "bacnet": (bacnet, 47808),
    "sip": (sip, 5060), "quic": (quic, 443),
}
# How many datagrams one request yields from one reflector.
DATAGRAMS = {"ntp": 20, "ssdp": 8, "memcached": 30, "openvpn": 5, "rdp": 4, "tp240": 30, "dtls": 2, "citrix": 2, "chargen": 2}


def datagram(trace, now, src, dst, sport, dport, data, size, ttl, ident, mtu=1500):
    """UDP, in fragments where it does not fit: only the first carries ports."""
    header = 20 if len(src) == 4 else 48
    room = (mtu - header) // 8 * 8
    if size + 8 <= mtu - (20 if len(src) == 4 else 40):
        trace.add(now, udp(src, dst, sport, dport, data, size, ttl=ttl, ident=ident))
        return
    body, left, offset = struct.pack("!HHHH", sport, dport, 8 + size, 0) + data, 8 + size, 0
    while left > 0:
        part = min(left, room)
        trace.add(now + offset * 1e-8, ip_packet(src, dst, UDP, body, part, ttl=ttl, ident=ident, offset=offset, more=left > part))
        offset, left, body = offset + part, left - part, bytes([ident & 0xFF]) * 64


def amplify(vector, *, family=4, direction="ingress", rate_pps=500, seconds=2.0, start=2.0, after=0.7, seed=1, reflectors=150, victims=1,
            fixed_port=0, traffic=True):
    """`rate_pps` counts answer datagrams. Egress: the guarded host is the reflector, `victims` are those in whose name it is asked."""
    rng, trace = random.Random(seed), Trace()
    service, port = VECTORS[vector]
    if traffic:
        background(trace, rng, 0.0, start + seconds + after, family)
    probe = service(rng)[1]
    burst = (len(probe) if isinstance(probe, list) else 1) * DATAGRAMS.get(vector, 1)
    asked = max(1, round(rate_pps * seconds / burst))
    hosts = [bot_address(rng, family) for _ in range(reflectors)]
    names = [victim_address(family)] + [bot_address(rng, family) for _ in range(victims - 1)]
    ttls = [rng.randrange(40, 120) for _ in hosts]
    for n in range(asked):
        now = start + (n + rng.random()) * seconds / asked
        query, answer, size = service(rng)
        parts = answer if isinstance(answer, list) else [(answer, max(size, len(answer)))]
        client_port = fixed_port or rng.choice((80, 443, rng.randrange(1024, 65536)))
        if direction == "egress":
            src, dst, ttl = guarded(family), rng.choice(names), 64
            trace.add(now, udp(dst, src, client_port, port, query, ttl=rng.randrange(40, 60), ident=rng.getrandbits(16)))
            now += 0.0008
        else:
            which = rng.randrange(len(hosts))
            src, dst, ttl = hosts[which], guarded(family), ttls[which]
        spread = min(0.1, seconds / 10) / burst
        for k in range(DATAGRAMS.get(vector, 1)):
            if vector == "memcached" and k:  # only the first datagram says VALUE
                parts = [(answer[:2] + struct.pack("!HHH", k, 42, 0) + b"x" * 56, size)]
            for part, part_size in parts:
                datagram(trace, now, src, dst, port, client_port, part, part_size, ttl, rng.getrandbits(16))
                now += spread
    return trace


def _recipe(vector):
    return lambda **parameters: amplify(vector, **parameters)


RECIPES = {name: _recipe(name) for name in VECTORS}
