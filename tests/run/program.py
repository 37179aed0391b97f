"""Runs `sekisho analyze` and reads what it prints."""
import datetime
import json
import re
import subprocess

SEVERITIES = ["info", "low", "medium", "high", "critical"]


class Failure(Exception):
    """The program did not do its work: the message says how."""


def analyze(binary, path, *, jobs=1, local=(), public=(), args=(), timeout_s=120):
    """Returns (raw JSON text, parsed document)."""
    command = [str(binary), "analyze", "--json", "--jobs", str(jobs)]
    if local:
        command += ["--local", ",".join(local)]
    for address in public:
        command += ["--public", address]
    command += [*args, str(path)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout_s, check=False)
    except FileNotFoundError:
        raise Failure(f"no program at {binary}: build it first") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"--jobs {jobs}: not finished after {timeout_s} s") from None
    if done.returncode not in (0, 1):
        complaint = done.stderr.decode(errors="replace").strip().splitlines()
        raise Failure(f"--jobs {jobs}: exit status {done.returncode}: {complaint[-1] if complaint else '(silent)'}")
    try:
        document = json.loads(done.stdout)
    except ValueError as error:
        raise Failure(f"--jobs {jobs}: no JSON on stdout: {error}") from None
    if document.get("schema") != 1 or not isinstance(document.get("incidents"), list) or not isinstance(document.get("input"), dict):
        raise Failure("the document is not {schema: 1, input: {...}, incidents: [...]}")
    return done.stdout, document


def without_ids(raw):
    """Ids are random; everything else has to agree byte for byte."""
    return re.sub(rb'("id"\s*:\s*)"[^"]*"', rb'\1""', raw)


def seconds_of(text):
    """RFC 3339 to seconds; None stays None."""
    return None if text is None else datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def at_least(severity, floor):
    return SEVERITIES.index(severity) >= SEVERITIES.index(floor)


def labels_of(incident):
    """{label: share} of all labels of an incident, the main one included."""
    shares = {}
    for entry in incident.get("labels") or []:
        if isinstance(entry, dict):
            shares[entry.get("label")] = entry.get("share", 0.0)
        else:
            shares[entry] = 0.0
    shares.setdefault(incident["label"], 1.0 if not shares else 0.0)
    return shares


def brief(incident):
    """One line for people: what the golden says, and what helps to see why an expectation failed."""
    shares = labels_of(incident)
    more = "" if len(shares) < 2 else " [" + ", ".join(f"{label} {share:.2f}" for label, share in shares.items()) + "]"
    modifiers = incident.get("modifiers") or []
    return (f"{incident['kind']} {incident['direction']} {incident['label']}{more} {incident['severity']} {incident['subject']}"
            f"{' ' + '+'.join(modifiers) if modifiers else ''} conf {incident.get('confidence')} latency {incident.get('latency_ms')} ms")
