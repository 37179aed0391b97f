"""What live tests and benchmarks of captures share: two network namespaces joined by a veth pair, frames, an agent, its control socket.

Traffic is written to the testbed's own veth and to nothing else, and is bounded in number and time.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HOST, PEER = "198.51.100.10", "198.51.100.20"
HOST_MAC, PEER_MAC = "02:00:00:00:00:10", "02:00:00:00:00:20"
HOST_LINK, PEER_LINK = "sekisho0", "sender0"
SKIPPED = 77


class Refused(Exception):
    """This machine does not permit what the test needs."""


def ip(*words, namespace=None):
    try:
        return subprocess.run(["ip", *(["-n", namespace] if namespace else []), *words], check=True, capture_output=True, text=True).stdout
    except subprocess.CalledProcessError as error:
        raise Refused(error.stderr.strip()) from error
    except OSError as error:
        raise Refused(str(error)) from error


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ipv4(source, target, protocol, payload):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 60, protocol, 0, socket.inet_aton(source), socket.inet_aton(target))
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def frame(source, target, protocol, payload, to=HOST_MAC, by=PEER_MAC, tag=None):
    tag_bytes = struct.pack("!HH", 0x8100, tag) if tag else b""
    return mac(to) + mac(by) + tag_bytes + b"\x08\x00" + ipv4(source, target, protocol, payload)


def udp(sport, dport, payload=b"\0" * 18):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def syn(sport, dport, sequence=1, options=b""):
    return struct.pack("!HHIIBBHHH", sport, dport, sequence, 0, (20 + len(options)) << 2, 2, 64240, 0, 0) + options


def send(interface, frames, rate):
    """Writes frames to an interface of this namespace, at a rate, and says how long it took."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        began = time.monotonic()
        for number, data in enumerate(frames):
            ahead = began + number / rate - time.monotonic()
            if ahead > 0.005:
                time.sleep(ahead)
            out.send(data)
        return time.monotonic() - began


@contextlib.contextmanager
def inside(namespace):
    """This thread works in a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}") as there, open("/proc/thread-self/ns/net") as here:
        if libc.setns(there.fileno(), 0x40000000) != 0:
            raise Refused(os.strerror(ctypes.get_errno()))
        try:
            yield
        finally:
            libc.setns(here.fileno(), 0x40000000)


class Testbed:
    """Two namespaces; removed at the end, with all that runs in them being the test's own."""

    def __init__(self, name):
        self.host, self.peer = f"sekisho-{name}-host-{os.getpid()}", f"sekisho-{name}-peer-{os.getpid()}"

    def __enter__(self):
        try:
            for namespace in (self.host, self.peer):
                ip("netns", "add", namespace)
                ip("link", "set", "lo", "up", namespace=namespace)
            self.join()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for namespace in (self.host, self.peer):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)

    def join(self):
        ip("link", "add", HOST_LINK, "address", HOST_MAC, "type", "veth", "peer", "name", PEER_LINK, "address", PEER_MAC, "netns", self.peer,
           namespace=self.host)
        for namespace, interface, address, other, other_mac in ((self.host, HOST_LINK, HOST, PEER, PEER_MAC), (self.peer, PEER_LINK, PEER, HOST, HOST_MAC)):
            # No address of its own by IPv6, so that the kernel says nothing by itself; neighbours are known.
            ip("link", "set", interface, "addrgenmode", "none", namespace=namespace)
            ip("addr", "add", f"{address}/24", "dev", interface, namespace=namespace)
            ip("link", "set", interface, "up", namespace=namespace)
            ip("neigh", "replace", other, "lladdr", other_mac, "dev", interface, namespace=namespace)

    def to_host(self, frames, rate=20_000):
        with inside(self.peer):
            return send(PEER_LINK, frames, rate)

    def from_host(self, frames, rate=20_000):
        with inside(self.host):
            return send(HOST_LINK, frames, rate)


