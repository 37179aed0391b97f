#!/usr/bin/python3
"""Writes case folders in bulk from the tables below: tests/make/catalogue.py [--check].

The folders are the data and are committed; this only spares typing. It rewrites the case.toml of every case in its tables, leaves goldens
(incidents.txt) and all other folders alone, and removes folders that it once wrote and no longer lists. --check changes nothing and says
what would change. Expectations come from FACTS (floors: section 10), never from what the program prints.
"""
import pathlib
import shutil
import sys

CASES = pathlib.Path(__file__).resolve().parents[1] / "cases"
MARK = "# Written by tests/make/catalogue.py: change it there.\n"
HOST = {4: "203.0.113.10", 6: "2001:db8:10::10"}
NET = {4: "203.0.113.0/24", 6: "2001:db8:10::/64"}
CASES_WRITTEN = {}


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(toml(v) for v in value) + "]"


def case(name, about, recipe, expect=(), *, local=None, **rest):
    """One folder. rest: forbid, quiet, only, public, args, and the recipe's parameters (everything else)."""
    top = {key: rest.pop(key) for key in ("public", "args", "forbid", "quiet", "only") if key in rest}
    family, seed = rest.get("family", 4), rest.setdefault("seed", 1 + sum(name.encode()) % 97)
    if local is None:
        local = [HOST[family]]
    lines = [MARK, f"about = {toml(about)}\n", f"origin = {toml(f'synthetic: tests/make recipe {recipe}, seed {seed}')}\n"]
    if local:
        lines.append(f"local = {toml(local)}\n")
    lines += [f"{key} = {toml(value)}\n" for key, value in top.items()]
    lines += ["\n[make]\n", f"recipe = {toml(recipe)}\n"] + [f"{key} = {toml(value)}\n" for key, value in rest.items()]
    for expected in expect:
        lines += ["\n[[expect]]\n"] + [f"{key} = {toml(value)}\n" for key, value in expected.items()]
    assert name not in CASES_WRITTEN, name
    CASES_WRITTEN[name] = "".join(lines)


def flood(label, direction, family, severity=None, latency_ms=None, **more):
    expected = {"kind": "flood", "direction": direction, "label": label, "min_severity": severity or ("high" if direction == "egress" else "low"),
                "subject": HOST[family]}
    if latency_ms:
        expected["max_latency_ms"] = latency_ms
    return expected | more


