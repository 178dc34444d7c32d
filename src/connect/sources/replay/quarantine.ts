import { utf8 } from '../../../base/bytes.js';
import type { KafkaClient } from '../../kafka/client.js';
import { createMissingTopics } from '../../kafka/create-topics.js';
import type { RecordProducer } from '../../kafka/producer.js';
import type { KeptBadRow } from './bad-rows.js';
import { LOT_HEADERS } from './lot-headers.js';

/** Names of the headers that say why a row stands in quarantine. */
export const QUARANTINE_HEADERS = { reason: 'streamctl-reason', line: 'streamctl-line' } as const;

/** Sends bad rows, as they stand in the file, to a topic of their own; it is made when the first one comes. */
export class Quarantine {
  readonly #producer: RecordProducer;
  readonly #topic: string;
  readonly #source: string;
  #isReady = false;

  constructor(producer: RecordProducer, topic: string, source: string) {
    this.#producer = producer;
    this.#topic = topic;
    this.#source = source;
  }

  async put(client: KafkaClient, bad: KeptBadRow): Promise<void> {
    if (!this.#isReady) {
      await createMissingTopics(client, [{ name: this.#topic, partitions: 1, configs: { 'retention.ms': '-1' } }]);
      await this.#producer.prepare(this.#topic);
      this.#isReady = true;
    }
    const headers = [
      [LOT_HEADERS.source, utf8(this.#source)],
      [LOT_HEADERS.row, utf8(String(bad.row))],
      [QUARANTINE_HEADERS.line, utf8(String(bad.line))],
      [QUARANTINE_HEADERS.reason, utf8(bad.reason)],
    ] as const;
    if (!this.#producer.append(this.#topic, undefined, null, bad.bytes, headers)) await this.#producer.ready();
  }
}
