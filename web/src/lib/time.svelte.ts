// Times for people: local with its zone, or UTC; one switch for the whole page. And the page's own clock, which ticks once a second.
const saved = (() => { try { return localStorage.getItem('zone'); } catch { return null; } })();

class Clock {
  utc = $state(saved === 'utc');
  now = $state(Date.now() / 1000); // seconds since 1970
  constructor() {
    // Not while seconds come from the agent: they tick, and the page is drawn once a second instead of twice.
    setInterval(() => { if (!document.hidden && Date.now() / 1000 - this.now > 1.2) this.tick(); }, 250);
    document.addEventListener('visibilitychange', () => this.tick());
  }
  tick() { this.now = Date.now() / 1000; }
  toggle() {
    this.utc = !this.utc;
    try { localStorage.setItem('zone', this.utc ? 'utc' : 'local'); } catch { /* private windows keep nothing */ }
  }
}
export const clock = new Clock();

const two = (n: number) => String(n).padStart(2, '0');

// A shifted date whose UTC parts are the wanted wall-clock time.
function wall(seconds: number, utc: boolean): Date {
  const d = new Date(seconds * 1000);
  return utc ? d : new Date(d.getTime() - d.getTimezoneOffset() * 60_000);
}
export function zone(seconds = clock.now): string {
  if (clock.utc) return 'UTC';
  const offset = -new Date(seconds * 1000).getTimezoneOffset();
  if (offset === 0) return 'UTC';
  const a = Math.abs(offset);
  return `UTC${offset < 0 ? '−' : '+'}${Math.floor(a / 60)}${a % 60 ? `:${two(a % 60)}` : ''}`;
}
export function day(seconds: number): string {
  const d = wall(seconds, clock.utc);
  return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
}
export function time(seconds: number, withSeconds = true): string {
  const d = wall(seconds, clock.utc);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}${withSeconds ? `:${two(d.getUTCSeconds())}` : ''}`;
}
// Only as much as is needed: the time of today, otherwise with the day.
export const stamp = (seconds: number) => (day(seconds) === day(clock.now) ? time(seconds) : `${day(seconds)} ${time(seconds)}`);
export const full = (seconds: number) => `${day(seconds)} ${time(seconds)} ${zone(seconds)}`;
export const hourOf = (seconds: number) => wall(seconds, clock.utc).getUTCHours();
// RFC 3339 with any number of fraction digits -> seconds; null stays null.
export const seconds = (rfc3339: string) => Date.parse(rfc3339) / 1000;
