import { StreamctlError } from '../../src/base/errors.js';
import { type Random, seededRandom } from '../../src/base/random.js';
import type { RunningBroker } from '../../src/broker/start-broker.js';
import type { StoredTopic } from '../../src/broker/topic-store.js';
import { admitProduce } from '../../src/broker/transactions/produce-admission.js';
import type { SyncPolicy } from '../../src/storage/group-commit.js';
import { errorCodes } from '../../src/wire/error-codes.js';
import { isTransactional } from '../../src/wire/record-batch.js';
import { RecordBatchBuilder } from '../../src/wire/record-batch-builder.js';
import { oneIn } from './sim-broker.js';
import { SimClock, settle } from './sim-clock.js';
import { SimFiles } from './sim-files.js';

/** What became of a batch: `plain` ones count at once, the others with their transaction. */
export type Fate = 'plain' | 'open' | 'committed' | 'aborted' | 'unknown';

/** One batch that a producer sent. */
export interface Attempt {
  readonly topicId: string;
  readonly producerId: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly timestampMs: number;
  readonly rows: readonly { readonly key: string; readonly value: string | null }[];
  fate: Fate;
  /** Known once acknowledged or seen. */
  offset?: number;
}

/** One of the producers; with a name it is transactional, of protocol `version`. */
export interface Producer {
  readonly name: string | undefined;
  readonly version: 1 | 2;
  id: number;
  epoch: number;
  readonly sequences: Map<string, number>;
  busy: boolean;
  inTransaction: Attempt[];
  /** Of a plain one: what it sends again until it is acknowledged. */
  readonly pending: Map<string, Attempt>;
}

export const RETENTION_MS = 60_000;
export const TIMEOUT_MS = 45_000;
const KINDS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  compact: [['cleanup.policy', 'compact']],
  delete: [['retention.ms', String(RETENTION_MS)]],
  both: [
    ['cleanup.policy', 'compact,delete'],
    ['retention.ms', '-1'],
  ],
};

export class World {
  readonly random: Random;
  readonly policy: SyncPolicy;
  readonly attempts = new Map<string, Attempt>();
  /** First offsets that DeleteRecords was asked for, and those that it has confirmed. */
  readonly asked = new Map<string, number>();
  readonly trimmed = new Map<string, number>();
  readonly producers: Producer[] = [];
  readonly failures: unknown[] = [];
  clock = new SimClock();
  files = new SimFiles();
  running!: RunningBroker;
  life = 0;
  /** How lives ended, for messages. */
  readonly endings: string[] = [];
  #values = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    const { random } = this;
    this.policy = oneIn(random, 3) ? (oneIn(random, 2) ? 'never' : 'interval') : 'always';
    const names = [undefined, undefined, 'one', 'two', 'old'];
    for (const name of names) {
      const version = name === 'old' ? 1 : 2;
      const rest = { sequences: new Map(), busy: false, inTransaction: [], pending: new Map() };
      this.producers.push({ name, version, id: -1, epoch: 0, ...rest });
    }
  }

  get topics(): readonly StoredTopic[] {
    return this.running.broker.topics.list();
  }

  /** Starts something in the background; what the disk does to it is no failure. */
  go(work: () => Promise<void>, after: (failed: boolean) => void = () => {}): void {
    const isCurrent = this.guard();
    const end = (failed: boolean): void => {
      if (isCurrent()) after(failed);
    };
    void work().then(
      () => end(false),
      (error) => {
        if (!(error instanceof StreamctlError)) this.failures.push(error);
        end(true);
      },
    );
  }

  /** Whether a continuation still belongs to the broker it began with. */
  guard(): () => boolean {
    const { life } = this;
    return () => life === this.life;
  }

  attempt(producer: Producer, topicId: string): Attempt {
    const { random } = this;
    const rows = Array.from({ length: 1 + random.below(3) }, () => ({
      key: `k${random.below(6)}`,
      value: oneIn(random, 6) ? null : `v${this.#values++}`,
    }));
    const sequence = producer.sequences.get(topicId) ?? 0;
    producer.sequences.set(topicId, sequence + rows.length);
    const made: Attempt = {
      topicId,
      producerId: producer.id,
      epoch: producer.epoch,
      sequence,
      timestampMs: this.clock.now(),
      rows,
      fate: producer.name === undefined ? 'plain' : 'open',
    };
    this.attempts.set(idOf(made), made);
    return made;
  }
}

