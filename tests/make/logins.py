"""Brute force as the wire shows it: telnet dialogues, short SSH connections, FTP refusals; and the administrators who are none of that."""
import random

from floods import bot_address, victim_address
from packets import Conversation, Trace, guarded, ip
from traffic import background

CREDENTIALS = [("root", "xc3511"), ("root", "vizxv"), ("root", "admin"), ("admin", "admin"), ("root", "888888"), ("root", "xmhdipc"),
               ("root", "default"), ("root", "juantech"), ("root", "123456"), ("root", "54321"), ("support", "support"), ("root", "")]


def new(seed, family, end, direction, source=None):
    rng, trace = random.Random(seed), Trace()
    background(trace, rng, 0.0, end, family, web=1.0, dns=0.3)
    if direction == "egress":
        return rng, trace, guarded(family), victim_address(family)
    return rng, trace, source or bot_address(rng, family), guarded(family)


def telnet_login(c, now, tries, success_at=None):
    """Negotiation, then the dialogue, character echo left out. Returns the time after the last answer."""
    now = c.server_says(now + 0.01, b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27")
    now = c.client_says(now + 0.005, b"\xff\xfc\x18\xff\xfc\x20\xff\xfc\x23\xff\xfc\x27")
    for n, (user, password) in enumerate(tries):
        now = c.server_says(now + 0.02, b"\r\nweb login: " if n == 0 else b"web login: ")
        now = c.client_says(now + 0.05, user.encode() + b"\r\n")
        now = c.server_says(now + 0.01, b"Password: ")
        now = c.client_says(now + 0.05, password.encode() + b"\r\n")
        if n == success_at:
            return c.server_says(now + 0.2, b"\r\nBusyBox v1.19.4 (2015-06-01) built-in shell (ash)\r\n# ")
        now = c.server_says(now + 0.6, b"\r\nLogin incorrect\r\n\r\n")
    return now


def telnet(*, family=4, direction="ingress", seed=1, connections=5, tries=3, gap_s=2.0):
    rng, trace, source, target = new(seed, family, 10 + connections * (gap_s + tries * 1.5), direction)
    now = 2.0
    for n in range(connections):
        c = Conversation(trace, source, target, rng.randrange(32768, 61000), 23, rng, rtt=0.06)
        now = telnet_login(c, c.open(now), [CREDENTIALS[(n * tries + k) % len(CREDENTIALS)] for k in range(tries)])
        now = c.close(now, by_client=False) + rng.uniform(0.5, 1.5) * gap_s
    return trace


def telnet_loader(*, family=4, direction="ingress", seed=1, tag="MIRAI", success=True):
    """enable, system, shell, sh, then /bin/busybox TAG: the answer "TAG: applet not found" says that the shell is real."""
    rng, trace, source, target = new(seed, family, 20.0, direction)
    c = Conversation(trace, source, target, rng.randrange(32768, 61000), 23, rng, rtt=0.06)
    now = telnet_login(c, c.open(2.0), CREDENTIALS[:2], success_at=1 if success else None)
    for line in (b"enable\r\n", b"system\r\n", b"shell\r\n", b"sh\r\n", b"/bin/busybox " + tag.encode() + b"\r\n"):
        now = c.client_says(now + 0.05, line)
        now = c.server_says(now + 0.02, tag.encode() + b": applet not found\r\n# " if b"busybox" in line else b"# ")
    c.close(now + 0.5)
    return trace


def telnet_admin(*, family=4, seed=1):
    """Somebody who knows the password of an old switch: one typing error, then work."""
    rng, trace, source, target = new(seed, family, 40.0, "ingress", ip("192.0.2.10") if family == 4 else ip("2001:db8:ad::10"))
    c = Conversation(trace, source, target, 50112, 23, rng, rtt=0.01)
    now = telnet_login(c, c.open(2.0), [("admin", "oops"), ("admin", "right")], success_at=1)
    for line in (b"show version\r\n", b"show interfaces\r\n", b"exit\r\n"):
        now = c.client_says(now + 3.0, line)
        now = c.server_says(now + 0.02, b"output of a command\r\n" * 3)
    c.close(now)
    return trace


def ssh_connection(c, now, rng, *, tries=1, works=False, data_bytes=0, hold_s=0.0):
    """Banners, key exchange, `tries` password attempts; `works`: then a session with data."""
    now = c.server_says(now + 0.01, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7\r\n")
    now = c.client_says(now, b"SSH-2.0-libssh2_1.11.0\r\n" if not works else b"SSH-2.0-OpenSSH_9.9\r\n")
    now = c.client_says(now, b"\x00\x00\x04\x44\x0a\x14" + rng.randbytes(16), 1096)
    now = c.server_says(now, b"\x00\x00\x04\x34\x0a\x14" + rng.randbytes(16), 1080)
    now = c.client_says(now, b"\x00\x00\x00\x2c\x06\x1e" + rng.randbytes(16), 48)
    now = c.server_says(now, b"\x00\x00\x01\xbc\x08\x1f" + rng.randbytes(16), 564)
    now = c.client_says(now, rng.randbytes(44), 44)
    now = c.server_says(now, rng.randbytes(44), 44)
    for n in range(tries):
        now = c.client_says(now + 0.01, rng.randbytes(60), 148)
        now = c.server_says(now + (0.02 if works and n == tries - 1 else 1.8), rng.randbytes(36), 52)
    if works:
        now = c.client_says(now, rng.randbytes(60), 112)
        now = c.server_says(now + 0.01, rng.randbytes(60), 620)
        sent = 0
        while sent < data_bytes:
            now = c.client_says(now, rng.randbytes(60), 1448)
            now = c.server_says(now, rng.randbytes(60), 300)
            sent += 1448
        now += hold_s
    return c.close(now)


def ssh(*, family=4, direction="ingress", seed=1, connections=40, tries=2, gap_s=1.5, sources=1):
    rng, trace, source, target = new(seed, family, 10 + connections * gap_s, direction)
    pool = [source] + [bot_address(rng, family) for _ in range(sources - 1)]
    for n in range(connections):
        c = Conversation(trace, pool[n % len(pool)], target, rng.randrange(32768, 61000), 22, rng, rtt=0.05)
        ssh_connection(c, c.open(2.0 + n * gap_s), rng, tries=tries)
    return trace


def ansible(*, family=4, direction="ingress", seed=1, connections=40, seconds=60.0, hosts=1):
    """A control node works: connection after connection, each logs in with a key and carries data. Egress: to `hosts` others."""
    rng, trace, source, target = new(seed, family, 10 + seconds, direction, ip("192.0.2.10") if family == 4 else ip("2001:db8:ad::10"))
    targets = [target] + [bot_address(rng, family) for _ in range(hosts - 1)]
    for n in range(connections):
        c = Conversation(trace, source, targets[n % hosts], rng.randrange(32768, 61000), 22, rng, rtt=0.004)
        ssh_connection(c, c.open(2.0 + n * seconds / connections), rng, works=True, data_bytes=rng.randrange(8000, 60000), hold_s=rng.uniform(0.1, 1.0))
    return trace


def ssh_admin(*, family=4, seed=1):
    """Two mistyped passwords, then a long session; later a second one and a file copy."""
    rng, trace, source, target = new(seed, family, 90.0, "ingress", ip("192.0.2.10") if family == 4 else ip("2001:db8:ad::10"))
    for start, tries, data, hold in ((2.0, 3, 20000, 30.0), (20.0, 1, 4000, 20.0), (60.0, 1, 400000, 1.0)):
        c = Conversation(trace, source, target, rng.randrange(32768, 61000), 22, rng, rtt=0.01)
        ssh_connection(c, c.open(start), rng, tries=tries, works=True, data_bytes=data, hold_s=hold)
    return trace


def ftp(*, family=4, direction="ingress", seed=1, connections=8, tries=3, success=False):
    rng, trace, source, target = new(seed, family, 15 + connections * tries * 2.2, direction)
    now = 2.0
    for n in range(connections):
        c = Conversation(trace, source, target, rng.randrange(32768, 61000), 21, rng, rtt=0.04)
        now = c.server_says(c.open(now) + 0.01, b"220 (vsFTPd 3.0.3)\r\n")
        for k in range(tries):
            now = c.client_says(now + 0.02, b"USER admin\r\n")
            now = c.server_says(now + 0.01, b"331 Please specify the password.\r\n")
            now = c.client_says(now + 0.02, b"PASS secret%d\r\n" % (n * tries + k))
            if success and k == tries - 1:
                now = c.server_says(now + 0.1, b"230 Login successful.\r\n")
            else:
                now = c.server_says(now + 1.5, b"530 Login incorrect.\r\n")
        now = c.close(now) + 0.3
    return trace


SERVICES = {  # port: (server speaks first, first client message, refusal)
    "mysql": (3306, b"\x4a\x00\x00\x00\x0a8.0.43\x00" + bytes(20), b"\x54\x00\x00\x01\x85\xa6\xff\x01" + bytes(24) + b"root\x00",
              b"\x48\x00\x00\x02\xff\x15\x04#28000Access denied for user 'root'@"),
    "imap": (143, b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", b"a1 LOGIN info password1\r\n", b"a1 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"),
    "smtp": (25, b"220 mail.example.org ESMTP Postfix\r\n", b"AUTH LOGIN aW5mbw==\r\n", b"535 5.7.8 Error: authentication failed\r\n"),
    "rdp": (3389, None, b"\x03\x00\x00\x2b\x26\xe0\x00\x00\x00\x00\x00Cookie: mstshash=admin\r\n", b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x124\x00\x02\x0f\x08\x00\x02\x00\x00\x00"),
    "vnc": (5900, b"RFB 003.008\n", b"RFB 003.008\n", b"\x00\x00\x00\x01\x00\x00\x00\x16Authentication failed"),
}


def service(*, service_name, family=4, direction="ingress", seed=1, connections=60, gap_s=0.5):
    """Short connection after short connection to a login service, each with one refused attempt."""
    port, greeting, attempt, refusal = SERVICES[service_name]
    rng, trace, source, target = new(seed, family, 10 + connections * gap_s, direction)
    for n in range(connections):
        c = Conversation(trace, source, target, rng.randrange(32768, 61000), port, rng, rtt=0.04)
        now = c.open(2.0 + n * gap_s)
        if greeting:
            now = c.server_says(now + 0.005, greeting)
        now = c.client_says(now + 0.01, attempt)
        now = c.server_says(now + 0.1, refusal)
        c.close(now)
    return trace


RECIPES = {"telnet": telnet, "telnet_loader": telnet_loader, "telnet_admin": telnet_admin, "ssh": ssh, "ansible": ansible, "ssh_admin": ssh_admin,
           "ftp": ftp, "service": service}
