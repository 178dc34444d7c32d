import type { Value } from '../../base/row-batch.js';

/** An open session: rows of one key from `start` on, until `end` without another. `end` is the last row's time plus the gap. */
export interface Session {
  start: number;
  end: number;
  readonly key: readonly Value[];
  slot: number;
  /** False once it was merged into another one or has fired. */
  open: boolean;
}

interface Entry {
  readonly end: number;
  readonly session: Session;
}

/** Open sessions by their end: a binary heap in which each session stands once, at an end that it had when it was put there. */
export class SessionQueue {
  readonly #heap: Entry[] = [];

  /** Puts a session in. */
  push(session: Session): void {
    const heap = this.#heap;
    const entry = { end: session.end, session };
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.end <= entry.end) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  /** The next session that ends at most 1 ms after `ms`, taken out; undefined when there is none. */
  pop(ms: number): Session | undefined {
    while (this.#heap.length > 0 && this.#heap[0]!.end - 1 <= ms) {
      const { session } = this.#removeFirst();
      if (!session.open) continue;
      if (session.end - 1 <= ms) return session;
      // It has grown since it was put in.
      this.push(session);
    }
    return undefined;
  }

  /** Every open session, in no order. */
  *open(): Iterable<Session> {
    for (const { session } of this.#heap) if (session.open) yield session;
  }

  #removeFirst(): Entry {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && heap[child + 1]!.end < heap[child]!.end) child++;
        if (heap[child]!.end >= last.end) break;
        heap[at] = heap[child]!;
        at = child;
      }
      heap[at] = last;
    }
    return first;
  }
}
