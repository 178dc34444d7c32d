/**
 * An expression has no value for a row (a cast does not fit, a whole number overflows): the row is rejected
 * with `reason`. Never leaves the engine. No stack is captured: there may be one per row.
 */
export class RowError {
  readonly reason: string;

  /** @param reason for people, without the row's values. */
  constructor(reason: string) {
    this.reason = reason;
  }
}
