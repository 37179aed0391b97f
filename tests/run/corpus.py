"""Runs the real captures of DIR/INDEX.csv: a table, precision and recall per kind, latencies, alarms on benign files.

What an attack file may be called stands in tests/corpus-labels.toml (with what its packets show); known misses with their reasons in
tests/corpus-misses.txt. A file whose row says nothing there is judged by the index itself.
"""
import concurrent.futures
import csv
import pathlib
import statistics
import tomllib

from program import Failure, analyze, at_least, labels_of

TESTS = pathlib.Path(__file__).resolve().parents[1]
KINDS = ["flood", "scan", "c2", "bruteforce", "reflector", "backscatter"]


def wanted_of(row, overrides):
    """The acceptable answers for one file: a list of {kind, label, direction}; empty for benign."""
    if row["file"] in overrides:
        return overrides[row["file"]].get("accept", [])
    if row["kind"] != "attack":
        return []
    direction = "ingress" if row["direction"] == "local" else row["direction"]
    return [{"kind": row["expected"], "label": row["label"], "direction": direction}]


def fits(wanted, incident):
    return (incident["kind"] == wanted["kind"] and wanted.get("label", incident["label"]) in labels_of(incident)
            and incident["direction"] == wanted.get("direction", incident["direction"]))


def analyse_file(job):
    binary, directory, name, args = job
    try:
        _, document = analyze(binary, directory / name, timeout_s=180, args=args)
        return name, document, ""
    except Failure as failure:
        return name, None, str(failure)


def inferred(document):
    local = document["input"].get("local")
    networks = local.get("networks", []) if isinstance(local, dict) else local or []
    return ",".join(map(str, networks)) or "unknown"


def misses_listed():
    path = TESTS / "corpus-misses.txt"
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")] if path.exists() else []
    return dict(line.split(None, 1) for line in lines)


def short(name, width=64):
    name = name.split("/", 1)[-1]
    return name if len(name) <= width else name[:20] + ".." + name[-(width - 22):]


def run(directory, binary, *, strict=False, only=None, workers=2):
    index = directory / "INDEX.csv"
    if not index.exists():
        print(f"skipped: there is no {index}")
        return 0
    with index.open(newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["kind"] in ((only,) if only else ("attack", "benign"))]
    overrides = {entry["path"]: entry for entry in tomllib.loads((TESTS / "corpus-labels.toml").read_text())["file"]}
    listed, results, errors = misses_listed(), {}, {}
    jobs = [(binary, directory, row["file"], overrides.get(row["file"], {}).get("args", [])) for row in rows]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for name, document, error in pool.map(analyse_file, jobs):
            if error:
                errors[name] = error
            else:
                results[name] = document

    def line_of(incident):
        return f"{incident['kind']} {incident['direction']} {'+'.join(labels_of(incident))} {incident['severity']} {incident.get('latency_ms')} ms"

    hits, misses, false_alarms = {k: [] for k in KINDS}, {k: [] for k in KINDS}, {k: [] for k in KINDS}
    latencies, unlisted, benign_alarms, benign_notes = [], [], [], []
    print(f"{'file':64}  {'expected':34}  got")
    for row in rows:
        name, wanted = row["file"], wanted_of(row, overrides)
        document = results.get(name)
        incidents = document["incidents"] if document else []
        for incident in incidents:
            if at_least(incident["severity"], "medium") and not any(fits(w, incident) for w in wanted):
                false_alarms.setdefault(incident["kind"], []).append(name)
                if row["kind"] == "benign":
                    benign_alarms.append(name)
        if row["kind"] == "benign":
            if any(at_least(i["severity"], "low") for i in incidents):
                benign_notes.append((name, document))
            if wanted:  # proven to hold an attack: tests/corpus-labels.toml says with which packets
                found = [i for i in incidents if any(fits(w, i) for w in wanted)]
                (hits if found else misses)[wanted[0]["kind"]].append(name)
            continue
        found = [i for i in incidents if any(fits(w, i) for w in wanted)]
        expected = "|".join(dict.fromkeys(f"{w['kind']} {w.get('direction', '')} {w.get('label', '')}" for w in wanted))
        (hits if found else misses)[wanted[0]["kind"]].append(name)
        got = [line_of(i) for i in (found or incidents)[:3]]
        extra = [line_of(i) for i in incidents if at_least(i["severity"], "medium") and i not in found]
        if found:
            latencies.append(min(i.get("latency_ms", 0) for i in found))
        elif name not in listed:
            unlisted.append(name)
        mark = "ok  " if found else ("miss" if name in listed else "MISS")
        local = f"   local {inferred(document)}" if document else ""
        print(f"{short(name):64}  {expected[:60]:34}  {mark} {' | '.join(got) or errors.get(name, 'nothing')}{local}")
        for text in extra if found else []:
            print(f"{'':64}  {'':34}  and not accepted: {text}")
        if not found and name in listed:
            print(f"{'':64}  {'':34}  reason: {listed[name]}")

    if benign_notes:
        print("\nbenign files with an incident of low or above:")
        for name, document in benign_notes:
            for i in document["incidents"]:
                if at_least(i["severity"], "low"):
                    print(f"  {short(name, 70):70}  {i['kind']} {i['direction']} {i['label']} {i['severity']} conf {i['confidence']} on {i['subject']}"
                          f"   local {inferred(document)}")
    if errors:
        print("\nfiles that could not be analysed:")
        for name, error in sorted(errors.items()):
            print(f"  {short(name, 70):70}  {error}")

    print(f"\n{'kind':12} {'files':>5} {'found':>5} {'recall':>7} {'false >= medium':>16} {'precision':>10}")
    for kind in KINDS:
        total, wrong = len(hits[kind]) + len(misses[kind]), len(set(false_alarms[kind]))
        recall = f"{len(hits[kind]) / total:.3f}" if total else "-"
        precision = f"{len(hits[kind]) / (len(hits[kind]) + wrong):.3f}" if hits[kind] or wrong else "-"
        print(f"{kind:12} {total:5} {len(hits[kind]):5} {recall:>7} {wrong:16} {precision:>10}")
    benign = sum(1 for row in rows if row["kind"] == "benign")
    print(f"benign: {benign} files, {len(benign_alarms)} incidents of medium or above in {len(set(benign_alarms))} files, "
          f"{len(benign_notes)} files with low or above, {len(errors)} files not analysed")
    if latencies:
        print(f"latency of the attack files that were found: median {statistics.median(latencies):.0f} ms, worst {max(latencies):.0f} ms")
    stale = [name for name in listed if name in results and any(name in hits[kind] for kind in KINDS)]
    for name in stale:
        print(f"tests/corpus-misses.txt lists {name}, but it is found now: remove the line")
    attack_errors = [row["file"] for row in rows if row["kind"] == "attack" and row["file"] in errors and row["file"] not in listed]
    return 1 if strict and (benign_alarms or unlisted or attack_errors or stale) else 0
