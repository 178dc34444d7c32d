import { StreamctlError } from '../../../base/errors.js';
import { type Random, seededRandom } from '../../../base/random.js';
import { type HeldRow, RowBlock } from '../../codecs/row-block.js';
import { Heap } from './row-heap.js';
import type { FileShape, RowReader } from './row-reader.js';

/** Rows that wait for their turn, all together. */
const MAX_HELD_BYTES = 128 * 1024 * 1024;
/** What holding a row costs beside its text. */
const ROW_BYTES = 200;
const READ_ROWS = 256;

/** How a replay is put out of order. */
export interface Disorder {
  /** Each row comes up to so much event time later than it should; 0 for none. */
  readonly shuffleMs: number;
  /** Share of the rows, 0 to 1, that come `lateMs` of event time later. */
  readonly lateShare: number;
  readonly lateMs: number;
  /** Share of the rows that come twice. */
  readonly dupShare: number;
  readonly seed: number;
}

interface Waiting {
  readonly row: HeldRow;
  /** Event time at which it comes. */
  readonly dueMs: number;
  readonly order: number;
}

/**
 * The rows of another reader out of order: shuffled, some late, some twice; the same each time for the same seed. A row
 * waits in memory until the file has come as far as the row's event time and its delay.
 */
export class DisorderReader implements RowReader {
  readonly shape: FileShape;
  readonly ownOrder = true;
  row = 0;
  readonly #reader: RowReader;
  readonly #disorder: Disorder;
  readonly #block = new RowBlock();
  readonly #waiting = new Heap<Waiting>((a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order));
  #random: Random;
  #order = 0;
  #heldBytes = 0;
  #latestMs = Number.NEGATIVE_INFINITY;
  #more = true;

  constructor(reader: RowReader, disorder: Disorder) {
    this.#reader = reader;
    this.#disorder = disorder;
    this.#random = seededRandom(disorder.seed);
    this.shape = reader.shape;
  }

  get sources(): readonly string[] | undefined {
    return this.#reader.sources;
  }

  get share(): number | undefined {
    return this.#reader.share;
  }

  async read(block: RowBlock, maxRows: number): Promise<boolean> {
    while (block.count < maxRows) {
      const first = this.#waiting.first;
      if (first !== undefined && (!this.#more || first.dueMs <= this.#latestMs)) {
        this.#waiting.pop();
        this.#heldBytes -= sizeOf(first.row);
        block.add(first.row);
        this.row++;
      } else if (this.#more) await this.#take();
      else return false;
    }
    return this.#more || this.#waiting.size > 0;
  }

  async rewind(): Promise<boolean> {
    if (!(await this.#reader.rewind())) return false;
    this.#random = seededRandom(this.#disorder.seed);
    this.#waiting.clear();
    this.#order = 0;
    this.#heldBytes = 0;
    this.#latestMs = Number.NEGATIVE_INFINITY;
    this.#more = true;
    this.row = 0;
    return true;
  }

  remarks(): readonly string[] {
    return this.#reader.remarks();
  }

  close(): void {
    this.#reader.close?.();
  }

  async #take(): Promise<void> {
    this.#more = await this.#reader.read(this.#block, READ_ROWS);
    for (let index = 0; index < this.#block.count; index++) this.#wait(this.#block.hold(index));
    this.#block.clear();
  }

  #wait(row: HeldRow): void {
    const { shuffleMs, lateShare, lateMs, dupShare } = this.#disorder;
    const random = this.#random;
    this.#latestMs = Math.max(this.#latestMs, row.timeMs);
    // Always as many draws a row, so that one setting does not change what another one hits.
    const [shuffle, late, twice, again] = [random.next(), random.next(), random.next(), random.next()] as const;
    const dueMs = row.timeMs + (late < lateShare ? lateMs : 0) + shuffle * shuffleMs;
    this.#push(row, dueMs);
    if (twice < dupShare) this.#push(row, dueMs + again * shuffleMs);
  }

  #push(row: HeldRow, dueMs: number): void {
    this.#waiting.push({ row, dueMs, order: this.#order++ });
    this.#heldBytes += sizeOf(row);
    if (this.#heldBytes <= MAX_HELD_BYTES) return;
    throw new StreamctlError(
      'limit-exceeded',
      `more than ${MAX_HELD_BYTES / 2 ** 20} MB of rows would wait for their turn`,
      {
        detail: `${this.#waiting.size} rows lie within --shuffle and --late of each other`,
        hint: 'make --shuffle and --late shorter',
        exit: 2,
      },
    );
  }
}

function sizeOf(row: HeldRow): number {
  return row.text.length + ROW_BYTES;
}
