// Words for people: what stands behind the ids of the interface.
import type { Severity } from './types';

export const SEVERITIES: Severity[] = ['critical', 'high', 'medium', 'low', 'info'];
export const KINDS = ['flood', 'scan', 'c2', 'bruteforce', 'reflector', 'backscatter', 'exposure'];
export const KIND_NAMES: Record<string, string> = {
  flood: 'Flood', scan: 'Scan', c2: 'Botnet control', bruteforce: 'Brute force', reflector: 'Reflector', backscatter: 'Backscatter', exposure: 'Exposure',
};
export const kindName = (kind: string) => KIND_NAMES[kind] ?? kind;
export const directionName = (incident: { direction: string; kind: string }) =>
  incident.kind === 'c2' ? 'from here' : incident.direction === 'ingress' ? 'inbound' : incident.direction === 'egress' ? 'outbound' : incident.direction;
export const labelName = (label: string): string => {
  const words = label.replace(/^amp_/, '').replaceAll('_', ' ').replace(/\b(syn|ack|tcp|udp|dns|icmp|http|ssh|ntp|gre|tls|ssdp|vse|dhcp|rst|fin|ip|c2|ftp|snmp|cldap|ldap|rdp|sip|tftp|mdns|arp|igmp|esp|ah)\b/g, (w) => w.toUpperCase());
  return words + (label.startsWith('amp_') ? ' amplification' : '');
};

// The classes of features/, in the groups that a person thinks in; what no group knows is "other".
const GROUPS: [string, RegExp][] = [
  ['TCP connections', /^tcp_(data|ack|fin|syn_ack)$|^http_request$|^tls_hello$/],
  ['TCP SYN', /^tcp_syn(_bare)?$/],
  ['TCP out of place', /^tcp_/],
  ['UDP', /^udp(_answer)?$/],
  ['Amplified UDP', /^amp_/],
  ['DNS', /^dns_/],
  ['Game queries', /^udp_vse$/],
  ['ICMP', /^icmp_/],
  ['Tunnels', /^(gre_|ip_in_ip|esp|ah$)/],
  ['Fragments', /^fragment$/],
];
export function groupClasses(classes: Record<string, number>): { name: string; rate: number }[] {
  const sums = new Map<string, number>();
  for (const [name, rate] of Object.entries(classes)) {
    const group = GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'Other';
    sums.set(group, (sums.get(group) ?? 0) + rate);
  }
  return [...sums].map(([name, rate]) => ({ name, rate })).filter((g) => g.rate > 0).sort((a, b) => b.rate - a.rate);
}

// ATT&CK techniques that the labels and detectors name.
const TECHNIQUES: Record<string, string> = {
  'T1498': 'Network denial of service', 'T1498.001': 'Direct network flood', 'T1498.002': 'Reflection amplification',
  'T1499': 'Endpoint denial of service', 'T1499.001': 'OS exhaustion flood', 'T1499.002': 'Service exhaustion flood', 'T1499.003': 'Application exhaustion flood',
  'T1595': 'Active scanning', 'T1595.001': 'Scanning IP blocks', 'T1595.002': 'Vulnerability scanning', 'T1046': 'Network service discovery',
  'T1110': 'Brute force', 'T1110.001': 'Password guessing', 'T1110.003': 'Password spraying', 'T1110.004': 'Credential stuffing', 'T1078': 'Valid accounts',
  'T1071': 'Application layer protocol', 'T1071.001': 'Web protocols', 'T1095': 'Non-application layer protocol', 'T1571': 'Non-standard port', 'T1573': 'Encrypted channel',
  'T1583.005': 'Acquire infrastructure: botnet', 'T1584.005': 'Compromise infrastructure: botnet', 'T1105': 'Ingress tool transfer', 'T1190': 'Exploit public-facing application',
  'T1210': 'Exploitation of remote services', 'T1133': 'External remote services', 'T1021': 'Remote services', 'T1090': 'Proxy', 'T1496': 'Resource hijacking', 'T1590': 'Gather victim network information',
};
export const techniqueName = (id: string) => TECHNIQUES[id] ?? '';

const PORTS: Record<number, string> = {
  20: 'ftp-data', 21: 'ftp', 22: 'ssh', 23: 'telnet', 25: 'smtp', 53: 'dns', 67: 'dhcp', 69: 'tftp', 80: 'http', 110: 'pop3', 111: 'portmap', 123: 'ntp', 137: 'netbios', 139: 'netbios', 143: 'imap', 161: 'snmp',
  179: 'bgp', 389: 'ldap', 443: 'https', 445: 'smb', 465: 'smtps', 502: 'modbus', 514: 'syslog', 587: 'submission', 631: 'ipp', 636: 'ldaps', 853: 'dns over tls', 993: 'imaps', 995: 'pop3s', 1433: 'mssql', 1434: 'mssql',
  1723: 'pptp', 1883: 'mqtt', 1900: 'ssdp', 2222: 'ssh', 2323: 'telnet', 2375: 'docker', 3306: 'mysql', 3389: 'rdp', 3702: 'ws-discovery', 5060: 'sip', 5353: 'mdns', 5432: 'postgres', 5555: 'adb', 5683: 'coap', 5900: 'vnc', 6379: 'redis',
  6443: 'kubernetes', 7547: 'cwmp', 8080: 'http', 8443: 'https', 8545: 'ethereum', 9200: 'elasticsearch', 11211: 'memcached', 27015: 'steam', 27017: 'mongodb', 37215: 'huawei upnp', 37810: 'dvr', 48101: 'mirai', 52869: 'realtek upnp', 9527: 'xm camera',
};
export const portName = (port: number) => PORTS[port] ?? '';