# --- floods: recipe, label, families, directions, rate, severity at that rate (ingress), latency, parameters, in words ----------------------
# Rates are five times the floor of FACTS section 10 where it names one, so "medium" (3 x) holds; elsewhere 4,000/s and only "low" is asked.
BOTH, V4, V6 = (4, 6), (4,), (6,)
IN, INOUT = ("ingress",), ("ingress", "egress")
FLOODS = [
    ("floods.udp", "udp_flood", BOTH, INOUT, 5000, "medium", 1000, {}, "Mirai UDP: random ports, 512 random bytes (IP length 540)"),
    ("floods.vse", "vse_flood", BOTH, INOUT, 5000, "medium", 1000, {}, "Mirai VSE: the Source engine query, 25 bytes"),
    ("floods.water_torture", "dns_nxdomain_flood", BOTH, INOUT, 2500, "medium", 2000, {"sources": 60}, "Mirai DNS: random 12-character labels through resolvers"),
    ("floods.syn", "syn_flood", BOTH, INOUT, 1000, "medium", 1000, {}, "Mirai SYN: 60 bytes with options, DF"),
    ("floods.ack", "ack_flood", BOTH, INOUT, 2500, "medium", 1000, {}, "Mirai ACK: no connection, 512 random bytes (IP length 552)"),
    ("sessions.stomp", "stomp_flood", BOTH, INOUT, 2500, "medium", 1000, {}, "Mirai STOMP: handshakes, then 768-byte PSH+ACK that do not advance (IP length 808)"),
    ("floods.gre_ip", "gre_ip_flood", BOTH, INOUT, 500, "medium", 1000, {}, "Mirai GRE-IP: UDP with 512 random bytes inside (564)"),
    ("floods.gre_eth", "gre_eth_flood", BOTH, INOUT, 500, "medium", 1000, {}, "Mirai GRE-ETH: an Ethernet frame inside (578)"),
    ("floods.udp_plain", "udp_plain_flood", BOTH, INOUT, 5000, "medium", 1000, {"sources": 40}, "Mirai UDP-plain: one fixed 5-tuple a bot, DF, 512 bytes"),
    ("sessions.http", "http_flood", BOTH, INOUT, 500, "medium", 2000, {}, "Mirai HTTP: GET / with five agents over many connections"),
    ("floods.gre_other", "gre_flood", BOTH, INOUT, 500, "medium", 1000, {}, "GRE with neither IP nor Ethernet inside"),
    ("floods.psh_ack", "psh_ack_flood", BOTH, INOUT, 2500, "medium", 2000, {}, "PSH-ACKs of no connection"),
    ("floods.rst", "rst_flood", BOTH, INOUT, 1500, "medium", 2000, {}, "RSTs of no connection"),
    ("floods.fin", "fin_flood", BOTH, INOUT, 4000, "low", 2000, {}, "FINs of no connection"),
    ("floods.null", "null_flood", BOTH, INOUT, 4000, "low", 1000, {}, "TCP without flags"),
    ("floods.xmas", "xmas_flood", BOTH, INOUT, 4000, "low", 1000, {}, "TCP with FIN, PSH and URG"),
    ("floods.odd_flags", "tcp_flags_flood", BOTH, INOUT, 4000, "low", 1000, {}, "random impossible flags, 540-750 bytes (Aisuru)"),
    ("floods.syn_ack", "syn_ack_flood", BOTH, INOUT, 1000, "medium", 2000, {}, "SYN-ACKs from random ports to random ports"),
    ("floods.tcp_reflection", "tcp_reflection", BOTH, IN, 1000, "medium", 2000, {"sources": 400}, "SYN-ACKs with options from 80, 443, 22, 25, 179 of servers, repeated after a second"),
    ("floods.tcp_middlebox", "tcp_middlebox", BOTH, IN, 700, "medium", 2000, {"sources": 80}, "block pages and resets from port 80 of middleboxes"),
    ("sessions.connections", "tcp_connection_flood", BOTH, INOUT, 600, "low", 2000, {}, "completed handshakes without data"),
    ("sessions.tcp_data", "tcp_data_flood", BOTH, INOUT, 5000, "low", 2000, {}, "one repeated buffer over 30 established connections"),
    ("sessions.tls", "tls_exhaustion", BOTH, INOUT, 500, "low", 2000, {}, "ClientHellos whose answers are thrown away"),
    ("sessions.http_requests", "http_flood", BOTH, INOUT, 1500, "low", 2000, {}, "hundreds of requests on each of 60 connections"),
    ("floods.dns", "dns_flood", BOTH, INOUT, 2500, "medium", 2000, {}, "valid DNS queries for few names"),
    ("floods.dns_garbage", "dns_garbage_flood", BOTH, INOUT, 5000, "low", 2000, {}, "port 53 with what is no DNS"),
    ("floods.dhcp", "dhcp_flood", V4, IN, 2000, "low", 2000, {}, "DHCP Discover, each with a new hardware address"),
    ("floods.echo", "icmp_flood", BOTH, INOUT, 1000, "medium", 1000, {}, "echo requests of 1,028 bytes"),
    ("floods.icmp_other", "icmp_other_flood", BOTH, INOUT, 1000, "medium", 2000, {}, "timestamp requests, or node information queries in IPv6"),
    ("floods.mld", "icmpv6_mld_flood", V6, INOUT, 2000, "medium", 2000, {}, "listener reports and neighbour solicitations"),
    ("floods.igmp", "igmp_flood", V4, INOUT, 4000, "low", 2000, {}, "IGMP reports"),
    ("floods.fragments", "ip_frag_flood", BOTH, INOUT, 1000, "medium", 1000, {}, "fragments that never complete"),
    ("floods.ipip", "ipip_flood", BOTH, INOUT, 4000, "low", 2000, {}, "IPv4 in IP"),
    ("floods.esp", "esp_flood", BOTH, INOUT, 4000, "low", 2000, {}, "ESP with random SPIs"),
    ("floods.ah", "ah_flood", BOTH, INOUT, 4000, "low", 2000, {}, "AH in front of nothing"),
    ("floods.sctp", "sctp_flood", BOTH, INOUT, 4000, "low", 2000, {}, "SCTP INITs"),
    ("floods.other_protocol", "other_protocol_flood", BOTH, INOUT, 4000, "low", 2000, {}, "IP protocol 253"),
    ("floods.ipv6_extensions", "ipv6_extension_flood", V6, INOUT, 4000, "low", 2000, {}, "destination options and no transport"),
    ("floods.smurf", "smurf", BOTH, INOUT, 1000, "medium", 2000, {"sources": 1}, "echo requests to a broadcast or multicast address"),
]
SUBJECT_IS_NOT_ONE_HOST = {"dhcp_flood", "smurf", "icmpv6_mld_flood"}  # sent to everybody


def rate_name(recipe):
    return "rate_per_s" if recipe in ("sessions.http", "sessions.http_requests", "sessions.connections", "sessions.tls") else "rate_pps"


def write_floods():
    for recipe, label, families, directions, rate, severity, latency, more, words in FLOODS:
        variant = "_requests" if recipe == "sessions.http_requests" else ""
        for family in families:
            for direction in directions:
                wish = flood(label, direction, family, severity if direction == "ingress" else "high", latency)
                if label in SUBJECT_IS_NOT_ONE_HOST:
                    wish.pop("subject")
                local = [NET[family]] if label == "smurf" and direction == "ingress" else None
                case(f"{label}{variant}-{direction}-v{family}", f"{words}; {direction}, IPv{family}, between ordinary traffic.", recipe, [wish], local=local,
                     only="medium", family=family, direction=direction, **{rate_name(recipe): rate}, **more)
        if 4 in families:
            wish = flood(label, "ingress", 4, severity, latency)
            if label in SUBJECT_IS_NOT_ONE_HOST:
                wish.pop("subject")
            extra = {}
            if label == "stomp_flood":  # without the handshakes nobody can tell it from other data that makes no progress
                wish["label"], extra = ["stomp_flood", "psh_ack_flood", "ack_flood"], {"handshakes": False}
            case(f"{label}{variant}-middle", f"{words}; the capture begins in the middle of the attack.", recipe, [wish],
                 local=[NET[4]] if label == "smurf" else None, only="medium", family=4, start=0.0, **{rate_name(recipe): rate}, **more, **extra)
    for family in BOTH:
        for direction in INOUT:
            wish = flood("http_slow", direction, family, "low" if direction == "ingress" else "high")
            case(f"http_slow-{direction}-v{family}", "Slowloris: 400 requests that never end, a header line each ten seconds.", "sessions.http_slow", [wish],
                 only="medium", family=family, direction=direction)


