import { GroupCoordinator } from '../../../src/broker/groups/group-coordinator.js';
import { offsetsEndedEntry } from '../../../src/broker/groups/group-entries.js';
import type { Partition, TransactionMarker } from '../../../src/broker/partition.js';
import { ProducerStates } from '../../../src/broker/producer-states.js';
import { admitProduce } from '../../../src/broker/transactions/produce-admission.js';
import {
  type ProducerAnswer,
  TransactionCoordinator,
  type TransactionSettings,
} from '../../../src/broker/transactions/transaction-coordinator.js';
import type { TransactionTopic, TransactionTopics } from '../../../src/broker/transactions/transaction-markers.js';
import { commitOffsets } from '../../../src/broker/transactions/transaction-offsets.js';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { CONTROL_BIT, TRANSACTIONAL_BIT } from '../../../src/wire/record-batch.js';
import { MemoryJournal } from '../../support/memory-journal.js';
import { SimClock } from '../../support/sim-clock.js';

/** A record, or a marker, of a simulated log. */
export interface LogRow {
  readonly offset: number;
  readonly producerId: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly transactional: boolean;
  readonly value: string;
  readonly marker?: 'commit' | 'abort';
}

type TestPartitionShape = Pick<Partition, 'index' | 'appendMarker' | 'openTransaction' | 'openTransactions'>;

/** A log in memory under the broker's real rules for producers. */
export class TestPartition implements TestPartitionShape {
  readonly index: number;
  readonly rows: LogRow[];
  /** While set, markers are neither written nor answered: the moment before a crash. */
  held = false;
  readonly #states = new ProducerStates();

  constructor(index: number, rows: readonly LogRow[] = []) {
    this.index = index;
    this.rows = [];
    for (const row of rows) this.#append(row);
  }

  /** Appends one record as a producer sends it; the error's name, or NONE. */
  produce(producerId: number, epoch: number, sequence: number, value: string, transactional = true): string {
    const row = { offset: this.rows.length, producerId, epoch, sequence, transactional, value };
    const verdict = this.#states.check(headerOf(row));
    if (verdict.kind === 'refuse') return verdict.error;
    if (verdict.kind === 'append') this.#append(row);
    return 'NONE';
  }

  async appendMarker(marker: TransactionMarker): Promise<'written' | 'fenced'> {
    const { producerId, producerEpoch: epoch, commit, coordinatorEpoch } = marker;
    if (this.held) return new Promise(() => {});
    if (this.#states.checkMarker(producerId, epoch, coordinatorEpoch, marker.version ?? 1) === 'fenced')
      return 'fenced';
    this.#append({
      offset: this.rows.length,
      producerId,
      epoch,
      sequence: -1,
      transactional: true,
      value: '',
      marker: commit ? 'commit' : 'abort',
    });
    return new Promise((resolve) => setImmediate(() => resolve('written')));
  }

  openTransaction(producerId: number): number | undefined {
    return this.#states.get(producerId)?.openFirst;
  }

  openTransactions() {
    return [...this.#states.list()]
      .filter(({ openFirst }) => openFirst !== undefined)
      .map(({ producerId, epoch, openFirst }) => ({ producerId, producerEpoch: epoch, firstOffset: openFirst! }));
  }

  get lastStable(): number {
    return this.#states.firstOpen ?? this.rows.length;
  }

  /** What a read_committed consumer sees. */
  committed(): string[] {
    const aborted = this.#states.abortedBetween(0, this.rows.length);
    return this.rows
      .filter(({ offset, marker }) => offset < this.lastStable && !marker)
      .filter(
        (row) =>
          !aborted.some(
            (each) =>
              each.producerId === row.producerId && row.offset >= each.firstOffset && row.offset < each.lastOffset,
          ),
      )
      .map(({ value }) => value);
  }

  markers(): string[] {
    return this.rows.flatMap(({ marker, epoch }) => (marker ? [`${marker}@${epoch}`] : []));
  }

  #append(row: LogRow): void {
    this.rows.push(row);
    const marker = row.marker ? { commit: row.marker === 'commit', coordinatorEpoch: 0 } : undefined;
    const header = headerOf(row);
    this.#states.appended(header, header.baseOffset, marker);
  }
}

function headerOf(row: LogRow) {
  return {
    start: 0,
    end: 0,
    baseOffset: row.offset,
    leaderEpoch: 0,
    crc: 0,
    attributes: (row.transactional ? TRANSACTIONAL_BIT : 0) | (row.marker ? CONTROL_BIT : 0),
    lastOffsetDelta: 0,
    baseTimestampMs: 0,
    maxTimestampMs: 0,
    producerId: row.producerId,
    producerEpoch: row.epoch,
    baseSequence: row.sequence,
    recordCount: 1,
  };
}

class TestTopics implements TransactionTopics {
  readonly #topics = new Map<string, TransactionTopic & { readonly partitions: TestPartition[] }>();

