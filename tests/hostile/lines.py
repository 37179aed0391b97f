"""Log lines of sshd, web servers, Cowrie and firewalls with a hostile string wherever a client chooses the text."""
import json
import time

import hostile

NAMES = ("auth.log", "access.log", "cowrie.json", "kern.log")


def of_logs():
    """Lines of sshd, a web server, Cowrie and a firewall, by one source for each string; what ends a line ends one here, too."""
    now = int(time.time()) - 600
    out = {name: [] for name in NAMES}
    for number, (_, text) in enumerate(hostile.strings()):
        source = f"203.0.113.{100 + number}"
        for again in range(12):
            at = now + 20 * again
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)).encode()
            sshd = stamp + f" web-3 sshd[{5000 + number * 20 + again}]: ".encode()
            out["auth.log"] += [sshd + b"Invalid user " + text + f" from {source} port {40000 + again}".encode(),
                                sshd + b"Failed password for invalid user " + text + f" from {source} port {40000 + again} ssh2".encode()]
            clf = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(at)).encode()
            out["access.log"].append(source.encode() + b" - " + text.replace(b" ", b"") + b" [" + clf + b'] "POST /wp-login.php?' + text + b' HTTP/1.1" 200 12 "' + text + b'" "' + text + b'"')
            out["access.log"].append(source.encode() + b" - - [" + clf + b'] "POST /' + text.replace(b" ", b"") + b'/login HTTP/1.1" 401 12 "-" "' + text.replace(b'"', b"") + b'"')
            said = text.decode(errors="replace")
            out["cowrie.json"].append(json.dumps({"eventid": "cowrie.login.failed", "username": said, "password": said, "timestamp": stamp.decode().replace("Z", ".000000Z"),
                                                  "src_ip": source, "session": f"{number:06x}{again:02x}", "protocol": "telnet", "message": said, "sensor": said}).encode())
            out["cowrie.json"].append(json.dumps({"eventid": "cowrie.command.input", "input": said, "timestamp": stamp.decode().replace("Z", ".000000Z"), "src_ip": source,
                                                  "session": f"{number:06x}{again:02x}", "message": said, "sensor": said}).encode())
            out["kern.log"].append(stamp + b" web-3 kernel: " + text + f" IN=eth0 OUT= MAC= SRC={source} DST=198.51.100.10 LEN=40 TOS=0x00 PREC=0x00 TTL=45 ID={again} PROTO=TCP SPT=8080 DPT={20 + again} SEQ=1 ACK=0 WINDOW=1024 RES=0x00 SYN URGP=0".encode())
    # Entered in the end: the heaviest incident has a hostile name in its words.
    for number, (_, text) in enumerate(hostile.strings()):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 300)).encode()
        out["auth.log"].append(stamp + f" web-3 sshd[{9000 + number}]: ".encode() + b"Accepted password for " + text + f" from 203.0.113.{100 + number} port 50000 ssh2".encode())
    return out
