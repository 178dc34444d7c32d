/** Failures in a row after which a host is left alone. */
const THRESHOLD = 10;
const FIRST_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 15 * 60_000;

/**
 * Leaves a host alone that fails again and again: after {@link THRESHOLD} failures in a row nothing is sent for a while;
 * then one request is let through, and decides whether it is the old life again or twice the pause.
 */
export class CircuitBreaker {
  #failures = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #openUntilMs: number | undefined;

  /** Until when nothing is to be sent, epoch ms; undefined when something may be. */
  openUntil(nowMs: number): number | undefined {
    return this.#openUntilMs !== undefined && nowMs < this.#openUntilMs ? this.#openUntilMs : undefined;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#openUntilMs = undefined;
  }

  failed(nowMs: number): void {
    this.#failures++;
    if (this.#failures < THRESHOLD) return;
    // The request that was let through after a pause failed as well.
    if (this.#openUntilMs !== undefined) this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2);
    this.#openUntilMs = nowMs + this.#pauseMs;
  }
}
