import { produceApi } from '../../../src/wire/apis/00-produce.js';
import { offsetFetchApi } from '../../../src/wire/apis/09-offset-fetch.js';
import { initProducerIdApi } from '../../../src/wire/apis/22-init-producer-id.js';
import { addPartitionsToTxnApi } from '../../../src/wire/apis/24-add-partitions-to-txn.js';
import { addOffsetsToTxnApi } from '../../../src/wire/apis/25-add-offsets-to-txn.js';
import { endTxnApi } from '../../../src/wire/apis/26-end-txn.js';
import { txnOffsetCommitApi } from '../../../src/wire/apis/28-txn-offset-commit.js';
import { describeTransactionsApi } from '../../../src/wire/apis/65-describe-transactions.js';
import { listTransactionsApi } from '../../../src/wire/apis/66-list-transactions.js';
import { RecordBatchBuilder } from '../../../src/wire/record-batch-builder.js';
import { type AnswersContext, name, untilReady } from './answers-context.js';

interface Producer {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** A producer of one transactional id, by bare requests. */
class Requests {
  readonly #context: AnswersContext;
  readonly id: string;

  constructor(context: AnswersContext, id = context.fresh()) {
    this.#context = context;
    this.id = id;
  }

  init(over: Partial<Producer> & { transactionTimeoutMs?: number } = {}, version = 5) {
    const request = { transactionalId: this.id, transactionTimeoutMs: 60_000, ...over };
    return untilReady(
      () => this.#context.client.send(initProducerIdApi, version, request),
      (answer) => answer.errorCode,
    );
  }

  end({ producerId, producerEpoch }: Producer, committed: boolean, version: number) {
    const request = { transactionalId: this.id, producerId, producerEpoch, committed };
    return this.#context.client.send(endTxnApi, version, request);
  }