def write_flood_variants():
    for family in BOTH:
        v = f"v{family}"
        syn = flood("syn_flood", "ingress", family, "medium", 1000)
        case(f"syn_flood-bare-{v}", "40-byte SYNs without options (hping).", "floods.syn_bare", [syn], only="medium", family=family, rate_pps=1000)
        case(f"syn_flood-ecn-{v}", "SYNs with ECE and CWR against a game port.", "floods.syn_ecn", [syn], only="medium", family=family, rate_pps=1000, port=30120)
        case(f"syn_flood-spoofed-{v}", "20,000 SYNs a second, every one from another address of the whole space.", "floods.syn",
             [syn | {"modifiers": ["spoofed"], "spoofed": True, "min_severity": "high"}], only="medium", family=family, rate_pps=20000, seconds=1.0,
             spoofed="uniform", answered=0.0)
        case(f"udp_flood-spoofed-{v}", "UDP from the whole address space.", "floods.udp",
             [flood("udp_flood", "ingress", family, "medium", 1000, spoofed=True)], only="medium", family=family, rate_pps=8000, spoofed="uniform")
        case(f"udp_flood-botnet_is_not_spoofed-{v}", "UDP from 200 real bots: the verdict must not say spoofed.", "floods.udp",
             [flood("udp_flood", "ingress", family, "medium", 1000, spoofed=False)], only="medium", family=family, rate_pps=6000)
        case(f"udp_flood-fixed_port-{v}", "1,024 equal bytes to one game port.", "floods.udp_fixed_port", [flood("udp_flood", "ingress", family, "medium", 1000)],
             only="medium", family=family, rate_pps=5000)
        case(f"udp_flood-random_sizes-{v}", "Aisuru: IP lengths 540-750, random ports, not spoofed.", "floods.udp_random_sizes",
             [flood("udp_flood", "ingress", family, "medium", 2000)], only="medium", family=family, rate_pps=5000)
        case(f"udp_flood-random_sizes_egress-{v}", "The guarded host sends Aisuru's UDP.", "floods.udp_random_sizes",
             [flood("udp_flood", "egress", family, "high", 2000)], only="medium", family=family, direction="egress", rate_pps=5000)
        case(f"ack_flood-empty-{v}", "ACKs of no connection without payload.", "floods.ack_empty", [flood("ack_flood", "ingress", family, "medium", 2000)],
             only="medium", family=family, rate_pps=2500)
        case(f"syn_flood-inferred_local-{v}", "Nobody says which side is local: the attacked address has to be found.", "floods.syn", [syn], local=[],
             only="medium", family=family, rate_pps=1000)
        case(f"udp_flood-inferred_local_egress-{v}", "Nobody says which side is local: the sender has to be recognised as ours.", "floods.udp",
             [flood("udp_flood", "egress", family, "high", 1000)], local=[], only="medium", family=family, direction="egress", rate_pps=5000)
        case(f"syn_flood-closes-{v}", "A flood of two seconds, then 45 s of ordinary traffic: the incident ends.", "evasion.closes", [syn | {"closed": True}],
             only="medium", family=family)
        case(f"syn_flood-no_background-{v}", "Nothing in the capture but the attack.", "floods.syn", [syn], only="medium", family=family, rate_pps=1000,
             start=0.0, quiet_net=True)
    case("ipip_flood-six_in_four", "IPv6 in IPv4.", "floods.six_in_four", [flood("ipip_flood", "ingress", 4, "low", 2000)], only="medium", rate_pps=4000)


AMPLIFIERS = ["dns", "ntp", "ssdp", "cldap", "memcached", "chargen", "qotd", "snmp", "mdns", "netbios", "portmap", "rip", "tftp", "mssql", "quake", "steam",
              "bittorrent", "kad", "wsd", "ard", "coap", "dvr", "jenkins", "stun", "slp", "openvpn", "tp240", "rdp", "dtls", "plex", "ubiquiti", "l2tp", "ipmi",
              "citrix", "bacnet", "sip", "quic"]


def write_amplification():
    for name in AMPLIFIERS:
        label = f"amp_{name}"
        for family in BOTH:
            v = f"v{family}"
            case(f"{label}-ingress-{v}", f"Unasked {name} answers with their true payload from 150 reflectors, 500/s.", f"amplification.{name}",
                 [flood(label, "ingress", family, "medium", 1000)], only="medium", family=family)
            case(f"{label}-egress-{v}", f"The guarded host's own {name} service answers questions in a victim's name, 500 answers a second.",
                 f"amplification.{name}", [{"kind": "reflector", "direction": "egress", "label": "reflector", "min_severity": "high", "subject": HOST[family],
                                            "max_latency_ms": 2000}], family=family, direction="egress",
                 **({} if name == "steam" else {"only": "medium"}))  # Steam's questions are, taken alone, what the VSE flood sends
    for name in ("dns", "ntp", "ssdp", "cldap", "memcached", "snmp", "wsd"):
        case(f"amp_{name}-middle", "The capture begins in the middle of the attack.", f"amplification.{name}",
             [flood(f"amp_{name}", "ingress", 4, "medium", 1000)], only="medium", family=4, start=0.0)
    case("amp_dns-inferred_local", "Nobody says which side is local, and nothing but the attack is in the capture.", "amplification.dns",
         [flood("amp_dns", "ingress", 4, "medium", 1000)], local=[], only="medium", traffic=False, start=0.0)
    case("amp_dns-fragments_belong", "3,000-byte answers: two of three packets are fragments without ports; they are the amplification, not a fragment flood.",
         "amplification.dns", [flood("amp_dns", "ingress", 4, "medium", 1000)], forbid=["ip_frag_flood"], only="medium", rate_pps=1500)


