// The live side of the page: the stream of seconds and incident changes, and the status that the verdict shows.
import { Loaded } from './load.svelte';
import { parseNeutral } from './text';
import { clock } from './time.svelte';
import type { Second, Status, Tick } from './types';
import { tickOf } from './window';

const KEPT = 960; // seconds: the shortest window of the chart and a little more
const STALE_AFTER = 4; // seconds without a word from the agent

class Live {
  connection = $state<'connecting' | 'open' | 'lost'>('connecting');
  agentRunning = $state(true);
  last = $state.raw<Tick | undefined>();
  heard = $state(0); // when the last second came, by this computer's clock
  opened = $state(0); // rises when an incident opens, closes or becomes another
  progress = $state(0); // rises when one changed in any way, at most every three seconds
  status = new Loaded<Status>();
  ticks: Tick[] = [];
  #source: EventSource | undefined;
  #timers: ReturnType<typeof setInterval>[] = [];
  #soon: ReturnType<typeof setTimeout> | undefined;
  #due = 0;

  // "live", or why not.
  state(now: number): 'live' | 'connecting' | 'stale' | 'stopped' | 'lost' {
    if (this.connection === 'lost') return 'lost';
    if (!this.agentRunning) return 'stopped';
    if (!this.heard) return 'connecting';
    return now - this.heard > STALE_AFTER ? 'stale' : 'live';
  }

  start() {
    this.stop();
    void this.refresh();
    this.#timers = [setInterval(() => { if (!document.hidden) void this.refresh(); }, 15_000)];
    const source = (this.#source = new EventSource('/api/v1/stream'));
    source.onopen = () => {
      if (this.connection === 'lost') this.#refreshSoon(250);
      this.connection = 'open';
    };
    source.onerror = () => {
      this.connection = 'lost';
      if (source.readyState === EventSource.CLOSED) this.#again(); // refused: signed out, or the server is full
    };
    source.addEventListener('second', (event) => {
      const tick = tickOf(parseNeutral((event as MessageEvent<string>).data) as Second);
      if (this.ticks.length && tick.time <= (this.ticks.at(-1)?.time ?? 0)) return;
      this.ticks.push(tick);
      if (this.ticks.length > KEPT) this.ticks.shift();
      clock.tick();
      this.heard = clock.now;
      this.agentRunning = true;
      this.last = tick;
    });
    source.addEventListener('incident', (event) => {
      const change = parseNeutral((event as MessageEvent<string>).data) as { change: string };
      if (change.change !== 'progress') { ++this.opened; this.#refreshSoon(250); }
      else this.#refreshSoon(3000);
    });
    // Something was missed: everything is asked for anew.
    source.addEventListener('reset', () => { ++this.opened; this.#refreshSoon(250); });
    source.addEventListener('agent', (event) => {
      this.agentRunning = (parseNeutral((event as MessageEvent<string>).data) as { running: boolean }).running;
      this.#refreshSoon(250);
    });
  }
  stop() {
    this.#source?.close();
    this.#source = undefined;
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.status.stop();
    this.ticks = [];
    this.last = undefined;
    this.heard = 0;
    this.connection = 'connecting';
  }
  async refresh() {
    await this.status.load('status');
    if (this.status.value) this.agentRunning = this.status.value.agent.running;
  }
  // Many changes come at once when an attack begins: one question answers them. What is urgent does not wait for what is not.
  #refreshSoon(ms: number) {
    const due = Date.now() + ms;
    if (this.#soon !== undefined && this.#due <= due) return;
    clearTimeout(this.#soon);
    this.#due = due;
    this.#soon = setTimeout(() => { this.#soon = undefined; ++this.progress; void this.refresh(); }, ms);
  }
  #again() {
    this.#source?.close();
    this.#timers.push(setTimeout(() => { if (this.#source) this.start(); }, 5000));
  }
}
export const live = new Live();
