import { describe, expect, it } from 'vitest';
import type { StreamctlError } from '../../src/base/errors.js';
import { produceApi } from '../../src/wire/apis/00-produce.js';
import { joinGroupApi } from '../../src/wire/apis/11-join-group.js';
import { syncGroupApi } from '../../src/wire/apis/14-sync-group.js';
import { initProducerIdApi } from '../../src/wire/apis/22-init-producer-id.js';
import { endTxnApi } from '../../src/wire/apis/26-end-txn.js';
import { consumerGroupHeartbeatApi } from '../../src/wire/apis/68-consumer-group-heartbeat.js';
import { errorCodes } from '../../src/wire/error-codes.js';
import { batchOf } from '../support/sim-broker.js';
import { makeTopic, type Scene, scene } from './broker-fixture.js';

const TIMEOUT_MS = 30_000;

/** The next call that the disk is asked for fails. */
function failNext(stage: Scene, ahead = 0): void {
  stage.files.faultAt(stage.files.calls + ahead, 'fail');
}

/** Joins a classic group; gives the member. */
async function join(stage: Scene) {
  const request = { groupId: 'g', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, protocolType: 'consumer' };
  const protocols = [{ name: 'range', metadata: new Uint8Array(4) }];
  const { memberId } = await stage.client.call(joinGroupApi, 4, { ...request, protocols, memberId: '' });
  const { generationId } = await stage.client.call(joinGroupApi, 4, { ...request, protocols, memberId });
  return { groupId: 'g', memberId, generationId };
}

/** Opens a transaction with one record. */
async function begin(stage: Scene) {
  const { producerId, producerEpoch } = await stage.client.call(initProducerIdApi, 5, {
    transactionalId: 'tx',
    transactionTimeoutMs: TIMEOUT_MS,
  });
  const records = batchOf(['v'], {
    producerId: Number(producerId),
    producerEpoch,
    baseSequence: 0,
    transactional: true,
  });
  const { id: topicId } = stage.running.broker.topics.byName('t')!;
  const answer = await stage.client.call(produceApi, 13, {
    transactionalId: 'tx',
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ topicId, partitionData: [{ index: 0, records }] }],
  });
  expect(answer.responses[0]!.partitionResponses[0]!.errorCode).toBe(0);
  return { transactionalId: 'tx', producerId, producerEpoch };
}

function standing(stage: Scene) {
  const { broker } = stage.running;
  return [broker.transactions.describe('tx')!.status, broker.topics.partition('t', 0)!.lastStable];
}

describe('a disk that refuses a write', () => {
  it('does not end the broker when a timer writes, and the group goes on', async () => {
    const stage = await scene({ policy: 'never' });
    await join(stage);
    await stage.clock.advance(9_000);
    failNext(stage);
    await stage.clock.advance(2_000);
    expect((await stage.running.broker.groups.describe(['g'], 5))[0]!.groupState).toBe('Empty');
    const heartbeat = { groupId: 'c', memberId: 'm', rebalanceTimeoutMs: 10_000, subscribedTopicNames: ['t'] };
    await stage.client.call(consumerGroupHeartbeatApi, 1, { ...heartbeat, memberEpoch: 0, topicPartitions: [] });
    failNext(stage);
    await stage.clock.advance(50_000);
    expect((await stage.running.broker.groups.describeConsumers(['c']))[0]!.groupState).toBe('Empty');
  });

  it('is tried again where the time of a transaction is over', async () => {
    const stage = await scene({ policy: 'never' });
    await makeTopic(stage.client, 't');
    await begin(stage);
    failNext(stage);
    await stage.clock.advance(TIMEOUT_MS);
    expect(standing(stage)).toEqual(['Ongoing', 0]);
    await stage.clock.advance(2_000);
    expect(standing(stage)).toEqual(['CompleteAbort', 2]);
  });

  it('leaves a transaction its time limit when its end could not be noted', async () => {
    const stage = await scene({ policy: 'never' });
    await makeTopic(stage.client, 't');
    const who = await begin(stage);
    failNext(stage);
    await expect(stage.client.call(endTxnApi, 5, { ...who, committed: true })).rejects.toThrow();
    expect(standing(stage)).toEqual(['Ongoing', 0]);
    await stage.clock.advance(TIMEOUT_MS);
    expect(standing(stage)).toEqual(['CompleteAbort', 2]);
  });

  it('does not keep a decided transaction from its markers', async () => {
    for (const ahead of [1, 2]) {
      const stage = await scene({ policy: 'never' });
      await makeTopic(stage.client, 't');
      const who = await begin(stage);
      failNext(stage, ahead);
      await expect(stage.client.call(endTxnApi, 5, { ...who, committed: true })).rejects.toThrow();
      expect(standing(stage)[0]).toBe('PrepareCommit');
      await stage.clock.advance(2_000);
      expect(standing(stage)).toEqual(['CompleteCommit', 2]);
      const again = await (await stage.connect()).call(endTxnApi, 5, { ...who, committed: true });
      expect([again.errorCode, again.producerEpoch]).toEqual([0, who.producerEpoch + 1]);
    }
  });
});

it('an assignment that is too large to be stored is refused, and the next round begins', async () => {
  const stage = await scene({ policy: 'never' });
  const member = await join(stage);
  const assignments = [{ memberId: member.memberId, assignment: new Uint8Array(13 << 20) }];
  const { errorCode } = await stage.client.call(syncGroupApi, 3, { ...member, assignments });
  expect(errorCode).toBe(errorCodes.UNKNOWN_SERVER_ERROR);
  expect((await stage.running.broker.groups.describe(['g'], 5))[0]!.groupState).toBe('PreparingRebalance');
});

it('a broker whose disk fails while it closes says so instead of waiting for ever', async () => {
  const ends: string[] = [];
  for (let ahead = 0; ahead < 12; ahead++) {
    const stage = await scene({ policy: 'interval' });
    await makeTopic(stage.client, 't');
    await begin(stage);
    failNext(stage, ahead);
    ends.push(
      await stage.running.close().then(
        () => 'closed',
        (error: StreamctlError) => error.code,
      ),
    );
  }
  expect(new Set(ends)).toEqual(new Set(['closed', 'disk-failed']));
});
