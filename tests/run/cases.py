"""Runs cases: makes their input where it is generated, analyses it with 1 and with 4 shards, compares, checks, blesses."""
import concurrent.futures
import difflib
import fnmatch
import hashlib
import importlib.util
import json
import pathlib
import sys
import tomllib

from expectations import contract_breaks, faults_of, golden_lines, violations
from program import Failure, analyze, without_ids

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "tests/cases"
GENERATED = ROOT / "build/cases"
GENERATOR = ROOT / "tests/make"


def generator_hash():
    digest = hashlib.sha256()
    for path in sorted(GENERATOR.glob("*.py")):
        if path.name != "catalogue.py":  # writes case folders, makes no packets
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def input_of(folder, case, sources_hash):
    """The case's input: committed beside its case.toml, or generated into build/cases and kept while nothing changed."""
    if "make" not in case:
        committed = sorted(folder.glob("input*"))
        if not committed:
            raise Failure("neither [make] nor an input file")
        return committed[0]
    GENERATED.mkdir(parents=True, exist_ok=True)
    path, note = GENERATED / f"{folder.name}.pcap", GENERATED / f"{folder.name}.key"
    key = hashlib.sha256((sources_hash + json.dumps(case["make"], sort_keys=True)).encode()).hexdigest()
    if path.exists() and note.exists() and note.read_text() == key:
        return path
    if str(GENERATOR) not in sys.path:
        sys.path.insert(0, str(GENERATOR))
    spec = importlib.util.spec_from_file_location("make_entry", GENERATOR / "__main__.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    note.unlink(missing_ok=True)
    make.run_recipe(case["make"]).write(path)
    note.write_text(key)
    return path


def run_case(folder, binary, sources_hash, mode):
    """mode: check, bless or make. Returns (name, list of differences, note)."""
    name = folder.name
    try:
        case = tomllib.loads((folder / "case.toml").read_text())
        differences = faults_of(case)
        path = input_of(folder, case, sources_hash)
        if mode == "make":
            return name, differences, ""
        how = {"local": case.get("local", ()), "public": [case["public"]] if "public" in case else (), "args": case.get("args", ())}
        raw, document = analyze(binary, path, jobs=1, **how)
        other, _ = analyze(binary, path, jobs=4, **how)
        differences += jobs_difference(without_ids(raw), without_ids(other))
        differences += contract_breaks(document) + violations(case, document["incidents"])
        return name, differences, golden_note(folder, golden_lines(document), mode, differences)
    except Failure as failure:
        return name, [str(failure)], ""
    except Exception as error:  # a broken case must not hide the others
        return name, [f"{type(error).__name__}: {error}"], ""


def jobs_difference(one, four):
    if one == four:
        return []
    at = next((n for n, (a, b) in enumerate(zip(one, four)) if a != b), min(len(one), len(four)))
    here = slice(max(0, at - 60), at + 60)
    return [f"--jobs 1 and --jobs 4 differ at byte {at}: ...{one[here].decode(errors='replace')!r} and ...{four[here].decode(errors='replace')!r}"]


def golden_note(folder, lines, mode, differences):
    """Compares with incidents.txt (adds to differences) or, blessing, writes it. Returns a note on a missing or unwritten golden."""
    golden = folder / "incidents.txt"
    if mode == "bless":
        if differences:
            return "not blessed: its expectations fail"
        if not golden.exists() or golden.read_text() != lines:
            golden.write_text(lines)
            return "blessed"
        return ""
    if not golden.exists():
        return "no golden"
    if golden.read_text() != lines:
        changed = difflib.unified_diff(golden.read_text().splitlines(), lines.splitlines(), "incidents.txt", "now", lineterm="", n=0)
        differences.append("golden differs: " + " | ".join(line for line in changed if line[:3] not in ("---", "+++") and line[:2] != "@@"))
    return ""


def chosen(patterns):
    folders = sorted(path.parent for path in CASES.glob("*/case.toml"))
    picked = [f for f in folders if not patterns or any(fnmatch.fnmatch(f.name, pattern) for pattern in patterns)]
    if not picked:
        sys.exit("no case matches " + " ".join(patterns))
    return picked


def run(patterns, binary, mode="check", workers=2):
    """Returns the exit status."""
    folders, sources_hash = chosen(patterns), generator_hash()
    failed, notes = 0, {}
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        for name, differences, note in pool.map(run_case, folders, [binary] * len(folders), [sources_hash] * len(folders), [mode] * len(folders), chunksize=4):
            if note:
                notes[note] = notes.get(note, 0) + 1
            if differences:
                failed += 1
                print(f"FAIL {name}: " + "\n     ".join(differences), flush=True)
    if mode == "check":
        keep = {path.name for path in CASES.glob("*/case.toml") for path in [path.parent]}
        for path in GENERATED.glob("*.*"):  # folders that are gone leave no captures behind
            if path.stem not in keep:
                path.unlink()
    extra = "".join(f", {count} {note}" for note, count in sorted(notes.items()))
    print(f"{len(folders) - failed} passed, {failed} failed{extra}")
    return 1 if failed else 0
