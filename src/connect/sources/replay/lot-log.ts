import { utf8 } from '../../../base/bytes.js';
import { isoText } from '../../../base/time.js';
import type { RowBlock } from '../../codecs/row-block.js';
import type { RecordProducer } from '../../kafka/producer.js';

/** What a lot's closing record tells. */
export interface ClosedLot {
  readonly lot: number;
  readonly source: string;
  readonly topic: string;
  readonly rows: number;
  readonly firstRow: number;
  readonly lastRow: number;
  /** Bytes of the values, a line feed behind each, as they went into the SHA-256. */
  readonly bytes: number;
  readonly sha256: string;
}

interface OpenLot {
  readonly lot: ClosedLot;
  /** Tag of the last record per partition that got records of the lot. */
  readonly lastTags: ReadonlyMap<number, number>;
}

/**
 * Writes the closing record of each lot to the lots topic once all its records are acknowledged, in order. What waits is
 * bounded by the producer's buffer: a lot waits only while records of it do.
 */
export class LotLog {
  readonly #producer: RecordProducer;
  readonly #lotsTopic: string;
  readonly #nowMs: () => number;
  readonly #acknowledged = new Map<number, number>();
  readonly #open: OpenLot[] = [];
  #head = 0;
  /** Many lots are closed within a millisecond. */
  #closedAtMs = -1;
  #closedAt = '';
  /** The source of the lot closed last: as a rule that of the next. */
  #source = '';
  #sourceBytes = utf8('');
  /** Lots closed so far. */
  closed = 0;
  /** Last row of the lot closed last, 0 before the first. */
  lastRow = 0;

  constructor(producer: RecordProducer, lotsTopic: string, nowMs: () => number) {
    this.#producer = producer;
    this.#lotsTopic = lotsTopic;
    this.#nowMs = nowMs;
  }

  /** A lot whose records were all appended; `lastTags` is empty when all of them were there before. */
  add(lot: ClosedLot, lastTags: ReadonlyMap<number, number>): void {
    this.#open.push({ lot, lastTags });
    this.#release();
  }

  /** Records of `partition` up to `tag` are acknowledged. */
  acknowledged(partition: number, tag: number): void {
    this.#acknowledged.set(partition, tag);
    this.#release();
  }

  #release(): void {
    while (this.#head < this.#open.length && this.#isDone(this.#open[this.#head]!)) {
      this.#close(this.#open[this.#head]!);
      this.#head++;
    }
    // Cut off now and then: taking the first one out each time would move all others.
    if (this.#head <= 1024) return;
    this.#open.splice(0, this.#head);
    this.#head = 0;
  }

  #isDone({ lastTags }: OpenLot): boolean {
    for (const [partition, tag] of lastTags) if ((this.#acknowledged.get(partition) ?? -1) < tag) return false;
    return true;
  }

  #close({ lot }: OpenLot): void {
    this.closed++;
    this.lastRow = lot.lastRow;
    const nowMs = this.#nowMs();
    if (nowMs !== this.#closedAtMs) {
      this.#closedAtMs = nowMs;
      this.#closedAt = isoText(nowMs);
    }
    if (lot.source !== this.#source) {
      this.#source = lot.source;
      this.#sourceBytes = utf8(lot.source);
    }
    // All that a lot says, with the time behind it. Keyed by source: all lots of a source stand in one partition, in order.
    const text = `${JSON.stringify(lot).slice(0, -1)},"closedAt":"${this.#closedAt}"}`;
    this.#producer.append(this.#lotsTopic, undefined, this.#sourceBytes, utf8(text), undefined, nowMs);
  }
}

/** Numbers of a lot's first and last row in the file, whatever order they are sent in. */
export function rowRange({ rows, count }: RowBlock): { firstRow: number; lastRow: number } {
  let [firstRow, lastRow] = [rows[0]!, rows[0]!];
  for (let index = 1; index < count; index++) {
    firstRow = Math.min(firstRow, rows[index]!);
    lastRow = Math.max(lastRow, rows[index]!);
  }
  return { firstRow, lastRow };
}
