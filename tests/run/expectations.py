"""What a case.toml demands of the incidents, and the golden lines. Expectations come from FACTS, never from the program's output."""
from program import SEVERITIES, at_least, brief, labels_of, seconds_of

KNOWN_KEYS = {"about", "origin", "local", "public", "args", "make", "expect", "forbid", "quiet", "only"}
KNOWN_EXPECT = {"kind", "direction", "label", "has", "labels", "modifiers", "min_severity", "max_severity", "subject", "max_latency_ms", "count",
                "closed", "spoofed"}


def faults_of(case):
    """Misspelt keys would silently weaken a case."""
    faults = [f"unknown key {key!r}" for key in case.keys() - KNOWN_KEYS]
    for expected in case.get("expect", []):
        faults += [f"unknown key {key!r} in [[expect]]" for key in expected.keys() - KNOWN_EXPECT]
    return faults


def listed(value):
    return value if isinstance(value, list) else [value]


def why_not(expected, incident):
    """Why this incident is not the expected one; an empty list if it is. The first reasons are those of identity."""
    reasons, shares = [], labels_of(incident)
    for key in ("kind", "direction", "label"):
        if key in expected and incident[key] not in listed(expected[key]):
            reasons.append(f"{key} is {incident[key]}")
    for label in listed(expected.get("has", [])):
        if label not in shares:
            reasons.append(f"does not have label {label}")
    for wanted in expected.get("labels", []):
        share = shares.get(wanted["label"])
        if share is None:
            reasons.append(f"does not have label {wanted['label']}")
        elif "share" in wanted and abs(share - wanted["share"]) > wanted.get("within", 0.08):
            reasons.append(f"share of {wanted['label']} is {share:.3f}, not {wanted['share']}")
    for modifier in expected.get("modifiers", []):
        if modifier not in (incident.get("modifiers") or []):
            reasons.append(f"modifier {modifier} is missing")
    if "min_severity" in expected and not at_least(incident["severity"], expected["min_severity"]):
        reasons.append(f"severity is only {incident['severity']}")
    if "max_severity" in expected and not at_least(expected["max_severity"], incident["severity"]):
        reasons.append(f"severity is {incident['severity']}")
    if "subject" in expected and incident["subject"] not in listed(expected["subject"]):
        reasons.append(f"subject is {incident['subject']}")
    if "max_latency_ms" in expected and not incident.get("latency_ms", 1e9) <= expected["max_latency_ms"]:
        reasons.append(f"latency is {incident.get('latency_ms')} ms")
    if "closed" in expected and (incident.get("ended") is not None) != expected["closed"]:
        reasons.append("ended is " + str(incident.get("ended")))
    if "spoofed" in expected and bool((incident.get("peers") or {}).get("spoofed")) != expected["spoofed"]:
        reasons.append(f"peers.spoofed is {(incident.get('peers') or {}).get('spoofed')}")
    return reasons


def violations(case, incidents):
    """All differences between what the case demands and what came."""
    found, claimed = [], []
    for expected in case.get("expect", []):
        matches = [incident for incident in incidents if not why_not(expected, incident)]
        claimed += matches
        wish = " ".join(str(expected[key]) for key in ("kind", "direction", "label", "has") if key in expected)
        if not matches:
            tries = [(why_not(expected, incident), incident) for incident in incidents if incident["kind"] in listed(expected.get("kind", incident["kind"]))]
            tries = sorted(tries, key=lambda pair: len(pair[0]))[:1] or [(["no such incident at all"], None)]
            reasons, nearest = tries[0]
            found.append(f"expected {wish}: {'; '.join(reasons)}" + (f" (nearest: {brief(nearest)})" if nearest else ""))
        elif "count" in expected and len(matches) != expected["count"]:
            found.append(f"expected {expected['count']} of {wish}: there are {len(matches)}")
    for rule in case.get("forbid", []):
        what, _, floor = rule.partition("@")
        what, _, direction = what.partition(":")
        for incident in incidents:
            if (what == incident["kind"] or what in labels_of(incident)) and direction in ("", incident["direction"]):
                if at_least(incident["severity"], floor or "info"):
                    found.append(f"forbidden {rule}: {brief(incident)}")
    if "quiet" in case:
        found += [f"quiet from {case['quiet']} on: {brief(i)}" for i in incidents if at_least(i["severity"], case["quiet"])]
    if "only" in case:
        found += [f"nobody expects: {brief(i)}" for i in incidents if at_least(i["severity"], case["only"]) and not any(i is c for c in claimed)]
    return found


def contract_breaks(document):
    """What every incident has to obey, whatever the case (DESIGN section 3)."""
    breaks = []
    for incident in document["incidents"]:
        for key in ("id", "kind", "direction", "label", "labels", "modifiers", "subject", "peers", "ports", "process", "started", "detected", "ended",
                    "latency_ms", "peak_pps", "peak_bps", "packets", "bytes", "confidence", "severity", "technique", "explanation", "advice", "evidence",
                    "degraded", "capture"):
            if key not in incident:
                breaks.append(f"{incident.get('label')}: the field {key} is missing")
        if breaks:
            return breaks
        name = f"{incident['label']} {incident['direction']}"
        if incident["severity"] not in SEVERITIES:
            breaks.append(f"{name}: severity {incident['severity']!r}")
        if not 0 <= incident["confidence"] <= 100:
            breaks.append(f"{name}: confidence {incident['confidence']}")
        if not incident["explanation"] or not incident["advice"]:
            breaks.append(f"{name}: explanation or advice is empty")
        if seconds_of(incident["detected"]) < seconds_of(incident["started"]):
            breaks.append(f"{name}: detected before it started")
        if (incident["direction"] == "egress" or incident["kind"] == "c2") and not at_least(incident["severity"], "high") \
                and incident["kind"] in ("flood", "scan", "c2", "reflector") and incident["label"] != "spike_unclassified":
            breaks.append(f"{name}: this host takes part, and severity is only {incident['severity']}")
    return breaks


def golden_lines(document):
    """Stable facts only, in order of time: `+SS.mmm opened|closed kind direction label severity subject`."""
    first = seconds_of(document["input"].get("first"))
    rows = []
    for incident in document["incidents"]:
        tail = f"{incident['kind']} {incident['direction']} {incident['label']} {incident['severity']} {incident['subject']}"
        rows.append((seconds_of(incident["detected"]) - first, f"opened {tail}"))
        if incident.get("ended") is not None:
            rows.append((seconds_of(incident["ended"]) - first, f"closed {tail}"))
    return "".join(f"+{at:06.3f} {text}\n" for at, text in sorted((round(at, 3), text) for at, text in rows))