def write_thresholds():
    """Just above (1.3 x) and just under (0.8 x) the floors of FACTS section 10. Under: nothing from low on.

    Fragments: a fifth of what the recipe sends are first fragments, so 250 in all are the floor of 200 later ones."""
    table = [("floods.syn", "syn_flood", 200, {}), ("floods.udp", "udp_flood", 1000, {}), ("floods.echo", "icmp_flood", 200, {"size": 60}),
             ("floods.fragments", "ip_frag_flood", 250, {}), ("floods.gre_ip", "gre_ip_flood", 50, {}), ("floods.syn_ack", "syn_ack_flood", 200, {}),
             ("floods.rst", "rst_flood", 300, {}), ("floods.ack", "ack_flood", 500, {}), ("floods.dns", "dns_flood", 500, {}),
             ("amplification.ntp", "amp_ntp", 100, {}), ("amplification.steam", "amp_steam", 100, {}), ("sessions.http", "http_flood", 100, {"requests": 1})]
    for recipe, label, floor, more in table:
        for family in BOTH:
            for side, factor in (("just_above", 1.3), ("just_under", 0.8)):
                rate, parameters = round(floor * factor), dict(more)
                wish = [flood(label, "ingress", family, "low", 2500)] if side == "just_above" else []
                rules = {} if wish else {"forbid": ["flood@low"], "quiet": "medium"}
                case(f"{label}-{side}-v{family}", f"{rate}/s, {'above' if wish else 'under'} the floor of {floor}/s.", recipe, wish, family=family,
                     seconds=3.0, **{rate_name(recipe): rate}, **parameters, **rules)
    for family in BOTH:
        v = f"v{family}"
        case(f"udp_flood-egress_just_above-{v}", "650 packets/s to one address: above the outbound floor of 500.", "floods.udp",
             [flood("udp_flood", "egress", family, "high", 2500)], family=family, direction="egress", rate_pps=650, seconds=3.0)
        case(f"udp_flood-egress_just_under-{v}", "350 packets/s to one address.", "floods.udp", [], family=family, direction="egress", rate_pps=350,
             seconds=3.0, forbid=["flood@low"], quiet="medium")
        case(f"egress_scan-just_above-{v}", "70 addresses in ten seconds on port 22, hardly an answer.", "scans.egress_plain",
             [{"kind": "scan", "direction": "egress", "label": "egress_scan", "min_severity": "high", "subject": HOST[family]}], family=family, targets=70)
        case(f"egress_scan-just_under-{v}", "36 addresses in ten seconds.", "scans.egress_plain", [], family=family, targets=36, quiet="medium",
             forbid=["egress_scan"])
    # volume alone
    case("spike_unclassified-wireguard_burst-v4", "A WireGuard tunnel goes from 40 to 6,000 packets/s, both ways: volume without evidence.", "evasion.tunnel",
         [{"kind": "flood", "direction": "ingress", "label": "spike_unclassified", "max_severity": "low"}], what="wireguard", pps=6000, seconds=4.0,
         quiet="medium", forbid=["udp_flood", "udp_plain_flood"])


def scan(label, direction="ingress", severity="info", **more):
    return {"kind": "scan", "direction": direction, "label": label, "min_severity": severity} | more


