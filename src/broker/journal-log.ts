import { assert } from '../base/assert.js';
import { fromUtf8, utf8 } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import { FramedLog, type FramedLogOptions } from '../storage/framed-log.js';
import type { Journal, JournalEntry, JournalOwner } from './journal.js';

/** Characters of entries of a snapshot that share one frame; a larger entry has one for itself. */
const SNAPSHOT_FRAME_CHARACTERS = 1 << 20;

/** A cut made while opening the journal. */
export type JournalRepair = FramedLog['repairs'][number];

/** {@link Journal} over a framed log of JSON. */
export class JournalLog implements Journal {
  readonly #owners: JournalOwner[] = [];
  readonly #byKind = new Map<string, JournalOwner>();
  #log: FramedLog | undefined;

  register(owner: JournalOwner): void {
    assert(!this.#log, 'owners are registered before the journal is opened');
    this.#owners.push(owner);
    for (const kind of owner.kinds) {
      assert(!this.#byKind.has(kind), `one owner for entries of kind ${kind}`);
      this.#byKind.set(kind, owner);
    }
  }

  /**
   * Reads the log and applies every entry.
   * @returns what had to be cut off.
   * @throws `log-corrupt` `disk-failed`
   */
  open(options: FramedLogOptions): readonly JournalRepair[] {
    const log = new FramedLog(options, (payload) => {
      for (const entry of JSON.parse(fromUtf8(payload)) as JournalEntry[]) this.#apply(entry);
    });
    this.#log = log;
    return log.repairs;
  }

  append(...entries: readonly JournalEntry[]): Promise<void> {
    const log = this.#open();
    if (entries.length === 0) return log.durable();
    log.append(utf8(JSON.stringify(entries)));
    for (const entry of entries) this.#apply(entry);
    const durable = log.durable();
    if (log.wantsSnapshot) this.#replace(log);
    return durable;
  }

  settled(): Promise<void> {
    return this.#open().durable();
  }

  /** Syncs and closes the log. */
  async close(): Promise<void> {
    await this.#log?.close();
    this.#log = undefined;
  }

  /** Closes the log as it is: the broker is dead. */
  abandon(): void {
    this.#log?.abandon();
    this.#log = undefined;
  }

  #replace(log: FramedLog): void {
    try {
      log.snapshot(this.#snapshot());
    } catch (error) {
      // The entries are safe in the old log, which goes on growing until a later attempt succeeds.
      if (!(error instanceof StreamctlError) || error.code !== 'disk-failed') throw error;
    }
  }

  #open(): FramedLog {
    if (this.#log) return this.#log;
    throw new StreamctlError('internal', 'the journal is not open');
  }

  #apply(entry: JournalEntry): void {
    const owner = this.#byKind.get(entry.kind);
    if (!owner) {
      throw new StreamctlError('log-corrupt', `the journal has entries of the unknown kind "${entry.kind}"`, {
        hint: 'the data folder was written by a newer streamctl: use that one',
      });
    }
    owner.apply(entry);
  }

  *#snapshot(): Iterable<Uint8Array> {
    let frame: string[] = [];
    let characters = 0;
    for (const owner of this.#owners) {
      for (const entry of owner.snapshot()) {
        const text = JSON.stringify(entry);
        if (frame.length > 0 && characters + text.length > SNAPSHOT_FRAME_CHARACTERS) {
          yield utf8(`[${frame.join()}]`);
          frame = [];
          characters = 0;
        }
        frame.push(text);
        characters += text.length;
      }
    }
    if (frame.length > 0) yield utf8(`[${frame.join()}]`);
  }
}
