import type { Random } from '../../../base/random.js';
import type { Cron } from './cron.js';

/** When rounds are due. `jitter` is a share of `everyMs`: each round is moved by up to so much, either way. */
export type Schedule =
  | { readonly kind: 'once' }
  | { readonly kind: 'every'; readonly everyMs: number; readonly jitter: number }
  | { readonly kind: 'cron'; readonly cron: Cron };

/** Says when rounds are due. An interval keeps its beat: what a slow round missed is left out, nothing drifts. */
export class Ticker {
  readonly #schedule: Schedule;
  readonly #random: Random;
  #startMs = 0;
  #beat = 0;

  constructor(schedule: Schedule, random: Random) {
    this.#schedule = schedule;
    this.#random = random;
  }

  /** Epoch ms of the first round. */
  first(nowMs: number): number {
    this.#startMs = nowMs;
    // Somebody waits for the first answer: only a calendar may delay it.
    return this.#schedule.kind === 'cron' ? this.#schedule.cron.next(nowMs - 1) : nowMs;
  }

  /** Epoch ms of the round after the one that is over at `nowMs`; undefined when there is none. */
  after(nowMs: number): number | undefined {
    const schedule = this.#schedule;
    if (schedule.kind === 'once') return undefined;
    if (schedule.kind === 'cron') return schedule.cron.next(nowMs);
    const { everyMs, jitter } = schedule;
    this.#beat = Math.max(this.#beat + 1, Math.ceil((nowMs - this.#startMs) / everyMs));
    const moved = jitter === 0 ? 0 : (this.#random.next() * 2 - 1) * jitter * everyMs;
    return Math.max(nowMs, Math.round(this.#startMs + this.#beat * everyMs + moved));
  }
}