export function idOf({ topicId, producerId, epoch, sequence }: Omit<Attempt, 'rows' | 'fate' | 'timestampMs'>): string {
  return `${topicId}/${producerId}/${epoch}/${sequence}`;
}

function batchFor(attempt: Attempt): Uint8Array {
  const builder = new RecordBatchBuilder(256);
  const encoder = new TextEncoder();
  for (const { key, value } of attempt.rows) {
    builder.append(attempt.timestampMs, encoder.encode(key), value === null ? null : encoder.encode(value));
  }
  return builder.finish({
    producerId: attempt.producerId,
    producerEpoch: attempt.epoch,
    baseSequence: attempt.sequence,
    transactional: attempt.fate !== 'plain',
  });
}

export function pick<T>(random: Random, from: readonly T[]): T | undefined {
  return from[random.below(Math.max(1, from.length))];
}

/** Sends a batch, for the first time or again; throws what a client would not understand. */
async function send(world: World, attempt: Attempt, producer: Producer): Promise<string> {
  const partition = world.running.broker.topics.byId(attempt.topicId)?.partitions[0];
  if (!partition) return 'UNKNOWN_TOPIC_ID';
  const isCurrent = world.guard();
  const { transactions } = world.running.broker;
  const appended = partition.append(batchFor(attempt), (header) => {
    if (!isTransactional(header)) return {};
    const who = { transactionalId: producer.name ?? '', producerId: header.producerId, epoch: header.producerEpoch };
    const at = { topicId: attempt.topicId, partition: 0 };
    const { errorCode, durable } = admitProduce(transactions, { ...who, ...at }, producer.version === 2 ? 13 : 10);
    if (errorCode !== errorCodes.NONE) return { refusal: { error: 'INVALID_TXN_STATE', message: '' } };
    return durable ? { durable } : {};
  });
  if (appended.error !== 'NONE') return appended.error;
  await appended.durable;
  if (!isCurrent()) return 'NONE';
  if (attempt.offset !== undefined && attempt.offset !== appended.baseOffset && attempt.offset >= partition.logStart) {
    throw new Error(`${idOf(attempt)} was at ${attempt.offset} and is told to be at ${appended.baseOffset}`);
  }
  attempt.offset = appended.baseOffset;
  return 'NONE';
}

async function producePlain(world: World, producer: Producer, topic: StoredTopic): Promise<void> {
  if (producer.id < 0) producer.id = (await world.running.broker.transactions.newProducer()).producerId;
  const isCurrent = world.guard();
  const attempt = producer.pending.get(topic.id) ?? world.attempt(producer, topic.id);
  producer.pending.set(topic.id, attempt);
  const error = await send(world, attempt, producer);
  if (!isCurrent()) return;
  if (error === 'NONE') producer.pending.delete(topic.id);
  else if (error !== 'UNKNOWN_TOPIC_ID') throw new Error(`${idOf(attempt)}: ${error}`);
}

/** A client that is not sure of an answer sends its last batch again. */
async function resend(world: World, producer: Producer, topic: StoredTopic): Promise<void> {
  const sequence = producer.sequences.get(topic.id);
  if (producer.pending.has(topic.id) || sequence === undefined) return;
  const mine = [...world.attempts.values()].filter(
    (each) => each.topicId === topic.id && each.producerId === producer.id,
  );
  const last = mine.at(-1);
  const start = topic.partitions[0]!.logStart;
  if (!last || last.offset === undefined || last.offset < start) return;
  const error = await send(world, last, producer);
  if (error !== 'NONE' && error !== 'UNKNOWN_TOPIC_ID') throw new Error(`${idOf(last)} again: ${error}`);
}

async function init(world: World, producer: Producer): Promise<void> {
  const isCurrent = world.guard();
  for (const attempt of producer.inTransaction) attempt.fate = 'aborted';
  producer.inTransaction = [];
  producer.id = -1;
  const request = { transactionalId: producer.name!, timeoutMs: TIMEOUT_MS, producerId: -1, epoch: -1 };
  const answer = await world.running.broker.transactions.initProducer(request);
  if (!isCurrent()) return;
  if (answer.errorCode !== errorCodes.NONE) return;
  producer.id = answer.producerId;
  producer.epoch = answer.epoch;
  producer.sequences.clear();
}

