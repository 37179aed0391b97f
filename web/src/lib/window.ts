// The chart's data: columns of a Series cut, extended by live seconds, thinned for the table; egress is drawn below zero.
import type { Column, Second, Series, Side, Tick } from './types';

export const WINDOWS: { key: string; name: string; long: string; seconds: number; step: number }[] = [
  { key: '15m', name: '15 min', long: '15 minutes', seconds: 900, step: 1 },
  { key: '1h', name: '1 h', long: 'hour', seconds: 3600, step: 10 },
  { key: '24h', name: '24 h', long: '24 hours', seconds: 86400, step: 60 },
  { key: '7d', name: '7 d', long: '7 days', seconds: 7 * 86400, step: 600 },
  { key: '90d', name: '90 d', long: '90 days', seconds: 90 * 86400, step: 7200 },
];

const COLUMNS = ['in_pps', 'in_bps', 'out_pps', 'out_bps', 'in_peak_pps', 'out_peak_pps', 'in_normal_pps', 'in_threshold_pps', 'out_normal_pps', 'out_threshold_pps', 'dropped'] as const;

// Appends the live seconds that the series does not have yet and drops what left the window. Only for a series with steps of one second.
export function extend(series: Series, ticks: Tick[], span: number): Series {
  const last = series.time.at(-1) ?? 0;
  const fresh = ticks.filter((t) => t.time > last);
  if (!fresh.length || series.step_s !== 1) return series;
  const to = fresh.at(-1)!.time, from = to - span;
  const cut = Math.max(0, series.time.findIndex((t) => t >= from));
  const next: Series = { ...series, from, to, time: series.time.slice(cut) };
  for (const name of COLUMNS) next[name] = series[name].slice(cut);
  for (const tick of fresh) {
    // A hole in the stream is a hole in the line.
    const before = next.time.at(-1);
    if (before !== undefined && tick.time - before > 2) { next.time.push(before + 1); for (const name of COLUMNS) next[name].push(null); }
    next.time.push(tick.time);
    for (const name of COLUMNS) next[name].push(tick[name]);
  }
  return next;
}

const negative = (column: Column): Column => column.map((v) => (v === null ? null : -v));

// A second of the stream as a row of a series.
export function tickOf(second: Second): Tick {
  const rates = (side: Side) => Object.fromEntries(Object.entries(side.classes).map(([name, c]) => [name, c.packets]));
  const { ingress, egress } = second;
  return {
    time: Math.floor(Date.parse(second.time) / 1000), in_pps: ingress.pps, in_bps: ingress.bps, out_pps: egress.pps, out_bps: egress.bps, in_peak_pps: ingress.pps, out_peak_pps: egress.pps,
    in_normal_pps: ingress.normal_pps || null, in_threshold_pps: ingress.threshold_pps || null, out_normal_pps: egress.normal_pps || null, out_threshold_pps: egress.threshold_pps || null,
    dropped: second.dropped, in_classes: rates(ingress), out_classes: rates(egress),
  };
}

// [time, in, out, in normal, in threshold, out normal, out threshold, in peak, out peak]: what the chart draws.
// Of a level stretch only the ends are drawn: a dashed line of a thousand points is most of what drawing costs. (undefined: no gap.)
const level = (values: Column): (number | null | undefined)[] =>
  values.map((v, i) => (v !== null && i > 0 && i + 1 < values.length && values[i - 1] === v && values[i + 1] === v ? undefined : v));
export function drawn(series: Series, unit: 'pps' | 'bps'): (number | null | undefined)[][] {
  const none: Column = series.time.map(() => null);
  if (unit === 'bps')
    return [series.time, series.in_bps, negative(series.out_bps), none, none, none, none, none, none];
  // In slices of more than a second the largest second is drawn too: a short flood must not drown in a mean.
  const peaks = series.step_s > 1 ? [series.in_peak_pps, negative(series.out_peak_pps)] : [none, none];
  return [series.time, series.in_pps, negative(series.out_pps), level(series.in_normal_pps), level(series.in_threshold_pps), level(negative(series.out_normal_pps)), level(negative(series.out_threshold_pps)), ...peaks];
}

export interface Row { from: number; seconds: number; in_pps: number; in_bps: number; out_pps: number; out_bps: number; in_peak: number; out_peak: number; dropped: number }
// The table twin: at most `most` rows, means with peaks, newest first.
export function rows(series: Series, most = 40): Row[] {
  const n = series.time.length, size = Math.max(1, Math.ceil(n / most)), out: Row[] = [];
  for (let end = n; end > 0; end -= size) {
    const begin = Math.max(0, end - size);
    const row: Row = { from: series.time[begin]!, seconds: series.time[end - 1]! - series.time[begin]! + series.step_s, in_pps: 0, in_bps: 0, out_pps: 0, out_bps: 0, in_peak: 0, out_peak: 0, dropped: 0 };
    let known = 0;
    for (let i = begin; i < end; ++i) {
      if (series.in_pps[i] === null) continue;
      ++known;
      row.in_pps += series.in_pps[i] ?? 0; row.out_pps += series.out_pps[i] ?? 0; row.in_bps += series.in_bps[i] ?? 0; row.out_bps += series.out_bps[i] ?? 0;
      row.in_peak = Math.max(row.in_peak, series.in_peak_pps[i] ?? 0); row.out_peak = Math.max(row.out_peak, series.out_peak_pps[i] ?? 0);
      row.dropped += series.dropped[i] ?? 0;
    }
    if (!known) continue;
    for (const key of ['in_pps', 'in_bps', 'out_pps', 'out_bps'] as const) row[key] /= known;
    out.push(row);
  }
  return out;
}
