import type { Acknowledged } from '../../kafka/interfaces.js';
import type { WrittenRange } from './interfaces.js';

interface Range {
  firstOffset: number;
  lastOffset: number;
  records: number;
}

/** Adds up what was acknowledged, per partition. */
export class WrittenRanges {
  /** Of all partitions. */
  records = 0;
  readonly #ranges = new Map<number, Range>();

  add({ partition, baseOffset, count }: Acknowledged): void {
    this.records += count;
    let range = this.#ranges.get(partition);
    if (!range) {
      range = { firstOffset: baseOffset, lastOffset: baseOffset, records: 0 };
      this.#ranges.set(partition, range);
    }
    range.records += count;
    range.lastOffset = Math.max(range.lastOffset, baseOffset + count - 1);
  }

  /** By partition number. */
  list(): WrittenRange[] {
    const list = [...this.#ranges].map(([partition, range]) => ({ partition, ...range }));
    return list.sort((a, b) => a.partition - b.partition);
  }
}
