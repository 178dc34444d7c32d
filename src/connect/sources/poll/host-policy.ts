import { CircuitBreaker } from './circuit-breaker.js';
import type { WaitReason } from './interfaces.js';
import { type Rate, RateLimit } from './rate-limit.js';

/** First pause after a 429 that does not say how long; doubled with each further one. */
const FIRST_THROTTLE_MS = 30_000;
const MAX_THROTTLE_MS = 15 * 60_000;

/** What one host may be asked, and when: its rate limit, the pauses it asked for, its circuit. */
export class HostPolicy {
  readonly #limit: RateLimit | undefined;
  readonly circuit = new CircuitBreaker();
  #heldUntilMs = Number.NEGATIVE_INFINITY;
  #throttled = 0;

  constructor(rate: Rate | undefined) {
    this.#limit = rate && new RateLimit(rate);
  }

  /** Epoch ms until which the host asked to be left alone; in the past for none. */
  get heldUntilMs(): number {
    return this.#heldUntilMs;
  }

  /** What has to be waited for before the next request; undefined for nothing. */
  waitFor(nowMs: number): { readonly untilMs: number; readonly why: WaitReason } | undefined {
    if (nowMs < this.#heldUntilMs) return { untilMs: this.#heldUntilMs, why: 'hold' };
    const readyMs = this.#limit?.readyAt() ?? nowMs;
    return nowMs < readyMs ? { untilMs: readyMs, why: 'rate' } : undefined;
  }

  sent(nowMs: number): void {
    this.#limit?.sent(nowMs);
  }

  /** Nothing is sent before `untilMs`. */
  hold(untilMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
  }

  /** A 429: stays away for `delayMs`, or, where nothing was said, for a growing while. */
  throttled(nowMs: number, delayMs: number | undefined): void {
    const ownMs = Math.min(MAX_THROTTLE_MS, FIRST_THROTTLE_MS * 2 ** this.#throttled);
    this.#throttled++;
    this.hold(nowMs + (delayMs ?? ownMs));
  }

  succeeded(): void {
    this.#throttled = 0;
    this.circuit.succeeded();
  }
}