async function produceInTransaction(world: World, producer: Producer, topic: StoredTopic): Promise<void> {
  const isCurrent = world.guard();
  if (producer.id < 0) await init(world, producer);
  if (!isCurrent() || producer.id < 0 || world.running.broker.topics.byId(topic.id) === undefined) return;
  if (producer.version === 1) {
    const who = { transactionalId: producer.name!, producerId: producer.id, epoch: producer.epoch };
    const added = world.running.broker.transactions.add(who, { partitions: [[topic.id, 0, null]] });
    await added.durable;
    if (!isCurrent()) return;
    if (added.errorCode !== errorCodes.NONE) return init(world, producer);
  }
  const attempt = world.attempt(producer, topic.id);
  producer.inTransaction.push(attempt);
  const error = await send(world, attempt, producer);
  if (isCurrent() && error !== 'NONE') await init(world, producer);
}

async function end(world: World, producer: Producer, commit: boolean): Promise<void> {
  if (producer.id < 0 || producer.inTransaction.length === 0) return;
  const isCurrent = world.guard();
  const { id: producerId, epoch, version, inTransaction } = producer;
  producer.inTransaction = [];
  for (const attempt of inTransaction) attempt.fate = commit ? 'unknown' : 'aborted';
  const answer = await world.running.broker.transactions.endTransaction(producer.name!, {
    producerId,
    epoch,
    commit,
    version,
  });
  if (!isCurrent()) return;
  const done = answer.errorCode === errorCodes.NONE;
  for (const attempt of inTransaction) attempt.fate = done && commit ? 'committed' : 'aborted';
  if (!done) return init(world, producer);
  if (version === 2) {
    producer.id = answer.producerId;
    producer.epoch = answer.epoch;
    producer.sequences.clear();
  }
}

async function createTopic(world: World): Promise<void> {
  const { random } = world;
  const kind = pick(random, Object.keys(KINDS))!;
  const configs = new Map<string, string>([
    ...KINDS[kind]!,
    ['segment.bytes', String(300 + random.below(900))],
    ['min.cleanable.dirty.ratio', oneIn(random, 2) ? '0' : '0.5'],
    ['delete.retention.ms', String(random.below(3) * 20_000)],
  ]);
  if (oneIn(random, 3)) configs.set('segment.ms', '20000');
  await world.running.broker.admin.create({ name: kind, partitions: 1, configs });
}

async function deleteRecords(world: World, topic: StoredTopic): Promise<void> {
  const partition = topic.partitions[0]!;
  if (!partition.settings.deleteOld) return;
  const { logStart, highWatermark } = partition;
  const offset = oneIn(world.random, 4) ? highWatermark : logStart + world.random.below(highWatermark - logStart + 1);
  if (offset <= logStart) return;
  const isCurrent = world.guard();
  world.asked.set(topic.id, Math.max(offset, world.asked.get(topic.id) ?? 0));
  await world.running.broker.admin.trim(topic, 0, offset);
  if (isCurrent()) world.trimmed.set(topic.id, Math.max(offset, world.trimmed.get(topic.id) ?? 0));
}

export async function step(world: World): Promise<void> {
  const { random, clock } = world;
  const kind = random.below(40);
  const topic = pick(random, world.topics);
  const producer = pick(random, world.producers)!;
  const use = (work: () => Promise<void>): void => {
    if (producer.busy) return;
    producer.busy = true;
    world.go(work, (failed) => {
      producer.busy = false;
      // Whoever does not know what became of a batch gives up the transaction.
      if (failed && producer.name !== undefined) producer.id = -1;
    });
  };
  if (kind === 0 || !topic) world.go(() => createTopic(world));
  else if (kind === 1 && oneIn(random, 2)) world.go(() => world.running.broker.admin.delete(topic));
  else if (kind === 2) world.go(() => deleteRecords(world, topic));
  else if (kind < 6) {
    clock.jump(pick(random, [1_000, 5_000, 16_000, 31_000])!);
  } else if (producer.name === undefined) {
    use(() => (kind < 10 ? resend(world, producer, topic) : producePlain(world, producer, topic)));
  } else if (kind === 6) use(() => init(world, producer));
  else if (kind < 16) use(() => end(world, producer, !oneIn(random, 3)));
  else use(() => produceInTransaction(world, producer, topic));
  if (oneIn(random, 2)) {
    clock.jump(0);
    await settle();
  }
}
