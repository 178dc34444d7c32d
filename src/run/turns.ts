/**
 * Lets one action run at a time, in the order of the calls. The loop, the group's rebalances and the checkpoints of a
 * run take turns, so that state and offsets are only touched between two batches.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `action` when everything asked for earlier is over; gives back what it gives, or its error. */
  take<T>(action: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
