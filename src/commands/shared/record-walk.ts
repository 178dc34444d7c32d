import type { Compression } from '../../base/codec-interfaces.js';
import type { FetchedRecords } from '../../connect/kafka/interfaces.js';
import {
  type BatchHeader,
  compressionOf,
  isControl,
  isTransactional,
  nextOffset,
  readCompleteBatches,
  recordSection,
} from '../../wire/record-batch.js';
import { controlTypeOf, RecordCursor } from '../../wire/record-cursor.js';

/** Bound of one inflated batch. */
const MAX_BATCH_BYTES = 256 * 1024 * 1024;

/** Called with the cursor on a record; false ends the walk after it. */
export type RecordVisitor = (cursor: RecordCursor, batch: BatchHeader) => boolean;

/**
 * Walks over the records of one answer in order: those that were asked for, without markers and without what aborted
 * transactions left.
 * @param toOffset exclusive.
 * @returns the offset to go on from.
 * @throws `bad-data`, `malformed-frame` for damaged batches.
 */
export async function walkRecords(
  fetched: FetchedRecords,
  toOffset: number,
  compression: Compression,
  visit: RecordVisitor,
): Promise<number> {
  const cursor = new RecordCursor();
  const aborted = new AbortedTransactions(fetched.aborted);
  let position = fetched.fromOffset;
  for (const batch of readCompleteBatches(fetched.records)) {
    if (batch.baseOffset >= toOffset) return Math.max(position, toOffset);
    const codec = compressionOf(batch);
    if (codec !== 'none') await compression.prepare(codec);
    if (isControl(batch)) {
      aborted.marker(batch, fetched.records, compression, cursor);
    } else if (!aborted.covers(batch)) {
      cursor.open(batch, recordSection(fetched.records, batch, compression, MAX_BATCH_BYTES));
      while (cursor.next()) {
        if (cursor.offset < fetched.fromOffset) continue;
        if (cursor.offset >= toOffset) return toOffset;
        position = cursor.offset + 1;
        if (!visit(cursor, batch)) return position;
      }
    }
    position = Math.max(position, nextOffset(batch));
  }
  return Math.max(position, fetched.nextOffset);
}

/** Which producers' open transactions will turn out to be aborted. @see KIP-98 */
class AbortedTransactions {
  readonly #pending: { readonly producerId: number; readonly firstOffset: number }[];
  readonly #active = new Set<number>();

  constructor(aborted: FetchedRecords['aborted']) {
    this.#pending = aborted
      .map(({ producerId, firstOffset }) => ({ producerId: Number(producerId), firstOffset }))
      .sort((a, b) => a.firstOffset - b.firstOffset);
  }

  covers(batch: BatchHeader): boolean {
    while (this.#pending.length > 0 && this.#pending[0]!.firstOffset < nextOffset(batch)) {
      this.#active.add(this.#pending.shift()!.producerId);
    }
    return isTransactional(batch) && this.#active.has(batch.producerId);
  }

  marker(batch: BatchHeader, bytes: Uint8Array, compression: Compression, cursor: RecordCursor): void {
    if (!this.#active.has(batch.producerId)) return;
    cursor.open(batch, recordSection(bytes, batch, compression, MAX_BATCH_BYTES));
    if (cursor.next() && controlTypeOf(cursor) === 'abort') this.#active.delete(batch.producerId);
  }
}