def write_scans():
    host = HOST[4]
    case("mirai_scan-one_packet", "One SYN whose sequence number is its destination: chance match 1 in 4.3e9.", "scans.mirai", [scan("mirai_scan", subject=host)],
         quiet="high")
    case("mirai_scan-one_packet_doff6", "As the only real Mirai SYN of the corpus: data offset 6 in an IP length of 40.", "scans.mirai",
         [scan("mirai_scan", subject=host)], quiet="high", header_words=6)
    case("mirai_scan-one_source_ten_packets", "One bot, ten SYNs, one source port and one window.", "scans.mirai", [scan("mirai_scan", count=1, subject=host)],
         syns=10, quiet="high")
    case("mirai_scan-campaign", "300 sources in a minute: one incident, not three hundred.", "scans.mirai",
         [scan("mirai_scan", severity="medium", count=1)], sources=300, syns=2, seconds=60.0, only="medium")
    case("mirai_scan-campaign_inferred_local", "The campaign, and nobody says which side is local.", "scans.mirai",
         [scan("mirai_scan", severity="medium", count=1)], local=[], sources=300, syns=2, seconds=60.0, only="medium")
    case("mirai_scan-dropped", "A campaign against a firewall that drops.", "scans.mirai", [scan("mirai_scan", severity="medium", count=1)], sources=40, syns=1,
         seconds=60.0, answered="no", only="medium")
    case("mirai_scan-variant_port", "The fingerprint on port 37215: found on any port.", "scans.mirai", [scan("mirai_scan", severity="medium")], sources=20,
         syns=2, port=37215, only="medium")
    case("mirai_scan-nat_public", "Behind 1:1 NAT the sequence number is the public address: --public tells it.", "scans.mirai",
         [scan("mirai_scan", subject="10.0.0.5")], local=["10.0.0.5"], public="203.0.113.10", sources=4, syns=3, target="10.0.0.5", fingerprint_of="203.0.113.10",
         background_too=False)
    case("mirai_scan-nat_without_public", "The same without --public: no fingerprint can be claimed.", "scans.mirai", [], local=["10.0.0.5"], sources=4, syns=3,
         target="10.0.0.5", fingerprint_of="203.0.113.10", background_too=False, forbid=["mirai_scan"], quiet="medium")
    for family in BOTH:
        v, host = f"v{family}", HOST[family]
        case(f"iot_scan-device_ports-{v}", "Half-open SYNs to device ports from 40 sources; sequence number, window and source port random in each packet.",
             "scans.device_ports", [scan("iot_scan", severity="low")], family=family, forbid=["mirai_scan", "flood@low"], quiet="high")
        case(f"iot_scan-telnet_only-{v}", "Telnet alone, from 60 sources.", "scans.device_ports", [scan("iot_scan", severity="low")], family=family, sources=60,
             ports=[23, 2323], forbid=["mirai_scan"], quiet="high")
        case(f"zmap_scan-network-{v}", "ZMap over 200 addresses, port 443" + (": IP ID 54321, window 65535." if family == 4 else "; without the IP ID only window and missing options remain."),
             "scans.tool", [scan("zmap_scan" if family == 4 else ["zmap_scan", "address_scan"], severity="info")], local=[NET[family]], family=family, tool_name="zmap", quiet="high")
        case(f"masscan_scan-network-{v}", "masscan over 200 addresses, port 6379.", "scans.tool",
             [scan("masscan_scan" if family == 4 else ["masscan_scan", "address_scan"])], local=[NET[family]], family=family, tool_name="masscan", port=6379, quiet="high")
        case(f"masscan_scan-one_host-{v}", "masscan, 300 ports of one host.", "scans.tool", [scan("masscan_scan" if family == 4 else ["masscan_scan", "port_scan"], subject=host)],
             family=family, tool_name="masscan", port=1000, targets=1, ports=300, quiet="high")
        case(f"port_scan-vertical-{v}", "300 ports of one host, closed ones refuse.", "scans.vertical", [scan("port_scan", severity="low", subject=host, count=1)],
             family=family, forbid=["flood@low"], quiet="high")
        case(f"port_scan-vertical_dropped-{v}", "300 ports of one host behind a firewall that drops.", "scans.vertical", [scan("port_scan", severity="low", subject=host)],
             family=family, refused=False, forbid=["flood@low"], quiet="high")
        case(f"address_scan-horizontal-{v}", "One source, port 445 of 120 addresses.", "scans.horizontal", [scan("address_scan", severity="low")],
             local=[NET[family]], family=family, forbid=["flood@low"], quiet="high")
        case(f"udp_scan-ports-{v}", "200 UDP ports of one host.", "scans.udp_ports", [scan("udp_scan", severity="low", subject=host)], family=family,
             forbid=["flood@low"], quiet="high")
        case(f"slow_scan-five_minutes-{v}", "A new closed port every five minutes, for three hours.", "scans.slow",
             [scan(["slow_scan", "port_scan"], severity="info", subject=host)], family=family, quiet="high")
        case(f"scan_followup-telnet-{v}", "An optionless SYN is answered; three seconds later an ordinary connection from the same source tries telnet.",
             "scans.followup", [scan(["scan_followup", "mirai_scan", "iot_scan"], has="scan_followup", subject=host)], family=family)
        case(f"egress_scan-plain-{v}", "The guarded host tries 120 addresses in ten seconds on port 22; 5 % refuse, the rest is silent.", "scans.egress_plain",
             [scan("egress_scan", "egress", "high", subject=host)], family=family, only="medium")
        case(f"egress_scan-middle-{v}", "The same, and the capture begins in the middle of it.", "scans.egress_plain",
             [scan("egress_scan", "egress", "high", subject=host)], family=family, only="medium", start=0.0)
        case(f"egress_scan-not_ssh_fleet-{v}", "120 hosts in ten seconds on port 22, and 98 % answer: administration.", "scans.egress_plain", [], family=family,
             answered=0.98, answer="works", forbid=["egress_scan"], quiet="medium")
        case(f"egress_scan-not_peer_to_peer-{v}", "A BitTorrent client with 250 peers on ports of all kinds, most of which answer.", "scans.peer_to_peer", [],
             family=family, forbid=["egress_scan", "scan:egress", "flood@low", "c2"], quiet="medium")
        case(f"egress_scan-not_peer_to_peer_one_port-{v}", "A BitTorrent client whose 1,200 peers all listen on port 6881, and 9 of 10 are gone: what it says to them "
             "tells it from a scan.", "scans.peer_to_peer", [], family=family, peers=1200, one_port=6881, alive=0.1, gone=0.9, forbid=["egress_scan", "scan:egress", "flood@low", "c2"],
             quiet="medium")
        case(f"egress_scan-not_crawler-{v}", "The guarded host reads 300 sites in 30 s and nearly all answer.", "scans.crawler", [], family=family,
             forbid=["egress_scan"], quiet="medium")
        case(f"egress_scan-not_resolver-{v}", "The guarded host asks 400 name servers in 20 s.", "scans.recursive_resolver", [], family=family,
             forbid=["egress_scan"], quiet="medium")
        case(f"port_scan-not_search_engine-{v}", "A search engine reads the guarded site: one source, many complete connections.", "scans.web_crawler_in", [],
             family=family, forbid=["scan@low", "http_flood"], quiet="medium")
        case(f"backscatter-sixty_servers-{v}", "SYN-ACK, RST and unreachable from 60 servers at 6/s: somebody attacks them in our name.", "scans.backscatter",
             [{"kind": "backscatter", "direction": "ingress", "label": "backscatter", "max_severity": "low", "subject": host}], family=family,
             forbid=["flood", "scan@low"], quiet="medium")
        case(f"backscatter-network-{v}", "The same against 250 addresses of the guarded network.", "scans.backscatter",
             [{"kind": "backscatter", "direction": "ingress", "label": "backscatter", "max_severity": "low"}], local=[NET[family]], family=family,
             forbid=["flood", "scan@low"], quiet="medium", target_net=True)
    case("egress_scan-mirai", "The guarded host is a bot: 160 fingerprinted SYNs a second to addresses everywhere.", "scans.egress_mirai",
         [scan("egress_scan", "egress", "high", subject=HOST[4], max_latency_ms=2000)], only="medium")
    case("egress_scan-mirai_slow", "The same at ten SYNs a second: the fingerprint alone proves it.", "scans.egress_mirai",
         [scan("egress_scan", "egress", "high", subject=HOST[4])], only="medium", rate_pps=10.0)
    case("egress_scan-mirai_middle", "The capture begins while the guarded host is scanning.", "scans.egress_mirai",
         [scan("egress_scan", "egress", "high", subject=HOST[4])], only="medium", start=0.0)
    case("egress_scan-mirai_inferred_local", "The same, and nobody says which side is local.", "scans.egress_mirai",
         [scan("egress_scan", "egress", "high", subject=HOST[4])], local=[], only="medium")


