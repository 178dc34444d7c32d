import { utf8 } from '../base/bytes.js';
import type { RowBatch } from '../base/row-batch.js';
import type { RejectedRecord } from '../connect/codecs/interfaces.js';
import { JsonRowEncoder } from '../connect/codecs/json-encoder.js';
import type { Producer } from '../connect/kafka/contracts.js';
import type { FetchedRecords, HeaderPairs } from '../connect/kafka/interfaces.js';
import type { LateOutput, RejectedOutput } from '../engine/job.js';
import type { RunEdges } from './interfaces.js';
import type { InternalTopics } from './internal-topics.js';
import { type OriginalRecord, originalRecords } from './original-records.js';
import { recordStamp } from './record-stamp.js';

/**
 * Headers of what is set aside: why, by which step, and which record it was. They come after the headers that the record had;
 * of those that had the same names nothing is kept.
 */
export const SIDE_HEADERS = {
  reason: 'streamctl-reason',
  topic: 'streamctl-topic',
  partition: 'streamctl-partition',
  offset: 'streamctl-offset',
  step: 'streamctl-step',
} as const;

/** Stands for the step where what came was no row at all. */
const DECODE_STEP = 'decode';
const OWN_HEADERS: ReadonlySet<string> = new Set(Object.values(SIDE_HEADERS));

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
  readonly #edges: Pick<RunEdges, 'clock' | 'compression'>;

  constructor(topics: InternalTopics, producer: Producer, edges: Pick<RunEdges, 'clock' | 'compression'>) {
    this.#topics = topics;
    this.#edges = edges;
    this.#producer = producer;
  }

  /** Records that the codec could not read. @param from where they are. */
  async records(rejected: readonly RejectedRecord[], from: FetchedRecords): Promise<void> {
    const originals = originalRecords(from, new Set(rejected.map(({ offset }) => offset)), this.#edges.compression);
    for (const record of rejected) {
      const { key, value, timestampMs, reason } = record;
      const original = originals.get(record.offset) ?? { key, value, headers: [], timestampMs };
      await this.#append(this.#topics.deadLetters, record, original, reason, DECODE_STEP);
    }
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
    const originals = known ? originalRecords(from, offsetsOf(batch), this.#edges.compression) : undefined;
    const asJson = originals ? undefined : new JsonRowEncoder(batch.schema).encode(batch);
    for (let row = 0; row < batch.length; row++) {
      const offset = batch.offsets?.[row] ?? -1;
      const record = originals?.get(offset) ?? {
        key: null,
        value: asJson?.[row] ?? null,
        headers: [],
        timestampMs: -1,
      };
      const origin = { topic: from?.topic ?? '', partition: batch.partition, offset };
      await this.#append(topic, origin, record, reason(row), step);
    }
  }

  async #append(topic: string, origin: Origin, record: OriginalRecord, reason: string, step: string): Promise<void> {
    const headers: HeaderPairs = [
      ...record.headers.filter(([name]) => !OWN_HEADERS.has(name)),
      [SIDE_HEADERS.reason, utf8(reason)],
      [SIDE_HEADERS.step, utf8(step)],
      [SIDE_HEADERS.topic, utf8(origin.topic)],
      [SIDE_HEADERS.partition, utf8(String(origin.partition))],
      [SIDE_HEADERS.offset, utf8(String(origin.offset))],
    ];
    const timestampMs = recordStamp(record.timestampMs, this.#edges.clock.now());
    const room = this.#producer.append(topic, undefined, record.key, record.value, headers, timestampMs);
    if (!room) await this.#producer.ready();
  }
}

function offsetsOf(batch: RowBatch): ReadonlySet<number> {
  return new Set(batch.offsets!.subarray(0, batch.length));
}
