"""The hostile strings of strings.json, and what no output may hold whatever it was fed with."""
import csv
import io
import json
import pathlib
import re

# Controls but newline (and tab in text of ours), C1, marks of direction, lines and paragraphs of Unicode, invisible ones.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
MARKS = re.compile("[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200d\u2060-\u2065\U000e0000-\U000e007f]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?\Z")


def strings():
    """(name, bytes) of each."""
    for one in json.loads((pathlib.Path(__file__).parent / "strings.json").read_text()):
        if "bytes" in one:
            yield one["name"], bytes.fromhex(one["bytes"])
        else:
            text = one["text"] + one.get("repeat", "") * one.get("times", 0)
            yield one["name"], text.encode("utf-16", "surrogatepass").decode("utf-16").encode()


def faults_of_text(data, colour=False, line_ends=("\n",)):
    """What must not stand in `data`, a list of words; empty when all is well. Colours only where they were asked for."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return [f"not UTF-8: {error}"]
    if colour:
        text = COLOUR.sub("", text)
    for end in line_ends:
        text = text.replace(end, "\n")
    found = []
    for what, expression in (("control", CONTROL), ("mark", MARKS), ("invisible", INVISIBLE)):
        found += [f"{what} {match.group()!r} in {text[max(0, match.start() - 40):match.end() + 20]!r}" for match in list(expression.finditer(text))[:3]]
    return found


def is_formula(cell):
    """Whether a spreadsheet would count with it: as it begins, after blanks, and in full width."""
    start = cell.lstrip(" \t\r\n\u00a0\u3000")
    return start[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20") and bool(start) and not NUMBER.match(cell)


def faults_of_csv(data):
    faults = faults_of_text(data, line_ends=("\r\n",))
    text = data.decode(errors="replace")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    faults += [f"a row of {len(row)} cells, the head has {len(rows[0])}: {row}" for row in rows if len(row) != len(rows[0])][:3]
    faults += [f"a formula: {cell[:60]!r}" for row in rows for cell in row if is_formula(cell)][:5]
    # Where a semicolon separates cells (half of Europe), a comma does not: the quotes within such a cell mean nothing.
    faults += [f"a formula after a semicolon: {part[:60]!r}" for line in text.splitlines() for part in line.split(";")[1:] if is_formula(part)][:5]
    return faults


def each_string(document):
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from each_string(value)
    elif isinstance(document, list):
        for value in document:
            yield from each_string(value)


def faults_of_json(data, lines=False):
    """Neither the bytes nor the strings that they stand for: who prints a string of ours must not have to escape it."""
    faults = faults_of_text(data)
    try:
        for part in data.decode(errors="replace").splitlines() if lines else [data]:
            for text in each_string(json.loads(part)):
                faults += faults_of_text(text.encode(errors="surrogatepass"))
    except ValueError as error:
        faults.append(f"not JSON: {error}")
    return faults[:6]
