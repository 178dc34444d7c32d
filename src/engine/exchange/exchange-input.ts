import { StreamctlError } from '../../base/errors.js';
import { makeVector, type RowBatch, type Schema, setValue } from '../../base/row-batch.js';
import type { CloseReason } from '../job.js';
import { everyRow, type Receiver, type Rows } from '../rows.js';
import { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { Watermarks } from '../watermarks.js';
import { BLOCK_VERSION } from './block-writer.js';

/** A step that takes groups which were aggregated elsewhere. */
export interface PartialReceiver {
  /** Reads so many groups, as BlockWriter wrote them. */
  partials(reader: StateReader, count: number, watermark: number): void;
}

/**
 * Where blocks of the first phase enter the second: keeps the watermark of their source, which is the smallest of its
 * partitions as the blocks tell it, whoever reads these partitions. State: as that of the source's own input, so that one
 * can go on from the other.
 */
export class ExchangeInput {
  readonly #schema: Schema;
  readonly #next: Receiver & Partial<PartialReceiver>;
  readonly #watermarks: Watermarks;
  readonly #epoch: number;
  #rows = 0;
  #handedOn = Number.NEGATIVE_INFINITY;

  /** @param epoch of this assignment: that partitions were silent before it says nothing of what they hold now. */
  constructor(schema: Schema, latenessMs: number, epoch: number, next: Receiver & Partial<PartialReceiver>) {
    this.#schema = schema;
    this.#epoch = epoch;
    this.#next = next;
    this.#watermarks = new Watermarks(latenessMs);
  }

  /** The watermark in force. */
  get watermark(): number {
    return this.#watermarks.merged;
  }

  /** A partition of the source counts from now on: until its first block nothing is complete. */
  assign(partition: number): void {
    this.#watermarks.assign(partition);
  }

  /** Takes a block. @throws `bad-data` */
  take(bytes: Uint8Array): void {
    const reader = new StateReader(bytes);
    if (reader.byte() !== BLOCK_VERSION) {
      throw new StreamctlError('bad-plan', 'the workers of the pipeline are of different versions of streamctl', {
        hint: 'stop them all and start the newer version',
      });
    }
    const partition = reader.count();
    const newest = reader.number();
    const silent = reader.byte() === 1;
    const idle = reader.count() === this.#epoch && silent;
    if (!idle) this.#setIdle(partition, false);
    const groups = reader.length();
    if (groups > 0) {
      this.#setIdle(partition, false);
      this.#next.partials!(reader, groups, this.#watermarks.merged);
    }
    const rows = reader.length();
    if (rows > 0) this.#takeRows(partition, rows, reader);
    this.#watermarks.reached(partition, newest);
    this.#advance('watermark');
    if (idle) this.#setIdle(partition, true);
  }

  #takeRows(partition: number, count: number, reader: StateReader): void {
    this.#rows += count;
    const times = new Float64Array(count);
    const own = new Float64Array(count);
    const offsets = new Float64Array(count);
    const vectors = this.#schema.map((column) => makeVector(column.type, count));
    for (let row = 0; row < count; row++) {
      times[row] = reader.number();
      own[row] = reader.number();
      offsets[row] = reader.number();
      for (const vector of vectors) setValue(vector, row, reader.value());
    }
    const watermarks = new Float64Array(count);
    this.#watermarks.observeOwn(partition, own, watermarks);
    const batch: RowBatch = { schema: this.#schema, length: count, vectors, partition, offsets };
    this.#next.rows({
      schema: this.#schema,
      vectors,
      selection: everyRow(count),
      selected: count,
      times,
      watermarks,
      changes: undefined,
      reason: 'update',
      windowStarts: undefined,
      windowEnds: undefined,
      origin: { source: null, batch },
    } satisfies Rows);
  }

  #setIdle(partition: number, idle: boolean): void {
    this.#watermarks.setIdle(partition, idle);
    this.#advance(idle ? 'idle' : 'watermark');
  }

  #advance(reason: CloseReason): void {
    const { merged, allIdle } = this.#watermarks;
    if (merged > this.#handedOn) {
      this.#handedOn = merged;
      this.#next.watermark(merged, reason);
    }
    if (reason === 'idle' && allIdle) this.#next.flush('idle');
  }

  /** See Job.close. */
  close(reason: 'timeout' | 'eof'): void {
    this.#next.flush(reason);
  }

  /** Writes what SourceInput writes. */
  save(writer: StateWriter): void {
    writer.count(this.#rows);
    writer.count(0);
    writer.number(this.#handedOn);
    this.#watermarks.save(writer);
  }

  /** Reads what SourceInput or {@link ExchangeInput.save} wrote. */
  load(reader: StateReader): void {
    this.#rows = Math.max(this.#rows, reader.count());
    reader.count();
    this.#handedOn = Math.max(this.#handedOn, reader.number());
    this.#watermarks.load(reader);
  }
}