def write_c2():
    for family in BOTH:
        v, host = f"v{family}", HOST[family]
        c2 = lambda label=None, **more: {"kind": "c2", "direction": "egress"} | ({"has": label} if label else {}) | {"min_severity": "high", "subject": host} | more  # noqa: E731
        case(f"c2_registration-mirai-{v}", "00 00 00 01 and an id, then 00 00 out and back after 10 s and every 60 s.", "c2.mirai",
             [c2("c2_registration", max_latency_ms=2000), c2("c2_keepalive")], family=family, only="medium", bot_id="telnet.x86")
        case(f"c2_registration-alone-{v}", "Registration and the first heartbeat, no more.", "c2.mirai", [c2("c2_registration", max_latency_ms=2000)], family=family,
             only="medium", beats=1)
        case(f"c2_keepalive-mirai_middle-{v}", "Heartbeats of a connection that began before the capture, on port 1312.", "c2.mirai", [c2("c2_keepalive")], family=family,
             only="medium", register=False, port=1312, beats=7)
        case(f"c2_keepalive-two_percent-{v}", "6 bytes every 60 s with 2 % jitter on port 443.", "c2.keepalive", [c2("c2_keepalive")], family=family, only="medium")
        case(f"c2_keepalive-three_minutes-{v}", "4 bytes every 180 s with 1 % jitter.", "c2.keepalive", [c2("c2_keepalive")], family=family, only="medium", beats=6,
             period_s=180.0, jitter=0.01, size=4, server_size=4, port=8443)
        case(f"c2_keepalive-padded_watch_only-{v}", "64 bytes with 40 % jitter on 443: nothing that a heartbeat alone may accuse.", "c2.keepalive", [], family=family,
             jitter=0.4, size=64, server_size=64, fixed_bytes=False, beats=12, forbid=["c2"], quiet="medium")
        case(f"c2_command_then_flood-udp-{v}", "Registration, three heartbeats, a command, and two seconds later the guarded host floods.", "c2.mirai",
             [c2("c2_command_then_flood"), {"kind": "flood", "direction": "egress", "label": "udp_flood", "min_severity": "high", "subject": host}], family=family,
             only="medium", beats=4, command_after=3, flood_after_s=2.0)
        case(f"c2_command_then_flood-syn-{v}", "The same with a SYN flood after one second.", "c2.mirai",
             [c2("c2_command_then_flood"), {"kind": "flood", "direction": "egress", "label": "syn_flood", "min_severity": "high", "subject": host}], family=family,
             only="medium", beats=4, command_after=3, flood_after_s=1.0, flood="syn")
        case(f"c2_command_then_flood-not_later-{v}", "The flood begins 20 s after the message: two incidents, but nobody may claim the connection.", "c2.mirai",
             [c2(), {"kind": "flood", "direction": "egress", "label": "udp_flood", "min_severity": "high"}], family=family, beats=4, command_after=3, flood_after_s=20.0,
             forbid=["c2_command_then_flood"])
        case(f"c2_text-gafgyt-{v}", "PING, PONG and \"!* UDP ...\" on port 666.", "c2.gafgyt", [c2("c2_text")], family=family, only="medium")
        case(f"c2_text-gafgyt_pings_only-{v}", "PING and PONG every 45 s without a command.", "c2.gafgyt", [c2("c2_text")], family=family, only="medium", command=False,
             beats=7)
        case(f"c2_report-48101-{v}", "Three short connections to port 48101, where bots report what they cracked.", "c2.report", [c2("c2_report")], family=family, only="medium")
        case(f"c2_reconnect-unanswered-{v}", "14 unanswered connects to one address, port 23, with 1-10 s between them.", "c2.reconnect", [c2("c2_reconnect")], family=family,
             only="medium")
        case(f"c2_reconnect-not_a_collector-{v}", "A log shipper tries its dead collector once a minute: under the floor of 8 in 5 minutes.", "c2.reconnect", [],
             family=family, attempts=8, port=5514, low_s=58.0, high_s=62.0, forbid=["c2"], quiet="medium")
        for protocol in ("mqtt", "amqp", "stomp", "mysql", "websocket", "bgp", "irc", "ssh", "postgres", "redis"):
            case(f"c2_keepalive-not_{protocol}-{v}", f"A long {protocol} connection that carries nothing but its own heartbeats.", "c2.heartbeat", [], family=family,
                 protocol=protocol, forbid=["c2"], quiet="medium")
        for protocol in ("mqtt", "amqp", "stomp", "bgp"):
            case(f"c2_keepalive-not_{protocol}_middle-{v}", f"The same {protocol} connection, and its hello lies before the capture.", "c2.heartbeat", [], family=family,
                 protocol=protocol, connect=False, forbid=["c2"], quiet="medium")
        case(f"c2_text-not_irc-{v}", "An IRC client answers its server's PING :name with PONG :name.", "c2.irc_server_pings", [], family=family, forbid=["c2"], quiet="medium")
        case(f"c2_keepalive-not_tcp_probes-{v}", "The kernel's keepalive probes without payload.", "c2.tcp_keepalive", [], family=family, forbid=["c2"], quiet="medium")
        case(f"c2_keepalive-not_tcp_probes_with_byte-{v}", "Keepalive probes with one old byte.", "c2.tcp_keepalive", [], family=family, with_byte=True, forbid=["c2"],
             quiet="medium")
    case("c2_keepalive-inferred_local", "Registration and heartbeats, and nobody says which side is local.", "c2.mirai",
         [{"kind": "c2", "direction": "egress", "has": "c2_keepalive", "min_severity": "high"}], local=[], only="medium")