  set(name: string, partitions: TestPartition[]): void {
    this.#topics.set(name, { name, id: `id-of-${name}`, partitions });
  }
  delete(name: string): void {
    this.#topics.delete(name);
  }
  byName(name: string) {
    return this.#topics.get(name);
  }
  byId(id: string) {
    return [...this.#topics.values()].find((topic) => topic.id === id);
  }
  list() {
    return [...this.#topics.values()];
  }
}

/** Both coordinators over simulated time, a journal and two partitions of the topic `out` in memory. */
export class TransactionWorld {
  readonly clock = new SimClock();
  readonly settings: Partial<TransactionSettings>;
  topics!: TestTopics;
  journal = new MemoryJournal();
  groups!: GroupCoordinator;
  transactions!: TransactionCoordinator;
  orphans = 0;
  #started: Promise<unknown> = Promise.resolve();

  private constructor(settings: Partial<TransactionSettings>) {
    this.settings = settings;
  }

  static async start(settings: Partial<TransactionSettings> = {}): Promise<TransactionWorld> {
    const world = new TransactionWorld(settings);
    world.#boot([], []);
    await world.#started;
    return world;
  }

  out(index = 0): TestPartition {
    return this.topics.byName('out')!.partitions[index]!;
  }

  /**
   * kill -9 and a start over what is written; `journalFrames` and `logRows` leave out what came later, as a power loss
   * may with what was not acknowledged.
   */
  async restart(
    options: {
      readonly journalFrames?: number;
      readonly logRows?: readonly [number, number];
      readonly fromSnapshot?: boolean;
    } = {},
  ): Promise<void> {
    this.transactions.close();
    this.groups.close();
    const { journal } = this;
    const frames = options.fromSnapshot ? journal.snapshot() : journal.survivors(options.journalFrames);
    this.journal = new MemoryJournal(frames);
    const [first, second] = options.logRows ?? [undefined, undefined];
    this.#boot(this.out(0).rows.slice(0, first), this.out(1).rows.slice(0, second));
    await this.#started;
  }

  /** InitProducerId of a producer that starts anew. */
  init(transactionalId = 't', timeoutMs = 60_000): Promise<ProducerAnswer> {
    return this.transactions.initProducer({ transactionalId, timeoutMs, producerId: -1, epoch: -1 });
  }

  /** AddPartitionsToTxn; the error code. */
  async addPartition(who: Who, index = 0): Promise<number> {
    const { errorCode, durable } = this.transactions.add(identity(who), { partitions: [['id-of-out', index, null]] });
    await durable;
    return errorCode;
  }

  /** Produce of one record, admitted and appended as the broker does it; the error code. */
  async produce(who: Who, sequence: number, value: string, { index = 0, version = 13 } = {}): Promise<number> {
    const batch = { ...identity(who), topicId: 'id-of-out', partition: index };
    const admission = admitProduce(this.transactions, batch, version);
    if (admission.errorCode !== codes.NONE) return admission.errorCode;
    const error = this.out(index).produce(who.producerId, who.epoch, sequence, value);
    await admission.durable;
    return codes[error as keyof typeof codes];
  }

  /** TxnOffsetCommit for partition 0 of `in`; the error code. */
  async commitOffset(
    who: Who,
    offset: number,
    over: { version?: number; memberId?: string; generationId?: number; groupId?: string } = {},
  ): Promise<number> {
    const { version = 5, memberId = '', generationId = -1, groupId = 'g' } = over;
    const partition = {
      partitionIndex: 0,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: '',
    };
    const request = {
      ...identity(who),
      producerId: BigInt(who.producerId),
      producerEpoch: who.epoch,
      groupId,
      generationId,
      memberId,
      groupInstanceId: null,
      topics: [{ name: 'in', partitions: [partition] }],
    };
    const answer = await commitOffsets(this.transactions, this.groups.offsets, request, version);
    return answer.topics[0]!.partitions[0]!.errorCode;
  }

  /** What the group has committed: an offset, or the name UNSTABLE. */
  async committedOffset(requireStable = false, groupId = 'g'): Promise<number | 'UNSTABLE'> {
    const topics = [{ name: 'in', topicId: 'id-of-in', partitionIndexes: [0] }];
    const asked = [{ groupId, memberId: null, memberEpoch: -1, topics }];
    const [group] = await this.groups.offsets.fetch(asked, requireStable, 8);
    const { committedOffset, errorCode } = group!.topics[0]!.partitions[0]!;
    return errorCode === codes.UNSTABLE_OFFSET_COMMIT ? 'UNSTABLE' : Number(committedOffset);
  }

  end(who: Who, commit: boolean, version: 1 | 2 = 2): Promise<ProducerAnswer> {
    const { producerId, epoch } = who;
    return this.transactions.endTransaction(who.transactionalId ?? 't', { producerId, epoch, commit, version });
  }

  status(transactionalId = 't'): string {
    return this.transactions.describe(transactionalId)?.status ?? 'unknown';
  }

  #boot(first: readonly LogRow[], second: readonly LogRow[]): void {
    const { clock, journal, settings } = this;
    this.topics = new TestTopics();
    this.topics.set('out', [new TestPartition(0, first), new TestPartition(1, second)]);
    this.topics.set('in', [new TestPartition(0)]);
    const { topics } = this;
    let ids = 0;
    this.groups = new GroupCoordinator({ clock, journal, topics, newId: () => `id${++ids}` });
    this.transactions = new TransactionCoordinator({ clock, journal, topics, settings, endOffsets: offsetsEndedEntry });
    journal.open();
    this.groups.start();
    this.#started = this.transactions.start().then((orphans) => {
      this.orphans = orphans;
    });
  }
}

/** A producer as an answer described it. */
export interface Who {
  readonly transactionalId?: string;
  readonly producerId: number;
  readonly epoch: number;
}

function identity({ transactionalId = 't', producerId, epoch }: Who) {
  return { transactionalId, producerId, epoch };
}
