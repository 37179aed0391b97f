// What the REST interface answers (docs/rest.md, src/web/openapi.json). Unknown words are always possible: show them as they are.
export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical';
export type Standing = 'taking_part' | 'attacked' | 'guessed' | 'scanned' | 'noted' | 'quiet';
export type Role = 'viewer' | 'operator' | 'admin';

export interface Peer { ip: string; port?: number; packets: number; asn?: number; organization?: string; country?: string }
export interface Port { port: number; packets: number }
export interface Process { pid: number; exe: string; unit: string | null; container: string | null; uid: number | null; command: string; parents: string[]; started: string | null; deleted: boolean }

// The incident of docs/incident.md with what REST adds for a screen.
export interface Incident {
  id: string; kind: string; direction: string; label: string; labels: { label: string; share: number }[]; modifiers: string[];
  subject: string; peers: { distinct: number; spoofed: boolean; top: Peer[] }; ports: { local: Port[]; remote: Port[] }; process: Process | null;
  started: string; detected: string; ended: string | null; latency_ms: number;
  peak_pps: number; peak_bps: number; packets: number; bytes: number;
  confidence: number; severity: Severity; technique: string[]; explanation: string; advice: string; evidence: string | null; degraded: boolean;
  title: string; short_id: string; standing: Standing; headline: string; normal_pps: number; peers_verdict: string;
  reasons: string[]; counter_reasons: string[];
}
export interface IncidentPage { schema: 1; incidents: Incident[]; next: string | null; total: number | null }
export interface Change { time: string; change: string; severity: Severity; label: string; confidence: number; peak_pps: number }
export interface EvidenceFile { path: string; sha256: string | null; bytes: number; packets: number; written: string }
export interface IncidentFull {
  schema: 1; incident: Incident; timeline: Change[]; evidence: EvidenceFile[]; upstream: string; window: { from: number; to: number };
}

export interface BundleState { schema: 1; state: 'making' | 'ready' | 'failed'; bytes: number; message: string }
export interface Silence { id: string; from: string; until: string; kind: string; direction: string; label: string; subject: string; channel: string; by: string }
export interface SilencePage { schema: 1; silences: Silence[] }
export interface BlockPreview {
  schema: 1; spoofed: boolean;
  rows: { address: string; network: string; blocked: boolean; may_block: boolean; by_hand: string; with_proof: string; without_proof: string }[];
}
export interface BlocksAdded { schema: 1; added: number; results: { network: string; verdict: string; refusal: string | null; why: string; expires?: string }[] }

export interface DecodedPacket {
  number: number; time: string; bytes: number; captured: number; from: string; to: string; summary: string;
  layers: { name: string; fields: { name: string; value: string }[] }[]; payload: string;
}
export interface PacketPage { schema: 1; packets: DecodedPacket[]; more: boolean }

export interface Story {
  schema: 1; address: string; since: string; until: string; incidents: number; scan_hits: number; login_failures: number; login_successes: number;
  timeline: { time: string; what: string; text: string; incident: string | null }[]; more: boolean;
  blocks: { network: string; suggested: boolean; proof: string; reason: string; expires: string }[];
  connections: Record<string, unknown>[]; place: { asn: number; organization: string; country: string } | null;
}

export interface Health { state: 'ok' | 'note' | 'warn' | 'bad'; what: string; remedy: string | null }
export interface Verdict {
  standing: Standing; sentence: string; also: string; since: string | null; incident: Incident | null; others: Incident[];
}
export interface Status {
  schema: 1; now: string; host: string; version: string; role: Role; user: string;
  verdict: Verdict;
  agent: { running: boolean; message: string; version?: string; started?: string; uptime_s?: number; cpu_percent?: number; memory_bytes?: number };
  capture: { mode?: string; interfaces?: string[]; local?: string[] };
  traffic: { total?: { packets_in: number; packets_out: number; dropped: number } };
  store: { bytes: number; incidents: number; history_since: string | null; last_second: string | null } | null;
  last_day: { incidents: number; scanners: number; login_failures: number; taking_part: number };
  last_incident: Incident | null;
  health: Health[];
  fleet: boolean;
}

// Columns of equal length; null where nothing is known.
export type Column = (number | null)[];
export interface Series {
  schema: 1; from: number; to: number; step_s: number; time: number[];
  in_pps: Column; in_bps: Column; out_pps: Column; out_bps: Column;
  in_peak_pps: Column; out_peak_pps: Column;
  in_normal_pps: Column; in_threshold_pps: Column; out_normal_pps: Column; out_threshold_pps: Column;
  dropped: Column; incidents: Band[]; message?: string;
}
export interface Band { id: string; title: string; direction: string; severity: Severity; from: number; to: number | null }

// One second as the stream tells it (docs/control.md).
export interface Side { pps: number; bps: number; normal_pps: number; threshold_pps: number; classes: Record<string, { packets: number; bytes: number }> }
export interface Second { time: string; ingress: Side; egress: Side; dropped: number; open_incidents: number }
// The same in the columns of a Series.
export interface Tick {
  time: number; in_pps: number; in_bps: number; out_pps: number; out_bps: number; in_peak_pps: number; out_peak_pps: number;
  in_normal_pps: number | null; in_threshold_pps: number | null; out_normal_pps: number | null; out_threshold_pps: number | null;
  dropped: number; in_classes: Record<string, number>; out_classes: Record<string, number>;
}

export interface Setting {
  key: string; value: unknown; text: string; default: boolean; default_text: string; place: string | null; help: string; expected: string;
}
export interface SettingsPage { schema: 1; file: string | null; source: string; settings: Setting[] }

export interface Scanners {
  schema: 1; from: number; to: number; probes: number; distinct_sources: number; message?: string;
  hours: { time: number[]; sources: number[]; probes: number[] };
  campaigns: Incident[];
  ports: { port: number; probes: number; sources: number }[];
  families: { label: string; title: string; sources: number }[];
  networks: { asn: number; organization: string; sources: number; probes: number }[];
  countries: { country: string; sources: number; probes: number }[];
  sources: Source[];
  located: boolean; // a country and network database is configured
}
export interface Source { ip: string; label: string; title: string; probes: number; targets: number; first: string; last: string; ports: number[]; asn?: number; organization?: string; country?: string }

// Rooms that other parts fill: rows of texts and numbers under named columns.
export interface Table { schema: 1; columns: { key: string; title: string; kind: string }[]; rows: Record<string, unknown>[]; available: boolean; empty?: string; message: string; next: string | null }
