import { utf8 } from '../base/bytes.js';
import type { Compression } from '../base/codec-interfaces.js';
import type { RowBatch } from '../base/row-batch.js';
import type { RejectedRecord } from '../connect/codecs/interfaces.js';
import { JsonRowEncoder } from '../connect/codecs/json-encoder.js';
import type { Producer } from '../connect/kafka/contracts.js';
import type { FetchedRecords } from '../connect/kafka/interfaces.js';
import type { LateOutput, RejectedOutput } from '../engine/job.js';
import type { InternalTopics } from './internal-topics.js';
import { type OriginalRecord, originalRecords } from './original-records.js';

/** Headers of what is set aside: why, and which record it was. */
export const SIDE_HEADERS = {
  reason: 'streamctl-reason',
  topic: 'streamctl-topic',
  partition: 'streamctl-partition',
  offset: 'streamctl-offset',
  step: 'streamctl-step',
} as const;

/** Which record a row that is set aside came from. */
interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * Sets aside what cannot be part of a result: records and rows that were rejected go to the dead letters, late rows to
 * their own topic, each with the bytes of the record it came from.
 */
export class SideOutputs {
  readonly #topics: InternalTopics;
  readonly #producer: Producer;
  readonly #compression: Compression;

  constructor(topics: InternalTopics, producer: Producer, compression: Compression) {
    this.#topics = topics;
    this.#compression = compression;
    this.#producer = producer;
  }

  /** A record that the codec could not read. */
  async record(rejected: RejectedRecord): Promise<void> {
    const { key, value, timestampMs, reason } = rejected;
    await this.#append(this.#topics.deadLetters, rejected, { key, value, timestampMs }, reason, 'decode');
  }

  /** Rows that broke a rule. @param from the records they were decoded from; undefined for rows of a later step. */
  async rejected(output: RejectedOutput, from: FetchedRecords | undefined): Promise<void> {
    await this.#rows(this.#topics.deadLetters, output, from, (row) => output.reasons[row]!);
  }

  /** @param from see {@link rejected}. */
  async late(output: LateOutput, from: FetchedRecords | undefined): Promise<void> {
    await this.#rows(this.#topics.late, output, from, () => 'late');
  }

  async #rows(
    topic: string,
    output: RejectedOutput | LateOutput,
    from: FetchedRecords | undefined,
    reason: (row: number) => string,
  ): Promise<void> {
    const { batch, step, source } = output;
    const known = source !== null && from !== undefined && batch.offsets !== undefined;
    const originals = known ? originalRecords(from, offsetsOf(batch), this.#compression) : undefined;
    const asJson = originals ? undefined : new JsonRowEncoder(batch.schema).encode(batch);
    for (let row = 0; row < batch.length; row++) {
      const offset = batch.offsets?.[row] ?? -1;
      const record = originals?.get(offset) ?? { key: null, value: asJson?.[row] ?? null, timestampMs: -1 };
      const origin = { topic: from?.topic ?? '', partition: batch.partition, offset };
      await this.#append(topic, origin, record, reason(row), step);
    }
  }

  async #append(topic: string, origin: Origin, record: OriginalRecord, reason: string, step: string): Promise<void> {
    const headers = [
      [SIDE_HEADERS.reason, utf8(reason)],
      [SIDE_HEADERS.step, utf8(step)],
      [SIDE_HEADERS.topic, utf8(origin.topic)],
      [SIDE_HEADERS.partition, utf8(String(origin.partition))],
      [SIDE_HEADERS.offset, utf8(String(origin.offset))],
    ] as const;
    const room = this.#producer.append(topic, undefined, record.key, record.value, headers, record.timestampMs);
    if (!room) await this.#producer.ready();
  }
}

function offsetsOf(batch: RowBatch): ReadonlySet<number> {
  return new Set(batch.offsets!.subarray(0, batch.length));
}
