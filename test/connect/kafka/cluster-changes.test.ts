import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import { listOffsets } from '../../../src/connect/kafka/list-offsets.js';
import { RecordProducer } from '../../../src/connect/kafka/producer.js';
import { produceApi } from '../../../src/wire/apis/00-produce.js';
import { listOffsetsApi } from '../../../src/wire/apis/02-list-offsets.js';
import { findCoordinatorApi } from '../../../src/wire/apis/10-find-coordinator.js';
import { heartbeatApi } from '../../../src/wire/apis/12-heartbeat.js';
import { initProducerIdApi } from '../../../src/wire/apis/22-init-producer-id.js';
import { addPartitionsToTxnApi } from '../../../src/wire/apis/24-add-partitions-to-txn.js';
import { errorCodes } from '../../../src/wire/error-codes.js';
import { ScriptedCluster } from '../../support/scripted-cluster.js';

async function started(): Promise<ScriptedCluster> {
  const cluster = new ScriptedCluster();
  cluster.on(initProducerIdApi, () => ({ errorCode: 0, producerId: 5n, producerEpoch: 0 }));
  cluster.on(produceApi, ({ topicData }) => ({
    responses: topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index }) => ({ index, errorCode: 0, baseOffset: 0n })),
    })),
  }));
  await cluster.start(1);
  await cluster.start(2);
  return cluster;
}

/** How it stands after `ms` of the cluster's time. */
async function stateAfter<T>(
  cluster: ScriptedCluster,
  ms: number,
  promise: Promise<T>,
): Promise<T | Error | 'waiting'> {
  let state: T | Error | 'waiting' = 'waiting';
  promise.then(
    (value) => {
      state = value;
    },
    (error: Error) => {
      state = error;
    },
  );
  for (let passed = 0; passed < ms; passed += 100) await cluster.clock.advance(100);
  return state;
}

describe('a leader whose machine goes away, and is still named for a while', () => {
  it('is asked for again by a producer until there is another', async () => {
    const cluster = await started();
    const producer = new RecordProducer(cluster.client, { lingerMs: 0 });
    await producer.prepare('t');
    await cluster.stop(1);
    producer.append('t', 0, null, utf8('v'));
    const flushed = producer.flush().then(() => 'written');
    expect(await stateAfter(cluster, 5_000, flushed)).toBe('waiting');
    cluster.leaders = [2];
    expect(await stateAfter(cluster, 5_000, flushed)).toBe('written');
    await producer.close();
    await cluster.client.close();
  });

  it('is asked for again where offsets are looked up', async () => {
    const cluster = await started();
    cluster.on(listOffsetsApi, ({ topics }) => ({
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: 0, offset: 9n })),
      })),
    }));
    await cluster.client.topic('t');
    await cluster.stop(1);
    const found = listOffsets(cluster.client, [{ topic: 't', partition: 0 }], 'end');
    expect(await stateAfter(cluster, 5_000, found)).toBe('waiting');
    cluster.leaders = [2];
    expect(await stateAfter(cluster, 5_000, found)).toEqual([{ topic: 't', partition: 0, offset: 9 }]);
    await cluster.client.close();
  });
});

describe('a partition without a leader', () => {
  it('does not keep records of the others back', async () => {
    const cluster = await started();
    const producer = new RecordProducer(cluster.client, { lingerMs: 0 });
    cluster.leaders = [1, 1];
    await producer.prepare('t');
    cluster.leaders = [1, -1];
    cluster.client.forget('t');
    producer.append('t', 0, null, utf8('v'));
    expect(
      await stateAfter(
        cluster,
        3_000,
        producer.flush().then(() => 'written'),
      ),
    ).toBe('written');
    await producer.close();
    await cluster.client.close();
  });
});

describe('a coordinator that falls silent', () => {
  it('is looked for again, also by calls that are tried once', async () => {
    const cluster = await started();
    let coordinator = 1;
    cluster.on(findCoordinatorApi, () => ({
      coordinators: [
        { key: 'g', nodeId: coordinator, host: 'sim', port: 9000 + coordinator, errorCode: 0, errorMessage: null },
      ],
    }));
    cluster.on(heartbeatApi, (_, broker) => (broker === 1 ? undefined : { errorCode: 0 }));
    const body = { groupId: 'g', generationId: 1, memberId: 'm' };
    const beat = () =>
      cluster.client.call(
        heartbeatApi,
        body,
        { group: 'g' },
        { what: 'beat', retryTimeoutMs: 1_000, errorOf: ({ errorCode }) => errorCode },
      );
    expect(await stateAfter(cluster, 40_000, beat())).toBeInstanceOf(Error);
    coordinator = 2;
    expect(await stateAfter(cluster, 1_000, beat())).toMatchObject({ errorCode: 0 });
    await cluster.client.close();
  });
});

describe('partitions that cannot be added to a transaction', () => {
  it('are told by the reason, which may pass, not by what was left undone for it', async () => {
    const cluster = await started();
    cluster.leaders = [1, 1];
    cluster.on(findCoordinatorApi, () => ({
      coordinators: [{ key: 'x', nodeId: 1, host: 'sim', port: 9001, errorCode: 0, errorMessage: null }],
    }));
    let tries = 0;
    cluster.on(addPartitionsToTxnApi, ({ v3AndBelowTopics }) => {
      const known = ++tries > 1;
      const codes = [errorCodes.OPERATION_NOT_ATTEMPTED, errorCodes.UNKNOWN_TOPIC_OR_PARTITION];
      return {
        resultsByTopicV3AndBelow: v3AndBelowTopics.map(({ name, partitions }) => ({
          name,
          resultsByPartition: partitions.map((partitionIndex, index) => ({
            partitionIndex,
            partitionErrorCode: known ? 0 : codes[index]!,
          })),
        })),
      };
    });
    const producer = new RecordProducer(cluster.client, { lingerMs: 0, transactionalId: 'x' });
    await producer.prepare('t');
    producer.begin();
    producer.append('t', 0, null, utf8('v'));
    producer.append('t', 1, null, utf8('v'));
    expect(
      await stateAfter(
        cluster,
        3_000,
        producer.flush().then(() => 'written'),
      ),
    ).toBe('written');
    expect(tries).toBe(2);
    await producer.close();
    await cluster.client.close();
  });
});
