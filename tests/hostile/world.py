"""An agent among hostile strings: its store, its logs, the processes with connections, the reasons of blocks, a file for the audit."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
import hostile  # noqa: E402
import lines  # noqa: E402
import testbed  # noqa: E402

LISTEN = """import socket, time
door = socket.create_server(("", 8080)); kept = []
print("open", flush=True)
while True: kept.append(door.accept())
"""
CONNECT = f"""import socket, sys, time
line = socket.create_connection(("{testbed.PEER}", 8080)); line.sendall(b"x"); time.sleep(600)
"""


@contextlib.contextmanager
def processes(bed, folder):
    """Programs whose file, name and arguments are hostile, each with a connection to the testbed's other side."""
    running = [subprocess.Popen(["ip", "netns", "exec", bed.peer, sys.executable, "-c", LISTEN], stdout=subprocess.PIPE)]
    try:
        running[0].stdout.readline()
        python = os.path.realpath(sys.executable)
        there = {**os.environ, "PYTHONHOME": sys.base_prefix, "PYTHONPATH": sysconfig.get_path("platstdlib") + "/lib-dynload"}
        for _, text in hostile.strings():
            if b"/" in text or b"\0" in text or len(text) > 200:
                continue
            program = os.fsencode(folder) + b"/" + text
            shutil.copy(python, program)
            running.append(subprocess.Popen(["ip", "netns", "exec", bed.host, program, "-c", CONNECT, text], env=there))
        yield len(running) - 1
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()


@contextlib.contextmanager
def world(binary, seed, name, settings=""):
    """The testbed and the running agent; testbed.Refused where that is not permitted."""
    with tempfile.TemporaryDirectory(prefix="sekisho-hostile-") as words, testbed.Testbed(name) as bed:
        folder = pathlib.Path(words)
        sources = []
        for log in lines.NAMES:
            (folder / log).write_bytes(b"")
            sources.append(f'"{folder}/{log}"')
        settings = f'[logs]\nsources = [{", ".join(sources)}]\n[response]\nmode = "suggest"\n[sockets]\ninterval = "1s"\n[audit]\nstate = "{folder}/audit.json"\n{settings}'

        def before(path):
            subprocess.run([seed, path / "sekisho.db", "3", "", f"hostile={HERE / 'strings.json'}"], check=True, stdout=subprocess.DEVNULL)

        with processes(bed, folder), testbed.Agent(binary, bed, settings=settings, before=before) as agent:
            if not agent.started():
                raise RuntimeError(f"the agent did not start:\n{agent.text()}")
            for log, text in lines.of_logs().items():
                with (folder / log).open("ab") as out:
                    out.write(b"\n".join(text) + b"\n")
            for number, (_, text) in enumerate(hostile.strings()):
                if b"\0" not in text:
                    subprocess.run(["ip", "netns", "exec", bed.host, binary, "block", "add", f"192.0.2.{number + 1}", "--reason", text, "--config", agent.path / "sekisho.toml"],
                                   check=False, capture_output=True)
            yield bed, agent
