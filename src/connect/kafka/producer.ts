import type { ByteSpan } from '../../base/byte-span.js';
import { StreamctlError } from '../../base/errors.js';
import type { Timer } from '../../base/time.js';
import { murmur2 } from '../../wire/murmur2.js';
import { type BatchOptions, encodeHeaders, type RecordRun, runBytes } from '../../wire/record-batch-builder.js';
import type { KafkaClient } from './client.js';
import type { Producer } from './contracts.js';
import type { CommitOffset, GroupIdentity, HeaderPairs, ProducerOptions, TopicInfo } from './interfaces.js';
import { PartitionQueue, type ProduceBatch } from './partition-queue.js';
import { ProduceSender } from './produce-sender.js';
import { type FormerProducer, type ProducerIdentity, requestProducerId } from './producer-id.js';
import { Transaction } from './transaction.js';

/** A margin under Kafka's default limit of 1,048,588 bytes a batch. */
const DEFAULT_BATCH_BYTES = 1_000_000;
const DEFAULT_BUFFER_BYTES = 32 * 1024 * 1024;
const DEFAULT_LINGER_MS = 5;
const DEFAULT_DELIVERY_MS = 120_000;
const DEFAULT_TRANSACTION_MS = 60_000;
/** `ready` waits until this share of the buffer is free again, so that it is not asked for every record. */
const RESUME_SHARE = 0.75;
const NO_HEADERS = new Uint8Array(1);

interface TopicQueues {
  readonly name: string;
  readonly queues: PartitionQueue[];
  /** Partition of the next record without a key. */
  next: number;
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Sends records as bytes: each is copied once, into its partition's open batch. Memory is bounded by `bufferBytes`:
 * `append` says when it is used up. A batch that fails for good ends the producer; all calls throw its error then.
 */
export class RecordProducer implements Producer {
  readonly #client: KafkaClient;
  readonly #options: Required<Omit<ProducerOptions, 'transactionalId' | 'onAcknowledged' | 'onTrouble'>>;
  readonly #onAcknowledged: ProducerOptions['onAcknowledged'];
  readonly #transactionalId: string | null;
  readonly #sender: ProduceSender;
  readonly #topics = new Map<string, TopicQueues>();
  #lastTopic: TopicQueues | undefined;
  #batchOptions: BatchOptions = {};
  #transaction: Transaction | undefined;
  #former: FormerProducer | undefined;
  #starting: Promise<void> | undefined;
  /** Bytes of open, waiting and flying batches. */
  #buffered = 0;
  #openBatches = 0;
  #lingerTimer: Timer | undefined;
  #unacknowledged = 0;
  /** A batch was delayed and none went through since. */
  #isTroubled = false;
  #failure: Error | undefined;
  #waiters: Waiter[] = [];
  #flushers: Waiter[] = [];

  constructor(client: KafkaClient, options: ProducerOptions = {}) {
    this.#client = client;
    this.#transactionalId = options.transactionalId ?? null;
    this.#onAcknowledged = options.onAcknowledged;
    const acks = options.acks ?? -1;
    const idempotent = this.#transactionalId !== null || (options.idempotent ?? acks === -1);
    if (idempotent && acks !== -1) {
      throw new StreamctlError('usage', 'an idempotent producer needs acks=all', {
        hint: '-X acks=all, or -X enable.idempotence=false',
      });
    }
    this.#options = {
      acks,
      idempotent,
      lingerMs: options.lingerMs ?? DEFAULT_LINGER_MS,
      batchBytes: options.batchBytes ?? DEFAULT_BATCH_BYTES,
      bufferBytes: options.bufferBytes ?? DEFAULT_BUFFER_BYTES,
      compression: options.compression ?? 'none',
      maxInFlight: idempotent ? Math.min(5, options.maxInFlight ?? 5) : (options.maxInFlight ?? 5),
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? DEFAULT_DELIVERY_MS,
      transactionTimeoutMs: options.transactionTimeoutMs ?? DEFAULT_TRANSACTION_MS,
    };
    this.#sender = new ProduceSender(
      client,
      { acks, maxInFlight: this.#options.maxInFlight, transactionalId: this.#transactionalId },
      {
        acknowledged: (batch, baseOffset) => this.#settled(batch, baseOffset),
        failed: (error) => this.#fail(error),
        delayed: (error) => {
          if (!this.#isTroubled) options.onTrouble?.(error);
          this.#isTroubled = true;
        },
        mayStart: (queue) => this.#mayStart(queue),
      },
    );
  }

  /**
   * Goes on as a producer that is gone: what it had sent and what comes late is then a duplicate of what this one sends, or
   * out of order, and never written twice. To be called before the first `prepare`; idempotent producers only.
   */
  continueAs(former: FormerProducer): void {
    this.#former = former;
  }

