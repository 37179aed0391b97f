// One question to the server and its states: loading, there, failed. A newer question makes an older answer worthless.
import { Failure, get } from './api';

export class Loaded<T> {
  value = $state.raw<T | undefined>();
  failure = $state<Failure | undefined>();
  loading = $state(false);
  at = $state(0); // when the value came, seconds since 1970
  #abort: AbortController | undefined;

  async load(path: string): Promise<void> {
    this.#abort?.abort();
    const mine = (this.#abort = new AbortController());
    this.loading = true;
    try {
      const value = await get<T>(path, mine.signal);
      if (mine !== this.#abort) return;
      this.value = value;
      this.failure = undefined;
      this.at = Date.now() / 1000;
    } catch (error) {
      if (mine !== this.#abort || (error as Error).name === 'AbortError') return;
      this.failure = error instanceof Failure ? error : new Failure(0, String(error));
    } finally {
      if (mine === this.#abort) this.loading = false;
    }
  }
  stop() { this.#abort?.abort(); }
}
