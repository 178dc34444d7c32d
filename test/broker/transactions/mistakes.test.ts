import { describe, expect, it } from 'vitest';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { settle } from '../../support/sim-clock.js';
import { joinRequest, subscription, TestClient } from '../groups/group-harness.js';
import { TransactionWorld, type Who } from './transaction-harness.js';

const OK = codes.NONE;

/** What others got wrong, each as a script. Those that are about clients and state stores are tested where these live. */
describe('a late request does not reach the next transaction', () => {
  it('Produce: refused by epoch in version 2, by the missing partition in version 1', async () => {
    const world = await TransactionWorld.start();
    const first = await world.init();
    await world.produce(first, 0, 'a');
    const second = await world.end(first, true);
    await world.produce(second, 0, 'b', { index: 1 });
    expect(await world.produce(first, 1, 'late')).toBe(codes.INVALID_PRODUCER_EPOCH);
    expect(world.out().openTransaction(first.producerId)).toBeUndefined();

    const old = await world.init('old');
    const who: Who = { ...old, transactionalId: 'old' };
    await world.addPartition(who);
    await world.produce(who, 0, 'c', { version: 10 });
    await world.end(who, true, 1);
    expect(await world.produce(who, 1, 'late', { version: 10 })).toBe(codes.INVALID_TXN_STATE);
    expect(await world.produce(who, 1, 'late', { version: 11 })).toBe(codes.TRANSACTION_ABORTABLE);
    await world.addPartition(who, 1);
    expect(await world.produce(who, 1, 'late', { version: 10 })).toBe(codes.INVALID_TXN_STATE);
    expect(world.out().committed()).toEqual(['a', 'c']);
  });

  it('Produce: while markers are being written it is told to come again', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init();
    await world.addPartition(who);
    await world.produce(who, 0, 'a', { version: 10 });
    world.out().held = true;
    void world.end(who, true, 1);
    await settle();
    expect(await world.produce(who, 1, 'late', { version: 10 })).toBe(codes.NOT_ENOUGH_REPLICAS);
    expect(await world.produce(who, 1, 'late', { version: 12 })).toBe(codes.CONCURRENT_TRANSACTIONS);
    expect(await world.addPartition(who, 1)).toBe(codes.CONCURRENT_TRANSACTIONS);
    expect((await world.init()).errorCode).toBe(codes.CONCURRENT_TRANSACTIONS);
  });

  it('AddPartitionsToTxn: refused by the epoch', async () => {
    const world = await TransactionWorld.start();
    const first = await world.init();
    await world.addPartition(first);
    const second = await world.end(first, true);
    expect(await world.addPartition(first, 1)).toBe(codes.PRODUCER_FENCED);
    expect(world.status()).toBe('CompleteCommit');
    expect(await world.addPartition(second, 1)).toBe(OK);
  });

  it('EndTxn: it ends nothing but its own', async () => {
    const world = await TransactionWorld.start();
    const first = await world.init();
    await world.produce(first, 0, 'a');
    const second = await world.end(first, true);
    await world.produce(second, 0, 'b');
    expect((await world.end(first, false)).errorCode).toBe(codes.PRODUCER_FENCED);
    expect(world.status()).toBe('Ongoing');
    expect(world.out().committed()).toEqual(['a']);
    await world.end(second, true);
    expect(world.out().committed()).toEqual(['a', 'b']);
  });
});

