import type { Clock, Timer } from '../../src/base/time.js';

interface Alarm {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** A clock that moves only when a test says so. Timers fire in the order of their time, then of their making. */
export class SimClock implements Clock {
  #nowMs: number;
  readonly #startMs: number;
  #made = 0;
  readonly #alarms = new Set<Alarm>();

  /** @param startMs wall time at the start, milliseconds since the epoch. */
  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  now(): number {
    return Math.floor(this.#nowMs);
  }

  elapsed(): number {
    return this.#nowMs - this.#startMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const alarm: Alarm = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#made++, action };
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const stop = (): void => {
        timer.cancel();
        resolve();
      };
      const timer = this.after(delayMs, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Timers that have not fired yet. */
  pending(): number {
    return this.#alarms.size;
  }

  /** Moves time on by `ms`, firing what falls due; promises that timers resolve do not run in between. */
  jump(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) this.#fire(next);
    this.#nowMs = endMs;
  }

  /** Moves time on by `ms`, firing what falls due and letting the program settle before and after each timer. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#fire(next);
      await settle();
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.atMs > endMs) continue;
      if (!first || alarm.atMs < first.atMs || (alarm.atMs === first.atMs && alarm.order < first.order)) first = alarm;
    }
    return first;
  }

  #fire(alarm: Alarm): void {
    this.#alarms.delete(alarm);
    this.#nowMs = Math.max(this.#nowMs, alarm.atMs);
    alarm.action();
  }
}

/** Lets every promise that can go on do so, without any time passing. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