  async add(producer: Producer, version = 3, partitions = [0], topic = this.#context.topic): Promise<string> {
    const answer = await this.#context.client.send(addPartitionsToTxnApi, version, {
      v3AndBelowTransactionalId: this.id,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions }],
    });
    const all = answer.resultsByTopicV3AndBelow.flatMap((each) => each.resultsByPartition);
    return all
      .map((each) => name(each.partitionErrorCode))
      .sort()
      .join(',');
  }

  async addOffsets({ producerId, producerEpoch }: Producer, groupId: string, version: number): Promise<string> {
    const request = { transactionalId: this.id, producerId, producerEpoch, groupId };
    return name((await this.#context.client.send(addOffsetsToTxnApi, version, request)).errorCode);
  }

  async produce(
    producer: Producer,
    sequence: number,
    version: number,
    index = 0,
    transactional = true,
  ): Promise<string> {
    const builder = new RecordBatchBuilder();
    builder.append(1_700_000_000_000, null, new TextEncoder().encode('x'));
    const records = builder.finish({ ...producer, baseSequence: sequence, transactional });
    const { topic, topicId, client } = this.#context;
    const answer = await client.send(produceApi, version, {
      transactionalId: transactional ? this.id : null,
      acks: -1,
      timeoutMs: 5_000,
      topicData: [{ name: topic, topicId, partitionData: [{ index, records }] }],
    });
    return name(answer.responses[0]!.partitionResponses[0]!.errorCode);
  }

  /** The state when all markers are written. */
  async settled() {
    for (;;) {
      const answer = await this.#context.client.send(describeTransactionsApi, 0, { transactionalIds: [this.id] });
      const state = answer.transactionStates[0]!;
      if (!state.transactionState.startsWith('Prepare')) return state;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** What a broker answers to everything that can be asked about transactions. */
export async function transactionAnswers(context: AnswersContext): Promise<void> {
  for (const version of [4, 5]) {
    for (const state of ['Empty', 'Ongoing', 'CompleteCommit', 'CompleteAbort']) {
      for (const committed of [true, false]) {
        for (const difference of [-1, 0, 1]) await endTxn(context, version, state, committed, difference);
      }
    }
  }
  await endOfNobody(context);
  for (const version of [3, 4, 5]) await initProducer(context, version);
  await initOddly(context);
  for (const version of [0, 1, 2, 3]) await addParts(context, version);
  for (const version of [9, 10, 11, 12]) await produce(context, version);
  for (const version of [0, 2, 3, 4, 5]) await offsets(context, version);
  await list(context);
}

async function endTxn(context: AnswersContext, version: number, state: string, committed: boolean, difference: number) {
  const requests = new Requests(context);
  await requests.init();
  let producer: Producer = await requests.init();
  if (state !== 'Empty') {
    await requests.add(producer);
    await requests.produce(producer, 0, version === 5 ? 12 : 10);
  }
  if (state.startsWith('Complete')) {
    await requests.end(producer, state === 'CompleteCommit', version);
    producer = await requests.settled();
  }
  const { producerId, producerEpoch } = producer;
  const answer = await requests.end({ producerId, producerEpoch: producerEpoch + difference }, committed, version);
  const after = await requests.settled();
  const told = version < 5 || answer.errorCode !== 0 ? '-' : answer.producerEpoch - producerEpoch;
  const what = `EndTxn v${version} ${state} ${committed ? 'commit' : 'abort'} epoch ${difference}`;
  context.note(
    what,
    name(answer.errorCode),
    'told',
    told,
    'now',
    after.transactionState,
    after.producerEpoch - producerEpoch,
  );
}

async function endOfNobody(context: AnswersContext): Promise<void> {
  const nobody = { producerId: 1n, producerEpoch: 0 };
  context.note('EndTxn unknown id', name((await new Requests(context).end(nobody, true, 5)).errorCode));
  context.note('EndTxn empty id', name((await new Requests(context, '').end(nobody, true, 5)).errorCode));
  const requests = new Requests(context);
  const { producerId, producerEpoch } = await requests.init();
  const other = await requests.end({ producerId: producerId + 999n, producerEpoch }, true, 5);
  context.note('EndTxn other producer', name(other.errorCode));
}

async function initProducer(context: AnswersContext, version: number): Promise<void> {
  const requests = new Requests(context);
  const what = `InitProducerId v${version}`;
  const first = await requests.init({}, version);
  const second = await requests.init({}, version);
  context.note(
    what,
    name(first.errorCode),
    first.producerEpoch,
    second.producerEpoch,
    first.producerId === second.producerId,
  );
  const { producerId } = first;
  for (const producerEpoch of [1, 1, 0, 2, 1, 5]) {
    const answer = await requests.init({ producerId, producerEpoch }, version);
    context.note(`${what} goes on with ${producerEpoch}`, name(answer.errorCode), answer.producerEpoch);
  }
  const other = await requests.init({ producerId: producerId + 7n, producerEpoch: 0 }, version);
  context.note(`${what} other producer`, name(other.errorCode));
  const open = await requests.init({}, version);
  await requests.add(open);
  const anew = await requests.init({}, version);
  context.note(`${what} anew while open`, name(anew.errorCode), anew.producerEpoch - open.producerEpoch);
}

async function initOddly(context: AnswersContext): Promise<void> {
  const requests = new Requests(context);
  context.note('InitProducerId no time', name((await requests.init({ transactionTimeoutMs: 0 })).errorCode));
  context.note('InitProducerId empty id', name((await new Requests(context, '').init()).errorCode));
  const idempotent = { transactionalId: null, transactionTimeoutMs: 60_000 };
  const plain = await context.client.send(initProducerIdApi, 5, idempotent);
  const again = await context.client.send(initProducerIdApi, 5, {
    ...idempotent,
    producerId: plain.producerId,
    producerEpoch: 0,
  });
  const same = plain.producerId === again.producerId;
  context.note(
    'InitProducerId no id',
    name(plain.errorCode),
    plain.producerEpoch,
    name(again.errorCode),
    again.producerEpoch,
    same,
  );
}

async function addParts(context: AnswersContext, version: number): Promise<void> {
  const requests = new Requests(context);
  const nobody = new Requests(context);
  const producer = await requests.init();
  const { producerId, producerEpoch } = producer;
  const later = { producerId, producerEpoch: producerEpoch + 1 };
  const other = { producerId: producerId + 9n, producerEpoch };
  const add = `AddPartitionsToTxn v${version}`;
  context.note(add, await requests.add(producer, version));
  context.note(`${add} unknown partition`, await requests.add(producer, version, [0, 9]));
  context.note(`${add} unknown topic`, await requests.add(producer, version, [0], context.nowhere));
  context.note(`${add} other epoch`, await requests.add(later, version));
  context.note(`${add} other producer`, await requests.add(other, version));
  context.note(`${add} unknown id`, await nobody.add(producer, version));
  const offsets = `AddOffsetsToTxn v${version}`;
  context.note(offsets, await requests.addOffsets(producer, 'g', version));
  context.note(`${offsets} other epoch`, await requests.addOffsets(later, 'g', version));
  context.note(`${offsets} other producer`, await requests.addOffsets(other, 'g', version));
  context.note(`${offsets} unknown id`, await nobody.addOffsets(producer, 'g', version));
  context.note(`EndTxn v${version} other epoch`, name((await requests.end(later, true, version)).errorCode));
}

async function produce(context: AnswersContext, version: number): Promise<void> {
  const requests = new Requests(context);
  const producer = await requests.init();
  const { producerId, producerEpoch } = producer;
  const what = `Produce v${version}`;
  context.note(`${what} not added`, await requests.produce(producer, 0, version));
  await requests.add(producer);
  context.note(`${what} added`, await requests.produce(producer, 0, version));
  context.note(`${what} repeated`, await requests.produce(producer, 0, version));
  context.note(`${what} with a gap`, await requests.produce(producer, 5, version));
  context.note(`${what} other partition`, await requests.produce(producer, 0, version, 1));
  context.note(`${what} plain while open`, await requests.produce(producer, 1, version, 0, false));
  const before = { producerId, producerEpoch: producerEpoch - 1 };
  const later = { producerId, producerEpoch: producerEpoch + 1 };
  const other = { producerId: producerId + 99n, producerEpoch };
  context.note(`${what} epoch before`, await requests.produce(before, 1, version));
  context.note(`${what} later epoch`, await requests.produce(later, 0, version));
  context.note(`${what} other producer`, await requests.produce(other, 0, version));
  const next = await requests.init();
  context.note(`${what} fenced`, await requests.produce(producer, 1, version));
  await requests.end(next, false, version >= 12 ? 5 : 4);
  context.note(`${what} after the end`, await requests.produce(next, 0, version));
}

async function offsets(context: AnswersContext, version: number): Promise<void> {
  const requests = new Requests(context);
  const producer = await requests.init();
  const { producerId, producerEpoch } = producer;
  const groupId = context.fresh();
  const base = { transactionalId: requests.id, groupId, producerId, producerEpoch };
  const commit = async (over: object = {}, topic = context.topic, committedMetadata: string | null = null) => {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: 7n, committedMetadata }] }];
    const answer = await context.client.send(txnOffsetCommitApi, version, { ...base, ...over, topics });
    return name(answer.topics[0]!.partitions[0]!.errorCode);
  };
  const fetched = async (requireStable: boolean) => {
    const topics = [{ name: context.topic, partitionIndexes: [0] }];
    const answer = await context.client.send(offsetFetchApi, 8, { groups: [{ groupId, topics }], requireStable });
    const { committedOffset, errorCode } = answer.groups[0]!.topics[0]!.partitions[0]!;
    return `${committedOffset} ${name(errorCode)}`;
  };
  const what = `TxnOffsetCommit v${version}`;
  context.note(`${what} not added`, await commit());
  await requests.addOffsets(producer, groupId, Math.min(version, 4));
  context.note(what, await commit());
  context.note(`${what} other epoch`, await commit({ producerEpoch: 9 }));
  context.note(`${what} other producer`, await commit({ producerId: producerId + 99n }));
  context.note(`${what} unknown topic`, await commit({}, context.nowhere));
  context.note(`${what} long note`, await commit({}, context.topic, 'x'.repeat(5_000)));
  context.note(`${what} empty group`, await commit({ groupId: '' }));
  if (version >= 3) {
    context.note(`${what} stranger`, await commit({ memberId: 'x' }));
    context.note(`${what} stranger of a generation`, await commit({ memberId: 'x', generationId: 3 }));
  }
  context.note(`${what} seen`, await fetched(false), 'stable', await fetched(true));
  await requests.end(producer, true, version >= 5 ? 5 : 4);
  await requests.settled();
  let seen = await fetched(true);
  // Real Kafka writes the markers after it has answered.
  for (let tries = 0; tries < 100 && seen.includes('UNSTABLE'); tries++) seen = await fetched(true);
  context.note(`${what} committed`, seen);
  context.note(`${what} after the end`, await commit());
}

async function list(context: AnswersContext): Promise<void> {
  const all = { stateFilters: [], producerIdFilters: [], durationFilter: -1n };
  const odd = await context.client.send(listTransactionsApi, 2, { ...all, stateFilters: ['Ongoing', 'Odd'] });
  context.note('ListTransactions', name(odd.errorCode), 'unknown', odd.unknownStateFilters.join());
  const bad = await context.client.send(listTransactionsApi, 2, { ...all, transactionalIdPattern: '(' });
  context.note('ListTransactions bad pattern', name(bad.errorCode));
  const transactionalIds = ['', context.fresh()];
  const described = await context.client.send(describeTransactionsApi, 0, { transactionalIds });
  context.note('DescribeTransactions', described.transactionStates.map((state) => name(state.errorCode)).join());
}