WITHOUT_BPF = (21, 38, 39)  # CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF
DROPPED = """import ctypes, os, sys
for capability in sys.argv[1].split(","):
    ctypes.CDLL(None).prctl(24, int(capability), 0, 0, 0)  # out of the bounding set
os.execv(sys.argv[2], sys.argv[2:])
"""
# bpf(BPF_LINK_CREATE) answers EINVAL, as where the kernel does not know such links: before Linux 6.6 for tc.
OLD_KERNEL = """import ctypes, os, platform, struct, sys
number = {"x86_64": 321, "aarch64": 280}[platform.machine()]
step = lambda code, k, yes=0, no=0: struct.pack("=HBBI", code, yes, no, k)
program = step(0x20, 0) + step(0x15, number, 0, 3) + step(0x20, 16) + step(0x15, 28, 0, 1) + step(0x06, 0x00050000 | 22) + step(0x06, 0x7fff0000)
filter = ctypes.create_string_buffer(program)
head = struct.pack("@HP", len(program) // 8, ctypes.addressof(filter))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(22, 2, ctypes.create_string_buffer(head), 0, 0) != 0:
    sys.exit("seccomp: " + os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
"""


class Agent:
    """A running agent in the testbed's host namespace."""

    def __init__(self, program, testbed, settings="", without=(), old_kernel=False, interfaces=(HOST_LINK,), before=None):
        """`before`: called with the agent's folder before it starts; `without`: capabilities that leave the bounding set; `old_kernel`: one that knows no tc links."""
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        if before:
            before(self.path)
        config = self.path / "sekisho.toml"
        config.write_text(f'[store]\npath = "{self.path}/sekisho.db"\n[control]\nsocket = "{self.path}/control.sock"\n'
                          f'[evidence]\ndir = "{self.path}/evidence"\n{settings}')
        command = [program, "agent", "--json", "--config", config]
        for interface in interfaces:
            command += ["--interface", interface]
        if without:
            command = [sys.executable, "-c", DROPPED, ",".join(map(str, without)), *command]
        if old_kernel:
            command = [sys.executable, "-c", OLD_KERNEL, *command]
        self.process = subprocess.Popen(["ip", "netns", "exec", testbed.host, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.out, self.err, self.changed = [], [], threading.Condition()
        for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            threading.Thread(target=self.read, args=(stream, lines), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def read(self, stream, lines):
        for line in stream:
            with self.changed:
                lines.append((time.monotonic(), line.rstrip("\n")))
                self.changed.notify_all()
        with self.changed:
            lines.append((time.monotonic(), None))
            self.changed.notify_all()

    def wait_for(self, lines, wanted, seconds):
        """The first (time, line) that is wanted; None when there is none in time or the agent ended."""
        with self.changed:
            self.changed.wait_for(lambda: any(line is None or wanted(line) for _, line in lines), seconds)
            return next(((at, line) for at, line in lines if line is not None and wanted(line)), None)

    def started(self):
        return self.wait_for(self.err, lambda line: line.startswith("Watching"), 60) is not None and self.wait_until(lambda status: bool(status["traffic"]), 20) is not None

    def text(self):
        return "\n".join(line for _, line in self.err + self.out if line is not None)

    def status(self):
        """The agent's own account; None while it does not answer."""
        try:
            with socket.socket(socket.AF_UNIX) as door:
                door.settimeout(5)
                door.connect(f"{self.path}/control.sock")
                door.sendall(b'{"v":1,"id":1,"do":"status"}\n')
                answer = b""
                while not answer.endswith(b"\n"):
                    part = door.recv(65536)
                    if not part:
                        return None
                    answer += part
            return json.loads(answer).get("data")
        except OSError:
            return None

    def wait_until(self, wanted, seconds):
        """The first status that is wanted, looked at four times a second; else None."""
        end = time.monotonic() + seconds
        while True:
            status = self.status()
            if status and wanted(status):
                return status
            if time.monotonic() > end or self.process.poll() is not None:
                return None
            time.sleep(0.25)

    def stop(self, how=signal.SIGTERM, seconds=20):
        self.process.send_signal(how)
        return self.process.wait(seconds)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid()}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self):
        for line in pathlib.Path(f"/proc/{self.pid()}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0

    def pid(self):
        return self.process.pid  # ip netns exec and the wrapper become the agent


def rng(seed=1):
    return random.Random(seed)
