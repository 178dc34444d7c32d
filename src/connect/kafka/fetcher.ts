import { StreamctlError } from '../../base/errors.js';
import type { ResponseOf } from '../../wire/api.js';
import { fetchApi } from '../../wire/apis/01-fetch.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { BrokerConnection } from './broker-connection.js';
import type { KafkaClient } from './client.js';
import type { Fetcher } from './contracts.js';
import { FetchedQueue } from './fetched-queue.js';
import type { FetchedRecords, FetcherOptions, TopicPartition, TopicPartitionOffset } from './interfaces.js';
import { isRetriable, isStale, KafkaFailure } from './kafka-failure.js';
import { listOffsets } from './list-offsets.js';
import { type FetchedPartition, type PartitionAnswer, PartitionReader } from './partition-reader.js';
import { byTopic, partitionName } from './topic-groups.js';

const MAX_FETCH_VERSION = 12;
const DEFAULT_MAX_WAIT_MS = 500;
const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;
const DEFAULT_PARTITION_BYTES = 1024 * 1024;
const DEFAULT_PREFETCH_BYTES = 8 * 1024 * 1024;

/**
 * Reads raw batches of assigned partitions: one request in flight per broker for all its partitions, the next one sent
 * before the answer is used, never more than `prefetchBytes` fetched ahead. A failure is thrown by `next`.
 */
export class PartitionFetcher implements Fetcher {
  readonly #client: KafkaClient;
  readonly #options: Required<FetcherOptions>;
  readonly #readers = new Map<string, PartitionReader>();
  readonly #queue: FetchedQueue;
  readonly #channel: string;
  /** Brokers with a request in flight or being connected. */
  readonly #busy = new Set<number>();
  /** How many pieces of each answer are not released. */
  readonly #unreleased = new WeakMap<ArrayBufferLike, number>();
  #refreshing = false;
  #wakeScheduled = false;
  #closed = false;

