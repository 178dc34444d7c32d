import type { Random } from '../../base/random.js';

/** Waiting times between tries: doubling from `baseMs` to `maxMs`, each shortened by up to a half at random. */
export class Backoff {
  readonly #baseMs: number;
  readonly #maxMs: number;
  readonly #random: Random;
  #failures = 0;

  constructor(baseMs: number, maxMs: number, random: Random) {
    this.#baseMs = baseMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** Tries that failed in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** The next waiting time in milliseconds. */
  nextMs(): number {
    const full = Math.min(this.#maxMs, this.#baseMs * 2 ** Math.min(this.#failures++, 20));
    return full * (0.5 + this.#random.next() / 2);
  }

  /** Begins anew after a success. */
  reset(): void {
    this.#failures = 0;
  }
}