describe('a restart keeps', () => {
  it('the last stable offset and the aborted transactions', async () => {
    const world = await TransactionWorld.start();
    let who: Who = await world.init();
    await world.produce(who, 0, 'gone');
    who = await world.end(who, false);
    await world.produce(who, 0, 'open');
    await world.restart();
    expect(world.out().lastStable).toBe(2);
    expect(world.out().committed()).toEqual([]);
    await world.end(who, true);
    expect(world.out().committed()).toEqual(['open']);
  });

  it('an outcome that was decided, with all its markers, once', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init();
    await world.produce(who, 0, 'a', { index: 0 });
    await world.produce(who, 0, 'b', { index: 1 });
    world.out(1).held = true;
    void world.end(who, true);
    await settle();
    expect(world.out(0).markers()).toEqual(['commit@1']);
    expect(world.out(1).markers()).toEqual([]);
    await world.restart();
    expect(world.status()).toBe('CompleteCommit');
    expect(world.out(0).markers()).toEqual(['commit@1']);
    expect(world.out(1).markers()).toEqual(['commit@1']);
    expect([world.out(0).committed(), world.out(1).committed()]).toEqual([['a'], ['b']]);
  });

  it('partitions whose records reached the disk before the journal entry', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init();
    await world.produce(who, 0, 'a', { index: 0 });
    await world.produce(who, 0, 'b', { index: 1 });
    // The entry that made partition 1 part of the transaction is lost.
    await world.restart({ journalFrames: world.journal.frames.length - 1 });
    await world.end(who, true);
    expect(world.out(1).committed()).toEqual(['b']);
  });

  it('no transaction that nobody owns: readers would wait for ever', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init();
    await world.produce(who, 0, 'a');
    // The entry that opened the transaction is lost.
    await world.restart({ journalFrames: world.journal.frames.length - 1 });
    expect(world.orphans).toBe(1);
    expect(world.out().lastStable).toBe(2);
    expect(world.out().committed()).toEqual([]);
  });
});

describe('group offsets in a transaction', () => {
  it('are not seen before the commit, and a reader that wants stable offsets is told to wait', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init();
    expect(await world.commitOffset(who, 5)).toBe(OK);
    expect(await world.committedOffset()).toBe(-1);
    expect(await world.committedOffset(true)).toBe('UNSTABLE');
    await world.restart();
    expect(await world.committedOffset(true)).toBe('UNSTABLE');
    const next = await world.end(who, true);
    expect(await world.committedOffset(true)).toBe(5);
    await world.commitOffset(next, 9);
    await world.end(next, false);
    expect(await world.committedOffset(true)).toBe(5);
  });

  it('need a member of the present generation', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init();
    const protocols = [{ name: 'range', metadata: subscription('in') }];
    const joined = await world.groups.join(joinRequest({ protocols }), new TestClient(), 3);
    const { memberId, generationId } = joined;
    expect(await world.commitOffset(who, 1, { memberId: 'zombie', generationId })).toBe(codes.UNKNOWN_MEMBER_ID);
    expect(await world.commitOffset(who, 1, { memberId, generationId: generationId - 1 })).toBe(
      codes.ILLEGAL_GENERATION,
    );
    expect(await world.commitOffset(who, 1, { groupId: 'other', memberId, generationId })).toBe(
      codes.ILLEGAL_GENERATION,
    );
    expect(await world.commitOffset(who, 1, { memberId, generationId })).toBe(OK);
    // Old clients cannot say who they are.
    expect(await world.commitOffset(who, 2)).toBe(OK);
    expect(world.status()).toBe('Ongoing');
  });

  it('need AddOffsetsToTxn first in version 1, and the present epoch in both', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init();
    expect(await world.commitOffset(who, 1, { version: 3 })).toBe(codes.INVALID_TXN_STATE);
    expect(await world.commitOffset(who, 1, { version: 4 })).toBe(codes.TRANSACTION_ABORTABLE);
    world.transactions.add({ transactionalId: 't', ...who }, { groups: ['g'] });
    expect(await world.commitOffset(who, 1, { version: 3 })).toBe(OK);
    expect(await world.commitOffset({ ...who, epoch: who.epoch + 1 }, 1)).toBe(codes.INVALID_PRODUCER_EPOCH);
    await world.end(who, true, 1);
    expect(await world.commitOffset(who, 2, { version: 3 })).toBe(codes.INVALID_TXN_STATE);
    expect(await world.committedOffset()).toBe(1);
  });

  it('lose against a plain commit that came later, and win against one that came before', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init();
    const plain = (offset: number) =>
      world.groups.offsets.commit(
        {
          groupId: 'g',
          generationIdOrMemberEpoch: -1,
          memberId: '',
          groupInstanceId: null,
          retentionTimeMs: -1n,
          topics: [
            {
              name: 'in',
              topicId: '',
              partitions: [
                {
                  partitionIndex: 0,
                  committedOffset: BigInt(offset),
                  committedLeaderEpoch: -1,
                  committedMetadata: null,
                },
              ],
            },
          ],
        },
        8,
      );
    await plain(3);
    await world.commitOffset(who, 5);
    await plain(7);
    await world.restart({ fromSnapshot: true });
    const next = await world.end(who, true);
    expect(await world.committedOffset()).toBe(7);
    await world.commitOffset(next, 9);
    await world.end(next, true);
    expect(await world.committedOffset()).toBe(9);
  });
});

