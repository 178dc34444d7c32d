import type { FileSystem } from '../../../base/files.js';
import { RowBlock } from '../../codecs/row-block.js';
import { Heap } from './row-heap.js';
import type { FileShape, RowReader } from './row-reader.js';
import { type SortRun, SortSpill } from './sort-spill.js';

/** Texts that are sorted in memory at a time. */
const RUN_BYTES = 32 * 1024 * 1024;
const READ_ROWS = 1000;

interface Head {
  readonly run: SortRun;
  readonly order: number;
}

/**
 * The rows of another reader by event time; rows of the same time keep their order. What does not fit into memory is
 * sorted in runs in a temporary file and merged: memory is bounded by one run and a small buffer for each of them.
 */
export class SortedReader implements RowReader {
  readonly shape: FileShape;
  readonly ownOrder = true;
  row = 0;
  readonly #reader: RowReader;
  readonly #files: FileSystem;
  readonly #runBytes: number;
  #spill: SortSpill | undefined;
  readonly #heads = new Heap<Head>((a, b) => {
    const difference = a.run.row!.timeMs - b.run.row!.timeMs;
    return difference < 0 || (difference === 0 && a.order < b.order);
  });
  #held = new RowBlock();
  #order: Int32Array | undefined;
  #at = 0;
  /** Rows in all, once they are sorted. */
  #total = 0;

  /** @param runBytes what is sorted in memory at a time. */
  constructor(reader: RowReader, files: FileSystem, runBytes = RUN_BYTES) {
    this.#reader = reader;
    this.#files = files;
    this.#runBytes = runBytes;
    this.shape = reader.shape;
  }

  get sources(): readonly string[] | undefined {
    return this.#reader.sources;
  }

  /** How much of the sorted rows was given out. */
  get share(): number {
    return this.#total === 0 ? 0 : this.row / this.#total;
  }

  async read(block: RowBlock, maxRows: number): Promise<boolean> {
    if (!this.#order) await this.#sort();
    return this.#spill ? this.#readRuns(block, maxRows) : this.#readHeld(block, maxRows);
  }

  async rewind(): Promise<boolean> {
    if (!(await this.#reader.rewind())) return false;
    this.#closeSpill();
    this.#heads.clear();
    this.#held = new RowBlock();
    this.#order = undefined;
    this.#at = 0;
    this.#total = 0;
    this.row = 0;
    return true;
  }

  remarks(): readonly string[] {
    return this.#reader.remarks();
  }

  close(): void {
    this.#closeSpill();
    this.#reader.close?.();
  }

  #closeSpill(): void {
    this.#spill?.close();
    this.#spill = undefined;
  }

  /** Reads all rows. What remains in memory is in `#held`, in the order of `#order`. */
  async #sort(): Promise<void> {
    const held = this.#held;
    for (let more = true; more; ) {
      more = await this.#reader.read(held, held.count + READ_ROWS);
      if (held.used + held.keyUsed < this.#runBytes) continue;
      this.#total += held.count;
      this.#spill ??= new SortSpill(this.#files);
      this.#spill.add(held, timeOrder(held));
      held.clear();
    }
    this.#total += held.count;
    this.#order = timeOrder(held);
    if (!this.#spill) return;
    if (held.count > 0) this.#spill.add(held, this.#order);
    this.#held = new RowBlock();
    for (const [order, run] of this.#spill.runs().entries()) if (run.next()) this.#heads.push({ run, order });
  }

  #readHeld(block: RowBlock, maxRows: number): boolean {
    const order = this.#order!;
    for (; block.count < maxRows && this.#at < order.length; this.#at++) {
      block.add(this.#held.hold(order[this.#at]!));
      this.row++;
    }
    return this.#at < order.length;
  }

  #readRuns(block: RowBlock, maxRows: number): boolean {
    while (block.count < maxRows) {
      const head = this.#heads.first;
      if (!head) return false;
      block.add(head.run.row!);
      this.row++;
      if (head.run.next()) this.#heads.replace(head);
      else this.#heads.pop();
    }
    return this.#heads.size > 0;
  }
}

/** The rows of a block by time, those of the same time as they stand. */
function timeOrder({ count, times }: RowBlock): Int32Array {
  const order = new Int32Array(count);
  for (let index = 0; index < count; index++) order[index] = index;
  return order.sort((a, b) => times[a]! - times[b]! || a - b);
}