  constructor(client: KafkaClient, options: FetcherOptions = {}) {
    this.#client = client;
    this.#options = {
      maxWaitMs: options.maxWaitMs ?? DEFAULT_MAX_WAIT_MS,
      minBytes: options.minBytes ?? 1,
      maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
      maxPartitionBytes: options.maxPartitionBytes ?? DEFAULT_PARTITION_BYTES,
      prefetchBytes: options.prefetchBytes ?? DEFAULT_PREFETCH_BYTES,
      isolation: options.isolation ?? 'read_committed',
      onOffsetGone: options.onOffsetGone ?? 'fail',
    };
    this.#queue = new FetchedQueue(client.edges);
    this.#channel = client.newChannel();
  }

  assign(partitions: readonly TopicPartitionOffset[]): void {
    for (const wanted of partitions) {
      this.remove([wanted]);
      const reader = new PartitionReader(wanted, this.#options.maxPartitionBytes);
      this.#readers.set(partitionName(wanted), reader);
    }
    this.#pump();
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const wanted of partitions) {
      const reader = this.#readers.get(partitionName(wanted));
      if (!reader) continue;
      reader.removed = true;
      this.#readers.delete(partitionName(wanted));
      this.#queue.drop(reader);
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const wanted of partitions) this.#change(wanted, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const wanted of partitions) this.#change(wanted, false);
    this.#pump();
  }

  async next(timeoutMs: number): Promise<FetchedRecords | undefined> {
    if (this.#closed) return undefined;
    const taken = await this.#queue.take(timeoutMs);
    if (!taken) return undefined;
    taken.reader.taken = taken.fetched.nextOffset;
    this.#pump();
    return taken.fetched;
  }

  release({ records }: FetchedRecords): void {
    const left = (this.#unreleased.get(records.buffer) ?? 0) - 1;
    this.#unreleased.set(records.buffer, left);
    if (left === 0) this.#client.arrays.give(records);
  }

  wake(): void {
    this.#queue.wake();
  }

  position(partition: TopicPartition): number | undefined {
    return this.#readers.get(partitionName(partition))?.taken;
  }

  endOffset(partition: TopicPartition): number | undefined {
    return this.#readers.get(partitionName(partition))?.endOffset;
  }

  assignment(): readonly TopicPartition[] {
    return [...this.#readers.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.remove(this.assignment());
    this.#queue.wake();
    await this.#client.closeChannel(this.#channel);
  }

  #change(wanted: TopicPartition, paused: boolean): void {
    const reader = this.#readers.get(partitionName(wanted));
    if (!reader) return;
    reader.paused = paused;
    this.#queue.hold(reader, paused);
  }

  /** Sends a request to every broker that has none, for its partitions that want more. */
  #pump(): void {
    if (this.#closed || this.#queue.bytes >= this.#options.prefetchBytes) return;
    const nowMs = this.#client.edges.clock.elapsed();
    const wanted = new Map<number, PartitionReader[]>();
    let wakeMs = Number.POSITIVE_INFINITY;
    for (const reader of this.#readers.values()) {
      if (reader.paused || reader.busy || reader.locating) continue;
      if (reader.notBeforeMs > nowMs) {
        wakeMs = Math.min(wakeMs, reader.notBeforeMs);
        continue;
      }
      const leader = this.#client.leaderNow(reader.topic, reader.partition);
      if (leader === undefined) void this.#refresh(reader);
      else if (!this.#busy.has(leader)) wanted.set(leader, [...(wanted.get(leader) ?? []), reader]);
    }
    if (wakeMs < Number.POSITIVE_INFINITY) this.#wakeIn(wakeMs - nowMs);
    for (const [broker, readers] of wanted) void this.#fetch(broker, readers);
  }

  #wakeIn(delayMs: number): void {
    if (this.#wakeScheduled) return;
    this.#wakeScheduled = true;
    this.#client.edges.clock.after(Math.max(1, delayMs), () => {
      this.#wakeScheduled = false;
      this.#pump();
    });
  }

  async #refresh(reader: PartitionReader): Promise<void> {
    if (this.#refreshing) return;
    this.#refreshing = true;
    try {
      await this.#client.refresh(reader.topic);
      if (this.#client.leaderNow(reader.topic, reader.partition) === undefined) {
        // Throws where there is no such topic or partition; one without a leader may get one.
        await this.#client.partition(reader.topic, reader.partition);
        this.#delay(reader, undefined);
      }
    } catch (error) {
      this.#delay(reader, error);
    }
    this.#refreshing = false;
    this.#pump();
  }

  async #fetch(broker: number, readers: readonly PartitionReader[]): Promise<void> {
    this.#busy.add(broker);
    for (const reader of readers) reader.busy = true;
    let fetched: FetchedPartition[] = [];
    try {
      const connection = await this.#client.connect({ broker }, this.#channel);
      const response = await this.#request(connection, readers);
      fetched = this.#read(response, readers);
    } catch (error) {
      for (const reader of readers) {
        if (isStale(error)) this.#client.forget(reader.topic);
        this.#delay(reader, error);
      }
    }
    // Queued before the next request goes out: loading a codec must not change the order.
    await this.#queue.push(fetched.filter(({ reader }) => !reader.removed));
    this.#busy.delete(broker);
    for (const reader of readers) reader.busy = false;
    this.#pump();
  }

  #request(connection: BrokerConnection, readers: readonly PartitionReader[]): Promise<ResponseOf<typeof fetchApi>> {
    const { maxWaitMs, minBytes, maxBytes, isolation } = this.#options;
    const topics = byTopic(readers, (reader) => ({
      partition: reader.partition,
      fetchOffset: BigInt(reader.position),
      partitionMaxBytes: reader.maxBytes,
    }));
    return connection.request(
      fetchApi,
      {
        maxWaitMs,
        minBytes,
        maxBytes,
        isolationLevel: isolation === 'read_committed' ? 1 : 0,
        topics: topics.map(({ name, entries }) => ({ topic: name, partitions: entries })),
      },
      { timeoutMs: maxWaitMs + this.#client.settings.requestTimeoutMs, maxVersion: MAX_FETCH_VERSION },
    );
  }

  #read(response: ResponseOf<typeof fetchApi>, readers: readonly PartitionReader[]): FetchedPartition[] {
    if (response.errorCode !== 0) throw new KafkaFailure('cannot fetch', response.errorCode);
    const fetched: FetchedPartition[] = [];
    for (const { topic, partitions } of response.responses) {
      for (const answer of partitions) {
        const reader = readers.find((one) => one.topic === topic && one.partition === answer.partitionIndex);
        if (!reader || reader.removed) continue;
        if (answer.errorCode !== 0) {
          this.#refused(reader, answer.errorCode);
          continue;
        }
        reader.failingSinceMs = undefined;
        const records = this.#take(reader, answer);
        if (records) fetched.push({ reader, fetched: records });
      }
    }
    const [first] = fetched;
    if (first) this.#unreleased.set(first.fetched.records.buffer, fetched.length);
    return fetched;
  }

  /** Takes one partition's part: what is wrong with it must not lose those of the others, which have moved on. */
  #take(reader: PartitionReader, answer: PartitionAnswer): FetchedRecords | undefined {
    try {
      return reader.take(answer, this.#options.isolation);
    } catch (error) {
      this.#delay(reader, error);
      return undefined;
    }
  }

  #refused(reader: PartitionReader, code: number): void {
    const error = new KafkaFailure(`cannot read topic "${reader.topic}", partition ${reader.partition}`, code);
    if (code === errorCodes.OFFSET_OUT_OF_RANGE) {
      void this.#relocate(reader);
      return;
    }
    if (isStale(error)) this.#client.forget(reader.topic);
    this.#delay(reader, error);
  }

  /** The wanted offset is not there: before the first record kept, or behind the end. */
  async #relocate(reader: PartitionReader): Promise<void> {
    const { onOffsetGone } = this.#options;
    reader.locating = true;
    try {
      const [first] = await listOffsets(this.#client, [reader], 'start');
      const [end] = await listOffsets(this.#client, [reader], 'end', 'read_uncommitted');
      if (reader.removed) return;
      if (onOffsetGone === 'fail') {
        throw new StreamctlError(
          'not-found',
          `offset ${reader.position} of topic "${reader.topic}", partition ${reader.partition} does not exist`,
          {
            detail: `the partition holds offsets ${first!.offset} to ${end!.offset - 1}`,
            hint: 'begin elsewhere with -o start or -o end, or set -X auto.offset.reset=earliest',
          },
        );
      }
      reader.move(onOffsetGone === 'earliest' ? first!.offset : end!.offset);
    } catch (error) {
      this.#delay(reader, error);
    }
    reader.locating = false;
    this.#pump();
  }

  /** Tries a partition again later, or gives up: `undefined` stands for a missing leader. */
  #delay(reader: PartitionReader, error: unknown): void {
    if (reader.removed) return;
    const nowMs = this.#client.edges.clock.elapsed();
    reader.failingSinceMs ??= nowMs;
    const { retryTimeoutMs, retryBackoffMs, retryBackoffMaxMs } = this.#client.settings;
    const failingMs = nowMs - reader.failingSinceMs;
    if ((error !== undefined && !isRetriable(error)) || failingMs >= retryTimeoutMs) {
      // Whoever takes the failure may go on with the other partitions, but this one must not be asked for at once again.
      reader.notBeforeMs = nowMs + retryBackoffMaxMs;
      this.#queue.fail((error as Error | undefined) ?? noLeader(reader));
      return;
    }
    const pauseMs = Math.min(retryBackoffMaxMs, Math.max(retryBackoffMs, failingMs / 2));
    reader.notBeforeMs = nowMs + pauseMs * (0.5 + this.#client.edges.random.next() / 2);
  }
}

function noLeader({ topic, partition }: TopicPartition): StreamctlError {
  return new StreamctlError('broker-unreachable', `topic "${topic}", partition ${partition} has no leader`);
}
