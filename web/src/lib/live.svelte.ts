// The live side of the page: the stream of seconds and incident changes, and the status that the verdict shows.
import { Loaded } from './load.svelte';
import { parseNeutral } from './text';
import type { Status, Tick } from './types';

const KEPT = 960; // seconds: the shortest window of the chart and a little more
const STALE_AFTER = 4; // seconds without a word from the agent

class Live {
  connection = $state<'connecting' | 'open' | 'lost'>('connecting');
  agentRunning = $state(true);
  last = $state.raw<Tick | undefined>();
  heard = $state(0); // when the last second came, by this computer's clock
  changes = $state(0); // rises with each change of an incident
  status = new Loaded<Status>();
  ticks: Tick[] = [];
  #source: EventSource | undefined;
  #timers: ReturnType<typeof setInterval>[] = [];
  #soon: ReturnType<typeof setTimeout> | undefined;

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
      if (this.connection === 'lost') this.#refreshSoon();
      this.connection = 'open';
    };
    source.onerror = () => {
      this.connection = 'lost';
      if (source.readyState === EventSource.CLOSED) this.#again(); // refused: signed out, or the server is full
    };
    source.addEventListener('second', (event) => {
      const tick = parseNeutral((event as MessageEvent<string>).data) as Tick;
      if (this.ticks.length && tick.time <= (this.ticks.at(-1)?.time ?? 0)) return;
      this.ticks.push(tick);
      if (this.ticks.length > KEPT) this.ticks.shift();
      this.heard = Date.now() / 1000;
      this.agentRunning = true;
      this.last = tick;
    });
    source.addEventListener('incident', () => { ++this.changes; this.#refreshSoon(); });
    source.addEventListener('agent', (event) => {
      this.agentRunning = (parseNeutral((event as MessageEvent<string>).data) as { running: boolean }).running;
      this.#refreshSoon();
    });
  }
  stop() {
    this.#source?.close();
    this.#source = undefined;
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#soon);
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
  // Many changes come at once when an attack begins: one question answers them.
  #refreshSoon() {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => void this.refresh(), 250);
  }
  #again() {
    this.#source?.close();
    this.#timers.push(setTimeout(() => { if (this.#source) this.start(); }, 5000));
  }
}
export const live = new Live();
