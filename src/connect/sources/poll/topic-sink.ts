import { fromUtf8, utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { JsonValue } from '../../../base/row-batch.js';
import { recordSection } from '../../../wire/record-batch.js';
import { RecordCursor } from '../../../wire/record-cursor.js';
import { parseExactJsonBytes } from '../../codecs/json-value.js';
import type { KafkaClient } from '../../kafka/client.js';
import { dataBatches } from '../../kafka/data-batches.js';
import { PartitionFetcher } from '../../kafka/fetcher.js';
import type { ProducerOptions, TopicInfo, TopicPartitionOffset } from '../../kafka/interfaces.js';
import { topicRanges } from '../../kafka/offsets.js';
import { RecordProducer, rawHeaders } from '../../kafka/producer.js';
import { POLL_HEADER, type PollRecord, type PollSink, SOURCE_HEADER } from './poll-record.js';

const MAX_BATCH_BYTES = 256 * 1024 * 1024;
const FETCH_WAIT_MS = 1_000;
/** A broker that gives nothing for so long, though there is something, is given up; an abandoned transaction ends before. */
const MAX_SILENCE_MS = 90_000;
/** Addresses whose headers are kept encoded. */
const MAX_HEADERS = 1_000;

/** Which records are a poll's. */
export interface TopicSinkOptions {
  readonly topic: string;
  /** In the header of each record: whose items are known. */
  readonly pollId: string;
  /** Of one set of requests: whoever runs it anew fences the one before. */
  readonly runId: string;
  readonly producer: ProducerOptions;
}

/**
 * Writes a poll's records to a topic, each group in a transaction of its own: a poll that is killed leaves all of a
 * group or nothing. The transactional id is the run's: a successor fences what its predecessor may have left in flight,
 * so that what {@link restore} reads then is all there ever will be.
 */
export class TopicSink implements PollSink {
  readonly #client: KafkaClient;
  readonly #options: TopicSinkOptions;
  readonly #producer: RecordProducer;
  readonly #headers = new Map<string, Uint8Array>();
  /** Per partition: all records of the poll before this offset are known. */
  readonly #positions: number[] = [];
  #topicId = '';

  private constructor(client: KafkaClient, options: TopicSinkOptions) {
    this.#client = client;
    this.#options = options;
    this.#producer = new RecordProducer(client, {
      ...options.producer,
      transactionalId: `streamctl-poll-${options.runId}-${options.topic}`,
      onAcknowledged: ({ partition, baseOffset, count }) => {
        this.#positions[partition] = Math.max(this.#positions[partition] ?? 0, baseOffset + count);
      },
    });
  }

  /**
   * Becomes the only writer of the poll's records.
   * @throws `not-found`, `broker-unreachable`
   */
  static async open(client: KafkaClient, options: TopicSinkOptions): Promise<TopicSink> {
    const sink = new TopicSink(client, options);
    const info: TopicInfo = await sink.#producer.prepare(options.topic);
    sink.#topicId = info.topicId;
    return sink;
  }

  get topicId(): string {
    return this.#topicId;
  }

  /** See the field. */
  positions(): readonly number[] {
    return this.#positions;
  }

  /**
   * Shows the poll's own records to `visit`, per partition in order.
   * @param from where to begin per partition, e.g. positions of a former run; what is not there any more is skipped.
   * @returns how many there were.
   */
  async restore(from: readonly number[], visit: (item: JsonValue) => void): Promise<number> {
    const { topic } = this.#options;
    let found = 0;
    // Records of the poll may lie behind an open transaction of another writer: its end is waited for.
    for (const { partition, earliest, latest } of await topicRanges(this.#client, topic, 'read_uncommitted')) {
      // A position behind the end belongs to a topic that was emptied or made anew.
      const wanted = from[partition] ?? 0;
      const offset = wanted > latest ? earliest : Math.max(earliest, wanted);
      if (offset < latest) found += await this.#read({ topic, partition, offset }, latest, visit);
      this.#positions[partition] = latest;
    }
    return found;
  }

  async write(records: readonly PollRecord[]): Promise<void> {
    const { topic } = this.#options;
    this.#producer.begin();
    for (const { key, value, timestampMs, source } of records) {
      const hasRoom = this.#producer.appendRaw(topic, undefined, key, value, this.#headersOf(source), timestampMs, 0);
      if (!hasRoom) await this.#producer.ready();
    }
    await this.#producer.commit();
  }

  async close(): Promise<void> {
    await this.#producer.close(true);
  }

  #headersOf(source: string): Uint8Array {
    let raw = this.#headers.get(source);
    if (!raw) {
      if (this.#headers.size >= MAX_HEADERS) this.#headers.clear();
      raw = rawHeaders([
        [SOURCE_HEADER, utf8(source)],
        [POLL_HEADER, utf8(this.#options.pollId)],
      ]);
      this.#headers.set(source, raw);
    }
    return raw;
  }

  async #read(start: TopicPartitionOffset, end: number, visit: (item: JsonValue) => void): Promise<number> {
    const { compression } = this.#client.edges;
    const fetcher = new PartitionFetcher(this.#client, { onOffsetGone: 'earliest' });
    fetcher.assign([start]);
    const cursor = new RecordCursor();
    let found = 0;
    let silentMs = 0;
    try {
      while (fetcher.position(start)! < end) {
        const fetched = await fetcher.next(FETCH_WAIT_MS);
        silentMs = fetched ? 0 : silentMs + FETCH_WAIT_MS;
        if (silentMs >= MAX_SILENCE_MS) throw silent(start);
        if (!fetched) continue;
        for (const header of dataBatches(fetched, compression)) {
          cursor.open(header, recordSection(fetched.records, header, compression, MAX_BATCH_BYTES));
          while (cursor.next()) {
            const item = cursor.offset >= fetched.fromOffset ? this.#itemAt(cursor) : undefined;
            if (item === undefined) continue;
            found++;
            visit(item);
          }
        }
      }
    } finally {
      await fetcher.close();
    }
    return found;
  }

  #itemAt(cursor: RecordCursor): JsonValue | undefined {
    if (!cursor.hasHeaders) return undefined;
    const id = cursor.headers().find(({ key }) => key === POLL_HEADER)?.value;
    const value = cursor.value();
    if (!id || !value || fromUtf8(id) !== this.#options.pollId) return undefined;
    return parseExactJsonBytes(value);
  }
}

function silent({ topic, partition }: TopicPartitionOffset): StreamctlError {
  const text = `topic "${topic}", partition ${partition} gave no records for ${MAX_SILENCE_MS / 1000} s`;
  return new StreamctlError('broker-unreachable', text, {
    detail: 'the broker does not answer, or a transaction of another writer is open in it',
  });
}
