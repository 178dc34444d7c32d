import { StreamctlError } from '../../base/errors.js';
import type { Timer } from '../../base/time.js';
import type { RequestInputOf, ResponseOf } from '../../wire/api.js';
import { produceApi } from '../../wire/apis/00-produce.js';
import { errorCodes, kafkaError } from '../../wire/error-codes.js';
import type { BrokerConnection } from './broker-connection.js';
import type { KafkaClient } from './client.js';
import { isRetriable, isStale, KafkaFailure } from './kafka-failure.js';
import type { PartitionQueue, ProduceBatch } from './partition-queue.js';

/** Topics go by name up to here; later versions name them by id. */
const MAX_PRODUCE_VERSION = 12;
/** Transactions of the first kind: later versions add partitions to a transaction by themselves. */
const MAX_TRANSACTIONAL_VERSION = 11;
/** Bound of one request; one batch is always taken. */
const MAX_REQUEST_BYTES = 8 * 1024 * 1024;

export interface SenderOptions {
  readonly acks: -1 | 0 | 1;
  readonly maxInFlight: number;
  readonly transactionalId: string | null;
}

/** What becomes of batches. */
export interface SenderEvents {
  /** `baseOffset` is -1 where the broker does not tell it. */
  acknowledged(batch: ProduceBatch, baseOffset: number): void;
  failed(error: Error): void;
  /** A batch has to wait for a better time. */
  delayed(error: Error): void;
  /** Must be true before a batch of this partition goes out. */
  mayStart(queue: PartitionQueue): boolean;
}

/** Requests to one broker. */
interface Lane {
  inFlight: number;
  connection: BrokerConnection | undefined;
  connecting: boolean;
}

/**
 * Moves finished batches to the leaders of their partitions: one batch per partition in a request, several requests in
 * flight per broker, order kept per partition through every retry.
 */
