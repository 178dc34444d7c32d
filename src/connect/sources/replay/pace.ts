/** How fast rows go out. */
export type Pacing =
  | { readonly kind: 'batch'; readonly pauseMs: number }
  | { readonly kind: 'rate'; readonly perSecond: number }
  | { readonly kind: 'event-time'; readonly speed: number; readonly maxGapMs: number };

/**
 * Says when things are due, in monotonic milliseconds. Free of drift: every due time follows from the one before, not
 * from when the sending was done. What falls behind by more than a step goes on from now instead of catching up in a burst.
 */
export class Pace {
  readonly #pacing: Pacing;
  #dueMs: number | undefined;
  #lastEventMs: number | undefined;

  constructor(pacing: Pacing) {
    this.#pacing = pacing;
  }

  /** Whether single rows have due times, not only lots. */
  get perRow(): boolean {
    return this.#pacing.kind !== 'batch';
  }

  /** Whether lots wait for each other. */
  get perLot(): boolean {
    return this.#pacing.kind === 'batch' && this.#pacing.pauseMs > 0;
  }

  /** When the next lot is due, given the time now. */
  lotDue(nowMs: number): number {
    if (this.#pacing.kind !== 'batch' || this.#pacing.pauseMs === 0) return nowMs;
    return this.#advance(this.#pacing.pauseMs, this.#pacing.pauseMs, nowMs);
  }

  /** The rows come once more: the first of them waits for nothing, the others for each other. */
  restart(): void {
    this.#lastEventMs = undefined;
  }

  /** When the next row is due. */
  rowDue(eventMs: number, nowMs: number): number {
    if (this.#pacing.kind === 'rate') {
      const stepMs = 1000 / this.#pacing.perSecond;
      return this.#advance(stepMs, Math.max(1000, stepMs), nowMs);
    }
    if (this.#pacing.kind !== 'event-time') return nowMs;
    const { speed, maxGapMs } = this.#pacing;
    // Rows that step back in time, or of the same time, wait for nothing.
    const gapMs = Math.max(0, eventMs - (this.#lastEventMs ?? eventMs));
    this.#lastEventMs = Math.max(this.#lastEventMs ?? eventMs, eventMs);
    return this.#advance(Math.min(gapMs / speed, maxGapMs), 1000, nowMs);
  }

  #advance(stepMs: number, toleranceMs: number, nowMs: number): number {
    const due = this.#dueMs === undefined ? nowMs : this.#dueMs + stepMs;
    this.#dueMs = due < nowMs - toleranceMs ? nowMs : due;
    return this.#dueMs;
  }
}
