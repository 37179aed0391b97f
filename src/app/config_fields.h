// Every setting of the fixed sections, as data: name, member, range, help. For config.cpp alone.
#pragma once
#include "app/config.h"

namespace sekisho {

inline constexpr Field<CaptureSettings> kCaptureFields[] = {
    {"mode", &CaptureSettings::mode, 0, 0, "how packets are taken from the interfaces"},
    {"interfaces", &CaptureSettings::interfaces, 0, 0, "interfaces to watch; empty: those with a default route"},
    {"local", &CaptureSettings::local, 0, 0,
     "addresses and networks of the guarded host; empty: its own addresses, or inferred from a capture"},
    {"max_frames_pps", &CaptureSettings::max_frames_pps, 1'000, 10'000'000,
     "packets a second that are looked at one by one; of more, a sample with weights (fewer when the processor is too slow)"},
    {"rings", &CaptureSettings::rings, 1, 16,
     "packet_socket: rings for each interface; several spread the work of the kernel over processors"},
    {"public", &CaptureSettings::publics, 0, 0, "the host's public addresses before NAT, which scanners aim at"},
};
inline constexpr double kDayMs = 24.0 * 3600 * 1000;
inline constexpr Field<StoreSettings> kStoreFields[] = {
    {"path", &StoreSettings::path, 0, 0, "the database of incidents and traffic history"},
    {"seconds_for", &StoreSettings::seconds_for, 3600 * 1000, 30 * kDayMs, "how long one row a second of the traffic is kept"},
    {"ten_seconds_for", &StoreSettings::ten_seconds_for, 3600 * 1000, 90 * kDayMs, "how long one row each ten seconds is kept"},
    {"history_for", &StoreSettings::history_for, kDayMs, 4000 * kDayMs,
     "how long one row a minute, scan hits by hour and closed incidents are kept"},
    {"scan_detail_for", &StoreSettings::scan_detail_for, 3600 * 1000, 30 * kDayMs, "how long scan hits are kept by the minute"},
    {"scan_rows_a_day", &StoreSettings::scan_rows_a_day, 1000, 10'000'000,
     "rows of scan hits a day; further sources are added up under one"},
};
inline constexpr Field<DecodeSettings> kDecodeFields[] = {
    {"vxlan_port", &DecodeSettings::vxlan_port, 0, 65'535,
     "UDP port of this host's VXLAN tunnels (usually 4789), whose packets are looked into; 0: none, they are plain UDP"},
    {"gtp_u_port", &DecodeSettings::gtp_u_port, 0, 65'535,
     "UDP port of this host's GTP-U tunnels (usually 2152), whose packets are looked into; 0: none, they are plain UDP"},
};
inline constexpr Field<EvidenceSection> kEvidenceFields[] = {
    {"dir", &EvidenceSection::dir, 0, 0, "folder for the packets of each incident; empty: the agent keeps none"},
    {"ring_seconds", &EvidenceSection::ring_seconds, 1, 600,
     "how long the agent remembers packets, so that evidence begins before the incident"},
    {"ring_bytes", &EvidenceSection::ring_bytes, 1 << 20, 4LL << 30,
     "the most memory for these packets, both directions together; taken as far as traffic needs it"},
    {"snap_bytes", &EvidenceSection::snap_bytes, 64, 2048, "stored of each packet; of control traffic of botnets whole packets are stored"},
    {"packets", &EvidenceSection::packets, 100, 1'000'000, "the most packets of one incident"},
    {"bytes", &EvidenceSection::bytes, 65'536, 1LL << 30, "the most bytes of one incident, before compression"},
    {"context_percent", &EvidenceSection::context_percent, 0, 50,
     "share of an incident's packets that is other traffic, marked as context; half of it from before the incident"},
    {"total_bytes", &EvidenceSection::total_bytes, 1 << 20, 1LL << 40,
     "the most that the folder holds; then the oldest files go, never those of open incidents"},
};
inline constexpr Field<ControlSettings> kControlFields[] = {{"socket", &ControlSettings::socket, 0, 0, "unix socket of the running agent"}};
inline constexpr Field<WebSettings> kWebFields[] = {
    {"listen", &WebSettings::listen, 0, 0, "address and port of the dashboard; beyond loopback it takes a certificate or behind_proxy"},
    {"certificate", &WebSettings::certificate, 0, 0, "PEM file of the certificate chain: the dashboard then speaks TLS"},
    {"key", &WebSettings::key, 0, 0, "PEM file of the certificate's private key"},
    {"behind_proxy", &WebSettings::behind_proxy, 0, 0,
     "a proxy in front speaks TLS: its X-Forwarded-For and X-Forwarded-Proto are believed"},
    {"hosts", &WebSettings::hosts, 0, 0, "names under which the dashboard is reached, beyond localhost and its addresses"},
    {"tokens", &WebSettings::tokens, 0, 0, "file of the tokens' hashes; empty: web-tokens.json beside the store"},
    {"user", &WebSettings::user, 0, 0, "whom the dashboard becomes when root starts it"},
    {"mmdb", &WebSettings::mmdb, 0, 0, "MaxMind databases (.mmdb) of networks and countries, read offline"},
    {"open_metrics", &WebSettings::open_metrics, 0, 0, "/metrics is given without a token"},
    {"fleet", &WebSettings::fleet, 0, 0, "dashboards of other servers, shown in the view Fleet: \"NAME=https://HOST:PORT\""},
    {"fleet_tokens", &WebSettings::fleet_tokens, 0, 0, "file with a line \"NAME TOKEN\" for each of them: a viewer's token made there"},
    {"fleet_ca", &WebSettings::fleet_ca, 0, 0, "PEM file of the authorities that their certificates must come from; empty: the system's"},
    {"fleet_every", &WebSettings::fleet_every, 1'000, 3600 * 1000, "how often they are asked"},
};
inline constexpr Field<ResponseSettings> kResponseFields[] = {
    {"mode", &ResponseSettings::mode, 0, 0, "off, suggest: say what would be blocked, or on: do it"},
    {"never", &ResponseSettings::never, 0, 0, "addresses and networks that are never blocked"},
    {"policy", &ResponseSettings::policy, 0, 0,
     "proof: only what a handshake or a log proves is blocked by itself; article: also 3 SYNs in 60 s to `ports`, whose sources anybody "
     "can forge"},
    {"ports", &ResponseSettings::ports, 0, 0, "ports of the policy article and of `sekisho rules`"},
    {"min_hits", &ResponseSettings::min_hits, 1, 10'000, "failed logins and the like of one source before it is blocked by itself"},
    {"fingerprint_for", &ResponseSettings::fingerprint_for, 0, 24.0 * 3600 * 1000,
     "how long a source with the Mirai fingerprint, which can be forged, is blocked by itself; 0: it is not"},
    {"adds_a_minute", &ResponseSettings::adds_a_minute, 1, 10'000, "the most that is blocked by itself within a minute"},
    {"confirm_within", &ResponseSettings::confirm_within, 0, 600'000,
     "a change to mode on, and rules that are installed, end by themselves unless confirmed within this time; 0: they need no "
     "confirmation"},
    {"forget_after", &ResponseSettings::forget_after, 3600 * 1000, 400 * kDayMs,
     "an offender that returns within this time is blocked for longer: 1 h, 6 h, 24 h, 7 d"},
    {"restore_table", &ResponseSettings::restore_table, 0, 0,
     "another program deleted or changed the table of the block list: make it anew, or only say so"},
    {"keep_table", &ResponseSettings::keep_table, 0, 0, "the table stays when the agent stops; its entries end by themselves in any case"},
    {"early_drop", &ResponseSettings::early_drop, 0, 0,
     "where XDP takes the packets, what is blocked is dropped there already, before the firewall"},
};
inline constexpr Field<AlertSettings> kAlertFields[] = {
    {"dir", &AlertSettings::dir, 0, 0, "folder for alerts that wait to be sent; empty: alerts beside the store"},
    {"host", &AlertSettings::host, 0, 0, "this machine's name in alerts; empty: its host name"},
    {"link", &AlertSettings::link, 0, 0,
     "the dashboard's address for links in alerts, such as https://sekisho.example.org; empty: no links"},
    {"max_waiting", &AlertSettings::max_waiting, 10, 100'000, "the most alerts of one channel that wait; then updates go, then the oldest"},
    {"quiet", &AlertSettings::quiet, 0, 0, "quiet hours, such as \"22:00-07:00\" or \"Sat,Sun\": what goes on is told when they are over"},
    {"quiet_severity", &AlertSettings::quiet_severity, 0, 0, "the lowest that is told in quiet hours all the same"},
    {"maintenance", &AlertSettings::maintenance, 0, 0,
     "when everything waits: \"Sun 02:00-04:00\", or once: \"2026-12-01T22:00:00Z/2026-12-02T02:00:00Z\""},
};
inline constexpr Field<AnalyzeSettings> kAnalyzeFields[] = {
    {"jobs", &AnalyzeSettings::jobs, 0, 64, "threads that read and count; 0: as many as there are processors"},
    {"fail_on", &AnalyzeSettings::fail_on, 0, 0, "lowest severity for exit status 1"},
};

inline constexpr Field<LogsSection> kLogsFields[] = {
    {"read", &LogsSection::read, 0, 0, "the agent follows logs and joins what they tell with what packets tell"},
    {"sources", &LogsSection::sources, 0, 0,
     "files, \"journal\", \"/dev/kmsg\", \"ulogd:...\" as `sekisho logs` takes them; empty: what this machine has"},
    {"past", &LogsSection::past, 0, 400LL * 86'400 * 1000,
     "at its first start the agent reads what logs and their rotated predecessors hold from so long ago, for the history; 0s: nothing"},
};

inline constexpr Field<SocketsSection> kSocketsFields[] = {
    {"interval", &SocketsSection::interval, 500, 600'000, "how often the agent asks the kernel for this host's sockets"},
    {"namespaces", &SocketsSection::namespaces, 0, 0, "sockets of other network namespaces (containers) count as this host's"},
    {"enter_namespaces", &SocketsSection::enter_namespaces, 0, 0,
     "the agent keeps CAP_SYS_ADMIN to ask the kernel inside them too, with counters; else they are read from /proc, without"},
    {"at_creation", &SocketsSection::at_creation, 0, 0,
     "BPF programs name the process of each socket when it is made, connected or used, for those that live a moment"},
};

inline constexpr Field<AuditSection> kAuditFields[] = {
    {"fail_on", &AuditSection::fail_on, 0, 0, "lowest severity for exit status 1"},
    {"state", &AuditSection::state, 0, 0, "where the notes of the last audit are kept, for what changed since"},
    {"within", &AuditSection::within, 5'000, 3'600'000, "time for all checks together, without the rootkit scanners"},
    {"recent", &AuditSection::recent, 3'600'000, 366 * 86'400'000.0, "files changed within this time count as recent"},
    {"max_files", &AuditSection::max_files, 1'000, 10'000'000, "files in temporary folders that are looked at"},
    {"raw_socket_owners", &AuditSection::raw_socket_owners, 0, 0,
     "executables that may hold raw sockets, besides the known ones; * and ? as in a shell"},
    {"allowed_listeners", &AuditSection::allowed_listeners, 0, 0, "ports of devices that may listen here, such as \"8728\""},
    {"scanner_within", &AuditSection::scanner_within, 10'000, 4 * 3'600'000.0, "time for each rootkit scanner of --with-scanners"},
};

inline constexpr Field<ContainSection> kContainFields[] = {
    {"confirm_within", &ContainSection::confirm_within, 3'000, 600'000,
     "a containment that is not confirmed within this time ends by itself"},
    {"log", &ContainSection::log, 0, 0, "the record of who contained what, and when; one JSON object a line"},
};

}  // namespace sekisho
