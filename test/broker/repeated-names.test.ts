import { describe, expect, it } from 'vitest';
import { listOffsetsApi } from '../../src/wire/apis/02-list-offsets.js';
import { metadataApi } from '../../src/wire/apis/03-metadata.js';
import { offsetFetchApi } from '../../src/wire/apis/09-offset-fetch.js';
import { joinGroupApi } from '../../src/wire/apis/11-join-group.js';
import { describeGroupsApi } from '../../src/wire/apis/15-describe-groups.js';
import { initProducerIdApi } from '../../src/wire/apis/22-init-producer-id.js';
import { addPartitionsToTxnApi } from '../../src/wire/apis/24-add-partitions-to-txn.js';
import { describeConfigsApi } from '../../src/wire/apis/32-describe-configs.js';
import { createPartitionsApi } from '../../src/wire/apis/37-create-partitions.js';
import { describeProducersApi } from '../../src/wire/apis/61-describe-producers.js';
import { describeTransactionsApi } from '../../src/wire/apis/65-describe-transactions.js';
import { consumerGroupDescribeApi } from '../../src/wire/apis/69-consumer-group-describe.js';
import { errorCodes } from '../../src/wire/error-codes.js';
import { encodeRequest } from '../../src/wire/frame.js';
import { settle } from '../support/sim-clock.js';
import { makeTopic, scene } from './broker-fixture.js';

/** As often as this would make an answer too large to hold, were each told anew. */
const OFTEN = 20_000;

function often<T>(value: T): T[] {
  return Array.from({ length: OFTEN }, () => value);
}

describe('what a request names again and again is told once, or a few times where Kafka tells it each time', () => {
  it('Metadata', async () => {
    const { client } = await scene();
    const topicId = await makeTopic(client, 't', 2_000);
    const byName = await client.call(metadataApi, 1, { topics: often({ name: 't' }) });
    expect(byName.topics.map(({ partitions }) => partitions.length)).toEqual([2_000]);
    const byId = await client.call(metadataApi, 12, { topics: often({ name: null, topicId }) });
    expect(byId.topics.map(({ name }) => name)).toEqual(['t']);
  });

  it('DescribeConfigs', async () => {
    const { client } = await scene();
    await makeTopic(client, 't');
    const resources = often({ resourceType: 2, resourceName: 't', configurationKeys: null });
    const { results } = await client.call(describeConfigsApi, 4, { resources, includeDocumentation: true });
    expect(results.map(({ resourceName }) => resourceName)).toEqual(['t']);
  });

  it('DescribeGroups and ConsumerGroupDescribe', async () => {
    const { client } = await scene();
    expect((await client.call(describeGroupsApi, 5, { groups: often('g') })).groups).toHaveLength(1);
    expect(
      (await client.call(consumerGroupDescribeApi, 1, { groupIds: often('g'), includeAuthorizedOperations: false }))
        .groups,
    ).toHaveLength(1);
  });

  it('OffsetFetch of all topics', async () => {
    const { client } = await scene();
    const groups = often({ groupId: 'g', topics: null });
    expect((await client.call(offsetFetchApi, 8, { groups })).groups).toHaveLength(5);
    const one = { groupId: 'g', topics: [{ name: 'a', partitionIndexes: [0] }] };
    const two = { groupId: 'g', topics: [{ name: 'b', partitionIndexes: [0] }] };
    expect((await client.call(offsetFetchApi, 8, { groups: [one, two] })).groups).toHaveLength(2);
  });

  it('DescribeProducers and DescribeTransactions', async () => {
    const { client } = await scene();
    await makeTopic(client, 't', 2);
    const topics = [
      { name: 't', partitionIndexes: often(0) },
      { name: 't', partitionIndexes: [0, 1] },
    ];
    const producers = await client.call(describeProducersApi, 0, { topics });
    expect(producers.topics.flatMap(({ partitions }) => partitions.map((each) => each.partitionIndex))).toEqual([0, 1]);
    const { transactionStates } = await client.call(describeTransactionsApi, 0, { transactionalIds: often('x') });
    expect(transactionStates).toHaveLength(1);
  });

  it('AddPartitionsToTxn: one partition gets one marker', async () => {
    const { client } = await scene();
    await makeTopic(client, 't', 2);
    const who = { transactionalId: 'x', transactionTimeoutMs: 10_000 };
    const { producerId, producerEpoch } = await client.call(initProducerIdApi, 2, who);
    const { errorCode } = (
      await client.call(addPartitionsToTxnApi, 3, {
        v3AndBelowTransactionalId: 'x',
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: [{ name: 't', partitions: often(1) }],
      })
    ).resultsByTopicV3AndBelow.map(({ resultsByPartition }) => ({
      errorCode: resultsByPartition[0]!.partitionErrorCode,
    }))[0]!;
    expect(errorCode).toBe(0);
    const { transactionStates } = await client.call(describeTransactionsApi, 0, { transactionalIds: ['x'] });
    expect(transactionStates[0]!.topics).toEqual([{ topic: 't', partitions: [1] }]);
  });
});

it('JoinGroup finds out that no protocol of many is shared', async () => {
  const { client, connect } = await scene();
  const join = (prefix: string) => ({
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: Array.from({ length: 100_000 }, (_, n) => ({ name: `${prefix}${n}`, metadata: new Uint8Array(0) })),
  });
  const first = await connect();
  first.sendRaw(encodeRequest(joinGroupApi, 3, 1, null, join('a')));
  await settle();
  const second = await client.call(joinGroupApi, 3, join('b'));
  expect(second.errorCode).toBe(errorCodes.INCONSISTENT_GROUP_PROTOCOL);
});

it('ListOffsets refuses a partition that stands twice, as Kafka does', async () => {
  const { client } = await scene();
  await makeTopic(client, 't', 2);
  const partition = (partitionIndex: number, timestamp: bigint) => ({ partitionIndex, timestamp });
  const topics = [
    { name: 't', partitions: [partition(0, -2n), partition(1, -2n)] },
    { name: 't', partitions: [partition(0, 5n)] },
  ];
  const answer = await client.call(listOffsetsApi, 6, { topics, replicaId: -1 });
  expect(answer.topics.map(({ partitions }) => partitions.map(({ errorCode }) => errorCode))).toEqual([
    [errorCodes.INVALID_REQUEST, errorCodes.NONE],
    [errorCodes.INVALID_REQUEST],
  ]);
});

it('CreatePartitions refuses a name that stands twice, and looks at each name once', async () => {
  const { client } = await scene();
  await makeTopic(client, 't');
  const wanted = (name: string) => ({ name, count: 2, assignments: null });
  const names = Array.from({ length: 100_000 }, (_, n) => `n${n}`);
  const topics = [wanted('t'), ...names.map(wanted), wanted('t')];
  const { results } = await client.call(createPartitionsApi, 3, { topics, timeoutMs: 1000, validateOnly: false });
  expect([results[0]!.errorCode, results.at(-1)!.errorCode]).toEqual([
    errorCodes.INVALID_REQUEST,
    errorCodes.INVALID_REQUEST,
  ]);
  expect(results[1]!.errorCode).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
});