describe('a transaction that takes too long', () => {
  it('is aborted, and its producer cannot write with the epoch it had', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init('t', 10_000);
    await world.produce(who, 0, 'a');
    await world.commitOffset(who, 1);
    await world.clock.advance(9_999);
    expect(world.status()).toBe('Ongoing');
    await world.clock.advance(1);
    await settle();
    expect(world.status()).toBe('CompleteAbort');
    expect(world.out().markers()).toEqual(['abort@1']);
    expect(await world.committedOffset(true)).toBe(-1);
    expect(await world.produce(who, 1, 'late')).toBe(codes.INVALID_PRODUCER_EPOCH);
    expect((await world.end(who, true)).errorCode).toBe(codes.INVALID_TXN_STATE);
    expect((await world.end(who, true, 1)).errorCode).toBe(codes.PRODUCER_FENCED);
    // Its own abort finds the work done, and brings it the epoch to go on with.
    const next = await world.end(who, false);
    expect(next).toMatchObject({ errorCode: OK, epoch: who.epoch + 1 });
    expect(await world.produce(next, 0, 'b')).toBe(OK);
  });

  it('leaves its producer the way of InitProducerId, unless another took over', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init('t', 10_000);
    await world.produce(who, 0, 'a');
    await world.clock.advance(10_000);
    await settle();
    const goOn = { transactionalId: 't', timeoutMs: 10_000, ...who };
    expect(await world.transactions.initProducer(goOn)).toMatchObject({ errorCode: OK, epoch: who.epoch + 1 });
    await world.init('t', 10_000);
    expect((await world.transactions.initProducer(goOn)).errorCode).toBe(codes.PRODUCER_FENCED);
  });

  it('counts the time before a restart', async () => {
    const world = await TransactionWorld.start();
    const who = await world.init('t', 10_000);
    await world.produce(who, 0, 'a');
    await world.clock.advance(6_000);
    await world.restart();
    await world.clock.advance(4_000);
    await settle();
    expect(world.status()).toBe('CompleteAbort');
    expect(world.out().committed()).toEqual([]);
  });

  it('the time of one transaction does not end the next', async () => {
    const world = await TransactionWorld.start();
    let who: Who = await world.init('t', 10_000);
    await world.produce(who, 0, 'a');
    await world.clock.advance(9_000);
    who = await world.end(who, true);
    await world.produce(who, 0, 'b');
    await world.clock.advance(9_000);
    expect((await world.end(who, true)).errorCode).toBe(OK);
    expect(world.out().committed()).toEqual(['a', 'b']);
  });

  it('may be asked for up to a day, and no longer', async () => {
    const world = await TransactionWorld.start();
    expect((await world.init('t', 3_600_000)).errorCode).toBe(OK);
    expect((await world.init('t', 86_400_001)).errorCode).toBe(codes.INVALID_TRANSACTION_TIMEOUT);
    expect((await world.init('t', 0)).errorCode).toBe(codes.INVALID_TRANSACTION_TIMEOUT);
  });
});