def write_logins():
    force = lambda label, family, **more: {"kind": "bruteforce", "direction": "ingress", "label": label, "min_severity": "low", "subject": HOST[family]} | more  # noqa: E731
    for family in BOTH:
        v = f"v{family}"
        rules = {"family": family, "forbid": ["flood@low", "c2"]}
        case(f"telnet_bruteforce-dialogue-{v}", "Five connections with three refused logins each, from Mirai's list.", "logins.telnet", [force("telnet_bruteforce", family)], **rules)
        case(f"telnet_loader-inside-{v}", "A login that works, then enable, system, shell, sh and /bin/busybox MIRAI.", "logins.telnet_loader",
             [force("telnet_loader", family, min_severity="medium")], **rules)
        case(f"telnet_loader-sora-{v}", "The same with the tag SORA.", "logins.telnet_loader", [force("telnet_loader", family, min_severity="medium")], tag="SORA", **rules)
        case(f"telnet_bruteforce-not_admin-{v}", "Somebody mistypes a password once and then works.", "logins.telnet_admin", [], family=family,
             forbid=["bruteforce@low"], quiet="medium")
        case(f"ssh_bruteforce-short_connections-{v}", "40 SSH connections in a minute, two refused passwords each.", "logins.ssh", [force("ssh_bruteforce", family)], **rules)
        case(f"ssh_bruteforce-not_ansible-{v}", "40 SSH connections in a minute that log in with a key and carry data.", "logins.ansible", [], family=family,
             forbid=["bruteforce@low"], quiet="medium")
        case(f"ssh_bruteforce-not_control_node-{v}", "The guarded host administers 60 others over SSH in 20 s.", "logins.ansible", [], family=family, direction="egress",
             hosts=60, connections=60, seconds=20.0, forbid=["bruteforce@low", "egress_scan"], quiet="medium")
        case(f"ssh_bruteforce-not_admin-{v}", "Two mistyped passwords, long sessions and a file copy.", "logins.ssh_admin", [], family=family, forbid=["bruteforce@low"],
             quiet="medium")
        case(f"ftp_bruteforce-530-{v}", "Eight connections with three 530 answers each.", "logins.ftp", [force("ftp_bruteforce", family)], **rules)
        case(f"ftp_bruteforce-not_one_error-{v}", "One FTP user mistypes twice and gets in.", "logins.ftp", [], family=family, connections=1, success=True,
             forbid=["bruteforce@low"], quiet="medium")
        for name in ("mysql", "imap", "smtp", "rdp", "vnc"):
            case(f"login_bruteforce-{name}-{v}", f"60 short {name} connections in half a minute, one refused login each.", "logins.service",
                 [force("login_bruteforce", family)], service_name=name, **rules)
    # an outbound brute force is this host taking part
    case("ssh_bruteforce-egress", "The guarded host guesses passwords elsewhere.", "logins.ssh", [force("ssh_bruteforce", 4, direction="egress", min_severity="high")],
         direction="egress", connections=60)
    case("telnet_loader-egress", "The guarded host loads a bot onto a device.", "logins.telnet_loader", [force("telnet_loader", 4, direction="egress", min_severity="high")],
         direction="egress")


