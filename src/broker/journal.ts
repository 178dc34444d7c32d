import type { JsonValue } from '../base/row-batch.js';

/**
 * One change of the broker's metadata. `kind` names its owner's applier; all other fields are plain JSON:
 * 64-bit numbers travel as decimal strings, bytes as base64.
 */
export interface JournalEntry {
  readonly kind: string;
  readonly [field: string]: JsonValue;
}

/**
 * A part of the broker whose state is the result of its journal entries and of nothing else.
 * One owner per kind of entry.
 */
export interface JournalOwner {
  /** The kinds of entries this owner applies. */
  readonly kinds: readonly string[];
  /**
   * Changes the owner's memory. Called in journal order, once per entry: at start for every entry replayed, later
   * from inside {@link Journal.append}, before it returns. Must not fail, append or read a clock: replay and live
   * run have to give the same state.
   */
  apply(entry: JournalEntry): void;
  /** Entries that give the present state when they are applied to a new owner. Taken synchronously. */
  snapshot(): Iterable<JournalEntry>;
}

/**
 * The broker's one metadata log: topics, configs, group offsets, producer ids, transactions.
 *
 * A handler checks its request against the owner's memory, then appends; the entries are applied at once (so that the
 * next request is checked against them), the response leaves after the promise resolved. What another handler read in
 * between may not be durable yet: where that matters (offsets, transactions) it awaits {@link Journal.settled} before
 * it answers.
 */
export interface Journal {
  /** Adds an owner. Only before the broker opens the journal. */
  register(owner: JournalOwner): void;
  /**
   * Applies and writes entries; they are one frame: after a crash all of them are there or none.
   * @returns a promise that resolves when they are durable under the broker's sync policy (group commit).
   * It never rejects: a failed write or sync is the end of the broker.
   */
  append(...entries: readonly JournalEntry[]): Promise<void>;
  /** Resolves when everything appended so far is durable. */
  settled(): Promise<void>;
}