  async prepare(topic: string): Promise<TopicInfo> {
    this.#starting ??= this.#start();
    await this.#starting;
    const info = await this.#client.topic(topic);
    const known = this.#topics.get(topic);
    const queues = known?.queues ?? [];
    for (let partition = queues.length; partition < info.partitions.length; partition++) {
      const firstSequence = this.#former?.nextSequence(topic, partition) ?? 0;
      queues.push(new PartitionQueue(topic, partition, this.#options.batchBytes, firstSequence));
    }
    if (!known) this.#topics.set(topic, { name: topic, queues, next: 0 });
    // The first batch should not wait for a connection.
    const leaders = new Set(info.partitions.map(({ leader }) => leader));
    await Promise.all([...leaders].map((broker) => this.#client.connect({ broker })));
    return info;
  }

  append(
    topic: string,
    partition: number | undefined,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers?: HeaderPairs,
    timestampMs = -1,
    tag = 0,
  ): boolean {
    const raw = headers === undefined || headers.length === 0 ? NO_HEADERS : rawHeaders(headers);
    return this.appendRaw(topic, partition, key, value, raw, timestampMs, tag);
  }

  /** Like `append`, with headers that {@link rawHeaders} made. */
  appendRaw(
    topic: string,
    partition: number | undefined,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Uint8Array,
    timestampMs: number,
    tag: number,
  ): boolean {
    const target = this.#target(topic, partition, key, (key?.length ?? 0) + (value?.length ?? 0) + headers.length);
    target.builder.append(timestampMs < 0 ? this.#client.edges.clock.now() : timestampMs, key, value, headers);
    return this.#added(target, tag);
  }

  /** Like `appendRaw`, with value and headers as stretches of larger arrays. */
  appendSpans(
    topic: string,
    partition: number | undefined,
    key: Uint8Array | null,
    value: ByteSpan,
    headers: ByteSpan,
    timestampMs: number,
    tag: number,
  ): boolean {
    const size = (key?.length ?? 0) + value.end - value.start + headers.end - headers.start;
    const target = this.#target(topic, partition, key, size);
    target.builder.appendSpans(timestampMs < 0 ? this.#client.edges.clock.now() : timestampMs, key, value, headers);
    return this.#added(target, tag);
  }

  /**
   * Appends records of `run` from number `from` on, until its end or until a batch is full.
   * @param firstTag tag of the run's first record; the others count on from it.
   * @returns the number of the record to go on with. {@link hasRoom} is to be asked before.
   */
  appendRun(
    topic: string,
    partition: number,
    run: RecordRun,
    from: number,
    timestampMs: number,
    firstTag: number,
  ): number {
    const target = this.#target(topic, partition, null, runBytes(run, from));
    const index = target.builder.appendRun(timestampMs, run, from, this.#options.batchBytes);
    this.#unacknowledged += index - from - 1;
    this.#added(target, firstTag + index - 1);
    return index;
  }

  /** Whether the buffer takes more; where not, `ready` is to be awaited. */
  get hasRoom(): boolean {
    return this.#buffered < this.#options.bufferBytes;
  }

  /** The queue for a record, with room for it in its open batch. */
  #target(topic: string, partition: number | undefined, key: Uint8Array | null, size: number): PartitionQueue {
    if (this.#failure) throw this.#failure;
    const target = this.#queue(topic, partition, key);
    const { builder } = target;
    if (builder.recordCount > 0 && builder.sizeBytes + size > this.#options.batchBytes) this.#finish(target);
    if (builder.recordCount === 0) this.#openBatches++;
    return target;
  }

  #added(target: PartitionQueue, tag: number): boolean {
    const size = target.builder.sizeBytes;
    target.lastTag = tag;
    this.#unacknowledged++;
    this.#buffered += size - target.countedBytes;
    target.countedBytes = size;
    if (size >= this.#options.batchBytes) this.#finish(target);
    else if (this.#lingerTimer === undefined) this.#startLinger();
    return this.hasRoom;
  }

  ready(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#buffered < this.#options.bufferBytes * RESUME_SHARE) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  flush(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#finishAll();
    if (this.#unacknowledged === 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#flushers.push({ resolve, reject }));
  }

  async close(abandon = false): Promise<void> {
    try {
      if (!abandon) await this.flush();
    } finally {
      this.#lingerTimer?.cancel();
      this.#sender.stop();
      this.#failure ??= new StreamctlError('internal', 'the producer is closed');
    }
  }

  begin(): void {
    this.#inTransaction().begin();
  }

  async sendOffsets(offsets: readonly CommitOffset[], group: GroupIdentity): Promise<void> {
    if (offsets.length > 0) await this.#inTransaction().sendOffsets(offsets, group);
  }

  async commit(): Promise<void> {
    await this.flush();
    await this.#inTransaction().end(true);
  }

  async abort(): Promise<void> {
    await this.flush();
    await this.#inTransaction().end(false);
  }

  #inTransaction(): Transaction {
    if (this.#transaction) return this.#transaction;
    throw new StreamctlError('internal', 'this producer has no transactional id, or prepare was not awaited');
  }

  async #start(): Promise<void> {
    const { compression, idempotent, transactionTimeoutMs } = this.#options;
    if (compression !== 'none') await this.#client.edges.compression.prepare(compression);
    const packing =
      compression === 'none' ? {} : { compression: { name: compression, codec: this.#client.edges.compression } };
    if (!idempotent) {
      this.#batchOptions = packing;
      return;
    }
    const identity: ProducerIdentity =
      this.#former ?? (await requestProducerId(this.#client, this.#transactionalId, transactionTimeoutMs));
    this.#batchOptions = {
      ...packing,
      producerId: identity.id,
      producerEpoch: identity.epoch,
      transactional: this.#transactionalId !== null,
    };
    if (this.#transactionalId !== null)
      this.#transaction = new Transaction(this.#client, this.#transactionalId, identity);
  }

  #queue(topic: string, partition: number | undefined, key: Uint8Array | null): PartitionQueue {
    let target = this.#lastTopic;
    if (target?.name !== topic) {
      target = this.#topics.get(topic);
      if (!target) throw new StreamctlError('internal', `prepare was not awaited for topic "${topic}"`);
      this.#lastTopic = target;
    }
    const { queues } = target;
    if (partition === undefined) {
      if (queues.length === 1) return queues[0]!;
      return queues[key === null ? target.next : (murmur2(key) & 0x7fffffff) % queues.length]!;
    }
    const queue = queues[partition];
    if (queue) return queue;
    throw new StreamctlError('not-found', `topic "${topic}" has no partition ${partition}`, {
      detail: `its partitions are 0 to ${queues.length - 1}`,
    });
  }

  #mayStart(queue: PartitionQueue): boolean {
    if (!this.#transaction) return true;
    return this.#transaction.admits(
      queue,
      () => this.#sender.pump(),
      (error) => this.#fail(error),
    );
  }

  #finish(queue: PartitionQueue): void {
    const deadlineMs = this.#client.edges.clock.elapsed() + this.#options.deliveryTimeoutMs;
    this.#openBatches--;
    const topic = this.#topics.get(queue.topic)!;
    if (topic.next === queue.partition) topic.next = (topic.next + 1) % topic.queues.length;
    const batch = queue.finish(this.#batchOptions, this.#options.idempotent, deadlineMs);
    this.#buffered += batch.bufferedBytes - queue.countedBytes;
    queue.countedBytes = 0;
    this.#sender.enqueue(queue);
  }

  #finishAll(): void {
    this.#lingerTimer?.cancel();
    this.#lingerTimer = undefined;
    if (this.#openBatches === 0) return;
    for (const { queues } of this.#topics.values()) {
      for (const queue of queues) if (queue.builder.recordCount > 0) this.#finish(queue);
    }
  }

  #startLinger(): void {
    this.#lingerTimer = this.#client.edges.clock.after(this.#options.lingerMs, () => {
      this.#lingerTimer = undefined;
      if (!this.#failure) this.#finishAll();
    });
  }

  #settled(batch: ProduceBatch, baseOffset: number): void {
    this.#buffered -= batch.bufferedBytes;
    this.#unacknowledged -= batch.count;
    this.#isTroubled = false;
    batch.queue.builder.recycle(batch.bytes);
    const { topic, partition } = batch.queue;
    this.#onAcknowledged?.({ topic, partition, baseOffset, count: batch.count, lastTag: batch.lastTag });
    if (this.#buffered < this.#options.bufferBytes * RESUME_SHARE) settle(this.#waiters);
    if (this.#unacknowledged === 0) settle(this.#flushers);
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#sender.stop();
    this.#lingerTimer?.cancel();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
    for (const waiter of this.#flushers.splice(0)) waiter.reject(error);
  }
}

function settle(waiters: Waiter[]): void {
  for (const waiter of waiters.splice(0)) waiter.resolve();
}

/** Headers as the bytes that stand in a record, to be built once and used many times. */
export function rawHeaders(pairs: HeaderPairs): Uint8Array {
  return encodeHeaders(pairs.map(([key, value]) => ({ key, value })));
}