export class ProduceSender {
  readonly #client: KafkaClient;
  readonly #options: SenderOptions;
  readonly #events: SenderEvents;
  /** Partitions with finished batches. */
  readonly #waiting = new Set<PartitionQueue>();
  readonly #lanes = new Map<number, Lane>();
  #refreshing = false;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(client: KafkaClient, options: SenderOptions, events: SenderEvents) {
    this.#client = client;
    this.#options = options;
    this.#events = events;
  }

  /** Tells that `queue` has a finished batch. */
  enqueue(queue: PartitionQueue): void {
    this.#waiting.add(queue);
    this.pump();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Sends what can be sent now. */
  pump(): void {
    while (!this.#stopped && this.#sendOnce()) {
      // Every turn fills one request per broker; the bound of requests in flight ends it.
    }
  }

  #sendOnce(): boolean {
    const nowMs = this.#client.edges.clock.elapsed();
    const requests = new Map<Lane, ProduceBatch[]>();
    let wakeMs = Number.POSITIVE_INFINITY;
    for (const queue of this.#waiting) {
      if (queue.ready.length === 0) {
        this.#waiting.delete(queue);
        continue;
      }
      if (queue.notBeforeMs > nowMs) wakeMs = Math.min(wakeMs, queue.notBeforeMs);
      if (!queue.sendable(nowMs) || !this.#events.mayStart(queue)) continue;
      const leader = this.#client.leaderNow(queue.topic, queue.partition);
      if (leader === undefined) {
        this.#refresh(queue);
        continue;
      }
      const lane = this.#lane(leader);
      if (lane === undefined || lane.inFlight >= this.#options.maxInFlight) continue;
      const batches = requests.get(lane);
      if (batches === undefined) requests.set(lane, [queue.take()]);
      else if (bytesOf(batches) < MAX_REQUEST_BYTES) batches.push(queue.take());
    }
    if (wakeMs < Number.POSITIVE_INFINITY) this.#wakeAt(wakeMs - nowMs);
    for (const [lane, batches] of requests) this.#send(lane, batches);
    return requests.size > 0;
  }

  #wakeAt(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#client.edges.clock.after(Math.max(1, delayMs), () => this.pump());
  }

  /** The lane to a broker, connected; undefined while it is being connected. */
  #lane(broker: number): Lane | undefined {
    let lane = this.#lanes.get(broker);
    if (lane === undefined) {
      lane = { inFlight: 0, connection: undefined, connecting: false };
      this.#lanes.set(broker, lane);
    }
    if (lane.connection && !lane.connection.closed) return lane;
    if (!lane.connecting) void this.#connect(lane, broker);
    return undefined;
  }

  async #connect(lane: Lane, broker: number): Promise<void> {
    lane.connecting = true;
    try {
      lane.connection = await this.#client.connect({ broker });
    } catch (error) {
      // The metadata may have named a leader that is gone: others are asked again, not it alone.
      if (isStale(error)) this.#forgetLeader(broker);
      this.#delayAll(error);
    }
    lane.connecting = false;
    this.pump();
  }

  #forgetLeader(broker: number): void {
    for (const { topic, partition } of this.#waiting) {
      if (this.#client.leaderNow(topic, partition) === broker) this.#client.forget(topic);
    }
  }

  /** Reads the metadata of a partition without a known leader. */
  #refresh(queue: PartitionQueue): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    this.#client.refresh(queue.topic).then(
      () => {
        this.#refreshing = false;
        if (this.#client.leaderNow(queue.topic, queue.partition) === undefined) {
          this.#delayWaiting(
            queue,
            new StreamctlError(
              'broker-unreachable',
              `topic "${queue.topic}", partition ${queue.partition} has no leader`,
            ),
          );
        }
        this.pump();
      },
      (error: unknown) => {
        this.#refreshing = false;
        this.#delayAll(error);
        this.pump();
      },
    );
  }

  /** No way to the brokers for now: everything that waits is tried again later, or given up. */
  #delayAll(error: unknown): void {
    for (const queue of this.#waiting) this.#delayWaiting(queue, error);
  }

  #delayWaiting(queue: PartitionQueue, error: unknown): void {
    if (queue.ready.length > 0) this.#delay(queue, queue.ready[0]!, error);
  }

  #delay(queue: PartitionQueue, batch: ProduceBatch, error: unknown): void {
    const nowMs = this.#client.edges.clock.elapsed();
    if (!isRetriable(error) || nowMs >= batch.deadlineMs) {
      this.#fail(error);
      return;
    }
    this.#events.delayed(error as Error);
    const { retryBackoffMs, retryBackoffMaxMs } = this.#client.settings;
    const jitter = 0.5 + this.#client.edges.random.next() / 2;
    // Doubling would need state per partition; the pause grows with the batch's age instead.
    const age = Math.max(retryBackoffMs, (nowMs - (batch.deadlineMs - this.#client.settings.retryTimeoutMs)) / 4);
    queue.notBeforeMs = nowMs + Math.min(age, retryBackoffMaxMs) * jitter;
  }

  #fail(error: unknown): void {
    this.stop();
    this.#events.failed(error as Error);
  }

  #send(lane: Lane, batches: readonly ProduceBatch[]): void {
    const { acks, transactionalId } = this.#options;
    const maxVersion = transactionalId === null ? MAX_PRODUCE_VERSION : MAX_TRANSACTIONAL_VERSION;
    const timeoutMs = this.#client.settings.requestTimeoutMs;
    const body = { transactionalId, acks, timeoutMs, topicData: topicData(batches) };
    if (acks === 0) {
      this.#sendUnanswered(lane, batches, body, maxVersion);
      return;
    }
    lane.inFlight++;
    lane.connection!.request(produceApi, body, { timeoutMs: timeoutMs + 5_000, maxVersion }).then(
      (response) => {
        lane.inFlight--;
        if (!this.#stopped) this.#settle(batches, response);
        this.pump();
      },
      (error: unknown) => {
        lane.inFlight--;
        if (!this.#stopped) for (const batch of batches) this.#again(batch, error);
        this.pump();
      },
    );
  }

  #sendUnanswered(lane: Lane, batches: readonly ProduceBatch[], body: ProduceBody, maxVersion: number): void {
    lane.inFlight++;
    try {
      lane.connection!.sendOnly(produceApi, body, maxVersion);
    } catch (error) {
      lane.inFlight--;
      for (const batch of batches) this.#again(batch, error);
      return;
    }
    void lane.connection!.drained().then(() => {
      lane.inFlight--;
      for (const batch of batches) this.#done(batch, -1);
      this.pump();
    });
  }

  #settle(batches: readonly ProduceBatch[], response: ResponseOf<typeof produceApi>): void {
    for (const batch of batches) {
      const { topic, partition } = batch.queue;
      const result = response.responses
        .find(({ name }) => name === topic)
        ?.partitionResponses.find(({ index }) => index === partition);
      const code = result?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
      if (code === 0 || code === errorCodes.DUPLICATE_SEQUENCE_NUMBER) {
        this.#done(batch, Number(result!.baseOffset));
      } else {
        const what = `cannot write to topic "${topic}", partition ${partition}`;
        const detail = result?.recordErrors[0]?.batchIndexErrorMessage ?? result?.errorMessage;
        this.#again(batch, new KafkaFailure(what, code, detail ?? kafkaError(code).name));
      }
    }
  }

  #done(batch: ProduceBatch, baseOffset: number): void {
    const { queue } = batch;
    queue.forget(batch);
    queue.retrying = false;
    queue.notBeforeMs = 0;
    this.#events.acknowledged(batch, baseOffset);
  }

  /** Puts a batch back in line, or gives up. */
  #again(batch: ProduceBatch, error: unknown): void {
    const { queue } = batch;
    const behindAnother =
      queue.retrying && error instanceof KafkaFailure && error.kafkaCode === errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER;
    queue.putBack(batch);
    queue.retrying = true;
    this.#waiting.add(queue);
    if (behindAnother) return;
    if (isStale(error)) this.#client.forget(queue.topic);
    this.#delay(queue, batch, error);
  }
}

type ProduceBody = RequestInputOf<typeof produceApi>;

function bytesOf(batches: readonly ProduceBatch[]): number {
  let bytes = 0;
  for (const batch of batches) bytes += batch.bytes.length;
  return bytes;
}

function topicData(batches: readonly ProduceBatch[]) {
  const topics = new Map<string, { index: number; records: Uint8Array }[]>();
  for (const { queue, bytes } of batches) {
    const partitions = topics.get(queue.topic);
    const entry = { index: queue.partition, records: bytes };
    if (partitions) partitions.push(entry);
    else topics.set(queue.topic, [entry]);
  }
  return [...topics].map(([name, partitionData]) => ({ name, partitionData }));
}
