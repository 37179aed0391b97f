// Numbers for people: the same units and roundings as the command line (base/text.h).

// A number and its unit stay on one line.
const NBSP = '\u00a0';

function scaled(value: number, units: readonly string[]): string {
  let v = Math.abs(value), unit = 0;
  while (v >= 999.5 && unit < units.length - 1) { v /= 1000; ++unit; }
  const digits = v >= 99.95 || v === 0 || (unit === 0 && v >= 9.95) ? 0 : 1;
  const text = v.toFixed(digits);
  return `${text.endsWith('.0') ? text.slice(0, -2) : text}${NBSP}${units[unit]}`;
}

export const pps = (v: number) => scaled(v, ['pps', 'kpps', 'Mpps', 'Gpps']);
export const bps = (v: number) => scaled(v, ['b/s', 'kb/s', 'Mb/s', 'Gb/s', 'Tb/s']);
export const bytes = (v: number) => scaled(v, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
export const compact = (v: number) => scaled(v, ['', 'k', 'M', 'G']).trim();
export const count = (v: number) => Math.round(v).toLocaleString('en-US');
export const percent = (share: number) => {
  const p = share * 100;
  return `${p >= 99.95 || p === 0 ? p.toFixed(0) : p >= 10 ? p.toFixed(1) : p.toFixed(2)}${NBSP}%`;
};
export const times = (factor: number) => `×${factor >= 10 ? count(factor) : factor.toFixed(1)}`;
export const counted = (n: number, one: string, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

// "0.8 s", "5 min 44 s", "3 h 59 min", "2 d 4 h": two units at most.
export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 10) return `${s.toFixed(1).replace(/\.0$/, '')}${NBSP}s`;
  const whole = Math.floor(s);
  const steps: [number, string][] = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const first = steps.findIndex(([size]) => whole >= size);
  const [size, unit] = steps[first] ?? [1, 's'];
  const next = steps[first + 1];
  const rest = next ? Math.floor((whole % size) / next[0]) : 0;
  return `${Math.floor(whole / size)}${NBSP}${unit}${next && rest ? ` ${rest}${NBSP}${next[1]}` : ''}`;
}

// How long ago, for "data 2 s ago"; the future (a clock that is ahead) counts as now.
export const ago = (then: number, now: number) => (now - then < 1.5 ? 'now' : `${duration(Math.floor(now - then))} ago`);
