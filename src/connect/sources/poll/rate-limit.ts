import { StreamctlError } from '../../../base/errors.js';
import { parseDuration } from '../../../base/time.js';

/** At most `count` requests in any stretch of `windowMs`. */
export interface Rate {
  readonly count: number;
  readonly windowMs: number;
}

/** Bound of the requests of one window that are remembered. */
const MAX_RATE_COUNT = 100_000;

/**
 * Reads `60/m`, `10/s`, `1000/d`, `5/10s`.
 * @throws `usage`
 */
export function parseRate(text: string): Rate {
  const match = /^\s*(\d+)\s*\/\s*(\d*(?:\.\d+)?)\s*(ms|s|m|h|d|min|sec|hour|day)\s*$/.exec(text);
  const count = Number(match?.[1]);
  if (!match || count < 1 || count > MAX_RATE_COUNT) {
    throw new StreamctlError('usage', `"${text}" is not a rate`, { hint: 'write 60/m, 10/s or 5/10s' });
  }
  const unit = { min: 'm', sec: 's', hour: 'h', day: 'd' }[match[3]!] ?? match[3]!;
  const windowMs = parseDuration(`${match[2] || '1'}${unit}`);
  if (windowMs <= 0) throw new StreamctlError('usage', `"${text}" is not a rate`, { hint: 'write 60/m or 10/s' });
  return { count, windowMs };
}

/** Keeps a {@link Rate}: no stretch of the window's length ever holds more requests, wherever it begins. */
export class RateLimit {
  readonly #rate: Rate;
  /** Times of the last `count` requests, a ring. */
  readonly #sent: number[] = [];
  #next = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** When the next request may go out, epoch ms; in the past when at once. */
  readyAt(): number {
    const { count, windowMs } = this.#rate;
    return this.#sent.length < count ? Number.NEGATIVE_INFINITY : this.#sent[this.#next]! + windowMs;
  }

  /** A request goes out. */
  sent(nowMs: number): void {
    this.#sent[this.#next] = nowMs;
    this.#next = (this.#next + 1) % this.#rate.count;
  }
}
