"""What live tests and benchmarks share: two namespaces joined by a veth pair, the sender into it, the agent on it, and captures to play.

The guarded host's end is HOST_IF in the namespace `host`; nothing there has an address, so that no kernel answers what is played. Everything
is named after the process, and goes with leave().
"""
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
HOST_IF, PEER_IF = "sekisho0", "sender0"
HOST_V4, HOST_V6 = bytes([203, 0, 113, 10]), bytes.fromhex("20010db8001000000000000000000010")  # of every case
LOCAL = "203.0.113.0/24,2001:db8:10::/64"


class Refused(Exception):
    """Network namespaces are not permitted here."""


class Net:
    def __init__(self, name):
        self.host, self.peer = f"{name}-host-{os.getpid()}", f"{name}-peer-{os.getpid()}"

    def ip(self, namespace, *words):
        subprocess.run(["ip", "-n", namespace, *words], check=True, capture_output=True, text=True)

    def enter(self):
        try:
            for namespace in (self.host, self.peer):
                subprocess.run(["ip", "netns", "add", namespace], check=True, capture_output=True, text=True)
                subprocess.run(["ip", "netns", "exec", namespace, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"], capture_output=True)
            self.ip(self.host, "link", "add", HOST_IF, "mtu", "9000", "address", "02:00:00:00:00:10", "type", "veth", "peer", "name", PEER_IF,
                    "mtu", "9000", "address", "02:00:00:00:00:01", "netns", self.peer)
            self.ip(self.host, "link", "set", HOST_IF, "arp", "off", "up")
            self.ip(self.peer, "link", "set", PEER_IF, "arp", "off", "up")
        except (OSError, subprocess.CalledProcessError) as error:
            self.leave()
            raise Refused((getattr(error, "stderr", "") or str(error)).strip()) from error
        return self

    def leave(self):
        for namespace in (self.host, self.peer):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)  # takes its interfaces along


class Lines:
    """A stream's lines with the wall clock's time of each, read by a thread of its own."""

    def __init__(self, stream):
        self.lines, self.changed = [], threading.Condition()
        threading.Thread(target=self.read, args=(stream,), daemon=True).start()

    def read(self, stream):
        for line in stream:
            at = time.time()
            with self.changed:
                self.lines.append((at, line.rstrip("\n")))
                self.changed.notify_all()
        with self.changed:
            self.lines.append((time.time(), None))
            self.changed.notify_all()

    def find(self, wanted, after=0):
        return next(((at, line) for at, line in self.lines[after:] if line is not None and wanted(line)), None)

    def wait_for(self, wanted, seconds, after=0):
        """The first line from number `after` on that is wanted; None when it does not come or the stream ends."""
        with self.changed:
            self.changed.wait_for(lambda: self.find(wanted, after) or (self.lines and self.lines[-1][1] is None), seconds)
            return self.find(wanted, after)


class Sender:
    """veth_sender: one command at a time."""

    def __init__(self, program, net):
        self.process = subprocess.Popen([program, f"{net.peer}/{PEER_IF}", f"{net.host}/{HOST_IF}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)

    def start(self, *command):
        """Sends the command; the wall clock in seconds at its first packet."""
        self.process.stdin.write(" ".join(str(c) for c in command) + "\n")
        words = self.process.stdout.readline().split()
        if not words or words[0] != "begun":
            raise RuntimeError("the sender has ended")
        return int(words[1]) / 1e9

    def wait(self):
        """(packets sent, packets refused by the interface, seconds)"""
        words = self.process.stdout.readline().split()
        return int(words[1]), int(words[2]), float(words[3])

    def stop(self):
        self.process.stdin.write("\n")
        return self.wait()

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


class Agent:
    """`sekisho agent --json` on the host's end, with a configuration and a store of its own in `folder`."""

    def __init__(self, program, net, folder, settings="", local=LOCAL, mode="packet_socket", evidence=None):
        self.evidence = evidence or folder / "evidence"
        config = folder / "sekisho.toml"
        config.write_text(f'[capture]\nmode = "{mode}"\n[store]\npath = "{folder}/store.db"\n[evidence]\ndir = "{self.evidence}"\n'
                          f'[control]\nsocket = "{folder}/control.sock"\n{settings}')
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", net.host, program, "agent", "--interface", HOST_IF, "--local", local, "--json", "--config", config],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.out, self.err = Lines(self.process.stdout), Lines(self.process.stderr)
        if not self.err.wait_for(lambda line: "Watching" in line, 30):
            self.kill()
            raise RuntimeError("the agent does not start: " + " / ".join(line or "" for _, line in self.err.lines))

    def incidents(self):
        """The newest state of each incident, by id."""
        return {i["id"]: i for i in (json.loads(line) for _, line in self.out.lines if line)}

    def usage(self):
        """(processor seconds, resident MiB, peak MiB)"""
        return usage(self.process.pid)

    def stop(self):
        """SIGINT; (exit status, seconds it took)."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(20), time.monotonic() - began
        except subprocess.TimeoutExpired:
            self.kill()
            return None, time.monotonic() - began

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def usage(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    kilobytes = {name: int(value) for name, value in re.findall(r"^(VmRSS|VmHWM):\s+(\d+)", status, re.M)}
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), kilobytes.get("VmRSS", 0) / 1024, kilobytes.get("VmHWM", 0) / 1024


def read_pcap(path):
    """[(seconds since the first, captured bytes, true length)] of a pcap as tests/make writes it."""
    data, packets, at, first = pathlib.Path(path).read_bytes(), [], 24, None
    while at + 16 <= len(data):
        seconds, micros, captured, length = struct.unpack_from("<IIII", data, at)
        time_us = seconds * 1_000_000 + micros
        first = time_us if first is None else first
        packets.append(((time_us - first) / 1e6, data[at + 16:at + 16 + captured], length))
        at += 16 + captured
    return packets


def with_host(packets, number):
    """The same with the guarded host's addresses ending in `number`, wherever they stand."""
    v4, v6 = HOST_V4[:3] + bytes([number]), HOST_V6[:15] + bytes([number])
    return [(at, data.replace(HOST_V4, v4).replace(HOST_V6, v6), length) for at, data, length in packets]


def write_pcap(path, packets):
    """Packets in any order of time; at most 128 bytes of each are expected to be there."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for at, data, length in sorted(packets, key=lambda packet: packet[0]):
            micros = round(at * 1e6)
            out.write(struct.pack("<IIII", 1_772_323_200 + micros // 1_000_000, micros % 1_000_000, len(data), length) + data)


def read_pcapng(path):
    """(section comment, [(seconds, direction, comment, bytes)]) of an evidence file; unpacked by zstd where it is packed."""
    data = pathlib.Path(path).read_bytes()
    if str(path).endswith(".zst"):
        data = subprocess.run(["zstd", "-dcq", path], check=True, capture_output=True).stdout
    section, packets, at = "", [], 0

    def options(where, end):
        found = {}
        while where + 4 <= end:
            code, size = struct.unpack_from("<HH", data, where)
            if code == 0:
                break
            found[code] = data[where + 4:where + 4 + size]
            where += 4 + (size + 3) // 4 * 4
        return found

    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 0x0A0D0D0A:
            section = options(at + 24, at + length - 4).get(1, b"").decode()
        elif kind == 6:
            high, low, captured = struct.unpack_from("<III", data, at + 12)
            found = options(at + 28 + (captured + 3) // 4 * 4, at + length - 4)
            flags = struct.unpack("<I", found[2])[0]
            packets.append(((high << 32 | low) / 1e9, {1: "ingress", 2: "egress"}[flags], found.get(1, b"").decode(), data[at + 28:at + 28 + captured]))
        at += length
    return section, packets