def write_evasion():
    for family in BOTH:
        v, host = f"v{family}", HOST[family]
        case(f"syn_flood-65_percent-{v}", "65 % SYN and 35 % ACK: both labels with their shares.", "evasion.mix",
             [flood(["syn_flood", "ack_flood"], "ingress", family, "medium", 2000, labels=[{"label": "syn_flood", "share": 0.65}, {"label": "ack_flood", "share": 0.35}])],
             only="medium", family=family, parts={"syn": 0.65, "ack_empty": 0.35}, rate_pps=2500)
        case(f"syn_flood-65_percent_egress-{v}", "The guarded host sends 65 % SYN and 35 % ACK.", "evasion.mix",
             [flood(["syn_flood", "ack_flood"], "egress", family, "high", 2000, labels=[{"label": "syn_flood", "share": 0.65}, {"label": "ack_flood", "share": 0.35}])],
             only="medium", family=family, direction="egress", parts={"syn": 0.65, "ack_empty": 0.35}, rate_pps=2500)
        case(f"udp_flood-multi_vector-{v}", "UDP, SYN and NTP amplification at once.", "evasion.mix",
             [{"kind": "flood", "direction": "ingress", "has": ["udp_flood", "syn_flood", "amp_ntp"], "modifiers": ["multi_vector"], "min_severity": "medium", "subject": host}],
             only="medium", family=family, parts={"udp": 0.6, "syn": 0.4}, amp="ntp", rate_pps=5000)
        case(f"udp_flood-carpet_256-{v}", "A /24's worth of addresses, 40 packets/s each, 10,000/s together.", "evasion.carpet",
             [{"kind": "flood", "direction": "ingress", "label": "udp_flood", "modifiers": ["carpet"], "min_severity": "medium", "max_latency_ms": 2000, "count": 1}],
             local=[NET[family]], only="medium", family=family)
        case(f"udp_flood-carpet_8-{v}", "Eight addresses, each just under the floor of a single host.", "evasion.carpet",
             [{"kind": "flood", "direction": "ingress", "label": "udp_flood", "modifiers": ["carpet"], "min_severity": "medium", "max_latency_ms": 2000}],
             local=[NET[family]], only="medium", family=family, hosts=8, rate_pps=7200)
        case(f"syn_flood-carpet_256-{v}", "SYNs over a whole network, 12/s each.", "evasion.carpet",
             [{"kind": "flood", "direction": "ingress", "label": "syn_flood", "modifiers": ["carpet"], "min_severity": "medium", "count": 1}],
             local=[NET[family]], only="medium", family=family, vector="syn", rate_pps=3000)
        case(f"gre_ip_flood-pulses-{v}", "60 s on, six minutes off, four times: one incident that pulses.", "evasion.pulses",
             [flood("gre_ip_flood", "ingress", family, "medium", None, modifiers=["pulse"], count=1)], only="medium", family=family, rate_pps=200)
        case(f"syn_flood-pulses-{v}", "The same with SYNs.", "evasion.pulses", [flood("syn_flood", "ingress", family, "low", None, modifiers=["pulse"], count=1)],
             only="medium", family=family, vector="syn", rate_pps=400, count=3)
        case(f"gre_ip_flood-slow_ramp-{v}", "8 % more each minute, from 12 to 150 packets/s in half an hour.", "evasion.ramp",
             [flood("gre_ip_flood", "ingress", family, "low")], only="medium", family=family)
        case(f"icmp_flood-slow_ramp_5-{v}", "5 % more each minute, echo requests from 110 to 300 packets/s.", "evasion.ramp", [flood("icmp_flood", "ingress", family, "low")],
             only="medium", family=family, vector="echo", percent_per_minute=5.0, from_pps=110.0, to_pps=300.0)
        case(f"syn_flood-as_resolver-{v}", "Every packet claims to come from the host's own resolver: a flood, and no reason to block the resolver.", "evasion.as_resolver",
             [flood("syn_flood", "ingress", family, "medium", 1000)], only="medium", family=family)
        case(f"udp_flood-as_resolver-{v}", "UDP to random ports that claims to come from the resolver.", "evasion.as_resolver",
             [flood("udp_flood", "ingress", family, "medium", 2000)], only="medium", family=family, vector="udp", rate_pps=5000)
        case(f"http_flood-not_flash_crowd-{v}", "A page is linked from a large site: new readers who complete handshakes and are answered.", "evasion.crowd", [],
             family=family, quiet="medium", forbid=["http_flood@medium", "syn_flood", "tls_exhaustion@medium"])
        case(f"tcp_data_flood-not_download-{v}", "One large file at 46 Mb/s.", "evasion.download", [], family=family, quiet="medium",
             forbid=["tcp_data_flood", "syn_flood", "ack_flood", "psh_ack_flood"])
        case(f"tcp_data_flood-not_backup-{v}", "A backup leaves the guarded host at 46 Mb/s.", "evasion.download", [], family=family, upload=True, port=22, quiet="medium",
             forbid=["tcp_data_flood", "ack_flood", "psh_ack_flood"])
        case(f"tcp_data_flood-not_download_middle-{v}", "The capture is so short that the download's handshake is all that comes before it.", "evasion.download", [],
             family=family, seconds=2.0, pps=6000, quiet="medium", forbid=["tcp_data_flood", "ack_flood", "psh_ack_flood"])
        for what, wrong in (("gre", ["gre_flood", "gre_ip_flood"]), ("wireguard", ["udp_flood", "udp_plain_flood"]), ("vxlan", ["udp_flood", "udp_plain_flood"]),
                            ("esp", ["esp_flood"])):
            case(f"{wrong[0]}-not_{what}_tunnel-{v}", f"A {what} tunnel in use both ways, from 40 to 3,000 packets/s.", "evasion.tunnel", [], family=family, what=what,
                 quiet="medium", forbid=wrong)
        case(f"benign-quiet_day-{v}", "A minute of ordinary traffic.", "evasion.quiet_day", [], family=family, quiet="low")
        case(f"benign-quiet_day_inferred-{v}", "The same, and nobody says which side is local.", "evasion.quiet_day", [], local=[], family=family, quiet="medium")


def main():
    for write in (write_floods, write_flood_variants, write_amplification, write_thresholds, write_scans, write_c2, write_logins, write_evasion):
        write()
    check, changed = "--check" in sys.argv[1:], []
    for name, text in CASES_WRITTEN.items():
        path = CASES / name / "case.toml"
        if not path.exists() or path.read_text() != text:
            changed.append(name)
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
    for path in CASES.glob("*/case.toml"):
        if path.parent.name not in CASES_WRITTEN and path.read_text().startswith(MARK):
            changed.append(f"{path.parent.name} (gone)")
            if not check:
                shutil.rmtree(path.parent)
    print(f"{len(CASES_WRITTEN)} cases, {len(changed)} " + ("differ" if check else "written"))
    if check and changed:
        print("\n".join(changed))
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
