import { fromUtf8, utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { KafkaClient } from '../../kafka/client.js';
import { createMissingTopics } from '../../kafka/create-topics.js';
import type { ProducerOptions } from '../../kafka/interfaces.js';
import { lastOfEachPartition } from '../../kafka/look-back.js';
import { RecordProducer } from '../../kafka/producer.js';
import type { BadRowMark, BadRows, KeptBadRow } from './bad-rows.js';
import { LOT_HEADERS } from './lot-headers.js';

/** Names of the headers that say why a row stands in quarantine. */
export const QUARANTINE_HEADERS = { reason: 'streamctl-reason', line: 'streamctl-line' } as const;

/**
 * Sends bad rows, as they stand in the file, to a topic of their own; it is made when the first one comes. So is its
 * producer: a replay that goes on as another one knows that one's rows, not its bad ones.
 */
export class Quarantine {
  readonly #client: KafkaClient;
  readonly #options: ProducerOptions;
  readonly #topic: string;
  readonly #source: string;
  #producer: RecordProducer | undefined;

  /** @param options of its producer. */
  constructor(client: KafkaClient, topic: string, source: string, options: ProducerOptions) {
    this.#client = client;
    this.#options = options;
    this.#topic = topic;
    this.#source = source;
  }

  /** Has `bad` pass over the rows that a former replay of this source put here. */
  async resume(bad: BadRows): Promise<void> {
    const last = bad.areKept ? await this.#last() : undefined;
    if (last) bad.passOver(last);
  }

  async #last(): Promise<BadRowMark | undefined> {
    try {
      const last = await lastOfEachPartition(this.#client, this.#topic, (cursor) => {
        const texts = new Map(cursor.headers().map(({ key, value }) => [key, value === null ? '' : fromUtf8(value)]));
        if (texts.get(LOT_HEADERS.source) !== this.#source) return undefined;
        const [row, line] = [texts.get(LOT_HEADERS.row), texts.get(QUARANTINE_HEADERS.line)];
        return { row: Number(row), line: Number(line), reason: texts.get(QUARANTINE_HEADERS.reason) ?? '' };
      });
      return [...last.values()][0];
    } catch (error) {
      if (error instanceof StreamctlError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  async put(bad: KeptBadRow): Promise<void> {
    const producer = this.#producer ?? (await this.#open());
    const headers = [
      [LOT_HEADERS.source, utf8(this.#source)],
      [LOT_HEADERS.row, utf8(String(bad.row))],
      [QUARANTINE_HEADERS.line, utf8(String(bad.line))],
      [QUARANTINE_HEADERS.reason, utf8(bad.reason)],
    ] as const;
    if (!producer.append(this.#topic, undefined, null, bad.bytes, headers)) await producer.ready();
  }

  /** Resolves when all bad rows are acknowledged. */
  async close(): Promise<void> {
    await this.#producer?.close();
  }

  async #open(): Promise<RecordProducer> {
    await createMissingTopics(this.#client, [{ name: this.#topic, partitions: 1, configs: { 'retention.ms': '-1' } }]);
    const producer = new RecordProducer(this.#client, this.#options);
    await producer.prepare(this.#topic);
    this.#producer = producer;
    return producer;
  }
}
