import type { GroupStore } from '../state/group-store.js';
import { StateWriter } from '../state/state-writer.js';

/** First byte of a block: its layout. */
export const BLOCK_VERSION = 1;
/** A share that has gathered so many bytes is closed into a block: well below the megabyte that a broker takes. */
const BLOCK_BYTES = 256 * 1024;

/** A block that is full before the partition's rows were all looked at says nothing of its watermark. */
const NOT_YET = { newest: Number.NEGATIVE_INFINITY, idle: false, epoch: 0 } as const;

/** Rows and partial aggregates of one partition for one share of a step of the second phase. */
export interface Block {
  /** Name of the exchange. */
  readonly exchange: string;
  /** Share whose keys it holds: the partition of the exchange's topic. */
  readonly share: number;
  readonly bytes: Uint8Array;
}

/** How far a partition has come. */
export interface Reached {
  readonly partition: number;
  /** Largest event time of its rows, -Infinity before the first. */
  readonly newest: number;
  readonly idle: boolean;
  /** Number of the assignment in which it is read. */
  readonly epoch: number;
}

/** What a group brings along beside its key and states. */
export interface SentGroup {
  /** Begin of its slice of time. */
  readonly start: number;
  /** Number of rows that it was made of. */
  readonly rows: number;
  /** Largest event time of all rows that are sent with it. */
  readonly newest: number;
}

interface Section {
  count: number;
  readonly writer: StateWriter;
}

/** Gathers what goes through one exchange, share by share, until it is taken. */
export class BlockWriter {
  readonly shares: number;
  readonly #exchange: string;
  readonly #groups: Section[];
  readonly #rows: Section[];
  #partition = 0;
  #closed: Block[] = [];

  constructor(exchange: string, shares: number) {
    this.#exchange = exchange;
    this.shares = shares;
    this.#groups = Array.from({ length: shares }, fresh);
    this.#rows = Array.from({ length: shares }, fresh);
  }

  /** A group of one slice. */
  group(share: number, { start, rows, newest }: SentGroup, store: GroupStore, slot: number): void {
    const section = this.#groups[share]!;
    section.count++;
    section.writer.number(start);
    section.writer.count(rows);
    section.writer.number(newest);
    store.save(slot, section.writer);
    if (section.writer.length >= BLOCK_BYTES) this.#close(share, NOT_YET);
  }

  /** Where a row's values are to be written, one after the other. @param own watermark of its partition before it. */
  row(share: number, time: number, own: number, offset: number, partition: number): StateWriter {
    this.#partition = partition;
    if (this.#rows[share]!.writer.length >= BLOCK_BYTES) this.#close(share, NOT_YET);
    const section = this.#rows[share]!;
    section.count++;
    section.writer.number(time);
    section.writer.number(own);
    section.writer.number(offset);
    return section.writer;
  }

  /** Rows that wait. */
  get rowCount(): number {
    return this.#rows.reduce((sum, { count }) => sum + count, 0);
  }

  /** Everything gathered; every share learns how far the partition has come. */
  take(reached: Reached): Block[] {
    this.#partition = reached.partition;
    for (let share = 0; share < this.shares; share++) this.#close(share, reached);
    const taken = this.#closed;
    this.#closed = [];
    return taken;
  }

  /** Partial aggregates come first in a block: no row in it was taken later than what they hold. */
  #close(share: number, { newest, idle, epoch }: Omit<Reached, 'partition'>): void {
    const writer = new StateWriter();
    writer.byte(BLOCK_VERSION);
    writer.count(this.#partition);
    writer.number(newest);
    writer.byte(idle ? 1 : 0);
    writer.count(epoch);
    for (const section of [this.#groups[share]!, this.#rows[share]!]) {
      writer.count(section.count);
      writer.raw(section.writer.finish());
    }
    this.#groups[share] = fresh();
    this.#rows[share] = fresh();
    this.#closed.push({ exchange: this.#exchange, share, bytes: writer.finish() });
  }
}

function fresh(): Section {
  return { count: 0, writer: new StateWriter() };
}
