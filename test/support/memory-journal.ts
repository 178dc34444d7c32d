import type { Journal, JournalEntry, JournalOwner } from '../../src/broker/journal.js';

/**
 * A journal that keeps its frames in memory, as JSON text, so that what does not survive JSON does not survive here.
 * A restart is a new journal over the same frames; `cutAt` leaves out what a crash would have lost.
 */
export class MemoryJournal implements Journal {
  readonly frames: string[];
  readonly #owners: JournalOwner[] = [];
  #durable: Promise<void> = Promise.resolve();

  constructor(frames: readonly string[] = []) {
    this.frames = [...frames];
  }

  register(owner: JournalOwner): void {
    this.#owners.push(owner);
  }

  /** Replays what was there at the start into the owners. */
  open(): void {
    for (const frame of this.frames) this.#apply(JSON.parse(frame) as JournalEntry[]);
  }

  append(...entries: readonly JournalEntry[]): Promise<void> {
    const frame = JSON.stringify(entries);
    this.frames.push(frame);
    this.#apply(JSON.parse(frame) as JournalEntry[]);
    // Durable a turn of the event loop later, like a real one.
    this.#durable = new Promise((resolve) => setImmediate(resolve));
    return this.#durable;
  }

  settled(): Promise<void> {
    return this.#durable;
  }

  /** The frames as a crash right now leaves them. */
  survivors(cutAt = this.frames.length): string[] {
    return this.frames.slice(0, cutAt);
  }

  /** The present state as one frame, as a snapshot would hold it. */
  snapshot(): string[] {
    return [JSON.stringify(this.#owners.flatMap((owner) => [...owner.snapshot()]))];
  }

  #apply(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      const owner = this.#owners.find(({ kinds }) => kinds.includes(entry.kind));
      if (!owner) throw new Error(`no owner of journal entries of kind ${entry.kind}`);
      owner.apply(entry);
    }
  }
}
