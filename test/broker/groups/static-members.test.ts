import { describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.js';
import type { JoinAnswer } from '../../../src/broker/groups/group-types.js';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { settle } from '../../support/sim-clock.js';
import { beat, commit, GroupWorld, joinRequest, subscription, sync, TestClient } from './group-harness.js';

function joinStatic(world: GroupWorld, groupInstanceId: string, memberId = '', version = 9): Promise<JoinAnswer> {
  return Promise.resolve(world.groups.join(joinRequest({ groupInstanceId, memberId }), new TestClient(), version));
}

/** Two static members, stable; `one` leads. */
async function pair(world: GroupWorld): Promise<[JoinAnswer, JoinAnswer]> {
  const first = await joinStatic(world, 'one');
  const joining = joinStatic(world, 'two');
  await settle();
  const again = joinStatic(world, 'one', first.memberId);
  const [one, two] = await Promise.all([again, joining]);
  const waits = sync(world, two, {}, 'two');
  await sync(world, one, { [one.memberId]: 'a', [two.memberId]: 'b' }, 'one');
  await waits;
  return [one, two];
}

describe('a static member', () => {
  it('comes back after a restart of its client without a rebalance, and keeps its part', async () => {
    const world = new GroupWorld();
    const [one, two] = await pair(world);
    const back = await joinStatic(world, 'two');
    expect(back).toMatchObject({ errorCode: codes.NONE, generationId: 2, leader: one.memberId, skipAssignment: false });
    expect(back.memberId).not.toBe(two.memberId);
    expect(fromUtf8((await sync(world, back, {}, 'two')).assignment)).toBe('b');
    expect(beat(world, one, 'one')).toBe(codes.NONE);
  });

  it('fences the client that had its instance id before', async () => {
    const world = new GroupWorld();
    const [, two] = await pair(world);
    await joinStatic(world, 'two');
    expect(beat(world, two, 'two')).toBe(codes.FENCED_INSTANCE_ID);
    expect(await sync(world, two, {}, 'two')).toMatchObject({ errorCode: codes.FENCED_INSTANCE_ID });
    expect((await joinStatic(world, 'two', two.memberId)).errorCode).toBe(codes.FENCED_INSTANCE_ID);
    const zombie = { memberId: two.memberId, generationIdOrMemberEpoch: 2, groupInstanceId: 'two' };
    expect(await commit(world, zombie)).toBe(codes.FENCED_INSTANCE_ID);
    expect(beat(world, two, 'nobody')).toBe(codes.UNKNOWN_MEMBER_ID);
  });

  it('that leads is told to skip the assignment, in older versions that somebody else leads', async () => {
    const world = new GroupWorld();
    const [one] = await pair(world);
    const back = await joinStatic(world, 'one');
    expect(back).toMatchObject({ leader: back.memberId, skipAssignment: true, generationId: 2 });
    expect(back.members).toHaveLength(2);
    const older = await joinStatic(world, 'one', '', 8);
    expect(older).toMatchObject({ leader: back.memberId, skipAssignment: false, members: [] });
    expect(older.memberId).not.toBe(back.memberId);
    expect(one.memberId).not.toBe(back.memberId);
  });

  it('answers a waiting request of the client it replaces', async () => {
    const world = new GroupWorld();
    const [one] = await pair(world);
    const waits = joinStatic(world, 'one', one.memberId);
    await settle();
    const next = joinStatic(world, 'one');
    expect((await waits).errorCode).toBe(codes.FENCED_INSTANCE_ID);
    void next;
  });

  it('that comes back in the middle of a round starts the next one', async () => {
    const world = new GroupWorld();
    const first = await joinStatic(world, 'one');
    const joining = joinStatic(world, 'two');
    await settle();
    const one = await joinStatic(world, 'one', first.memberId);
    await joining;
    // All have joined, nothing is assigned yet.
    const back = joinStatic(world, 'two');
    await settle();
    expect(beat(world, one, 'one')).toBe(codes.REBALANCE_IN_PROGRESS);
    const again = await joinStatic(world, 'one', one.memberId);
    expect(again.generationId).toBe((await back).generationId);
    expect(again.members.map((member) => member.groupInstanceId)).toEqual(['one', 'two']);
  });

  it('that comes back with other protocols starts a rebalance', async () => {
    const world = new GroupWorld();
    const named = (groupInstanceId: string, memberId: string, ...names: string[]) =>
      joinRequest({
        groupInstanceId,
        memberId,
        protocols: names.map((name) => ({ name, metadata: subscription('orders') })),
      });
    const first = await world.groups.join(named('one', '', 'range', 'sticky'), new TestClient(), 9);
    await sync(world, first, { [first.memberId]: 'a' }, 'one');
    const back = await world.groups.join(named('one', '', 'sticky', 'range'), new TestClient(), 9);
    expect(back).toMatchObject({ generationId: 2, protocolName: 'sticky' });
  });

  it('stays through a rebalance it misses, until its session ends', async () => {
    const world = new GroupWorld();
    const [one, two] = await pair(world);
    const third = joinStatic(world, 'three');
    await settle();
    const again = joinStatic(world, 'one', one.memberId);
    for (let at = 0; at < 9_000; at += 3_000) await world.clock.advance(3_000);
    expect(beat(world, two, 'two')).toBe(codes.REBALANCE_IN_PROGRESS);
    await world.clock.advance(10_000);
    expect((await again).members.map((member) => member.groupInstanceId)).toEqual(['one', 'three']);
    expect((await third).generationId).toBe(3);
    expect(beat(world, two, 'two')).toBe(codes.UNKNOWN_MEMBER_ID);
  });

  it('is removed by an administrator who knows its instance id alone', async () => {
    const world = new GroupWorld();
    const [one] = await pair(world);
    const left = world.groups.leave({
      groupId: 'g',
      members: [
        { memberId: '', groupInstanceId: 'two' },
        { memberId: '', groupInstanceId: 'nobody' },
        { memberId: 'wrong', groupInstanceId: 'one' },
      ],
    });
    expect(left.members.map((member) => member.errorCode)).toEqual([
      codes.NONE,
      codes.UNKNOWN_MEMBER_ID,
      codes.FENCED_INSTANCE_ID,
    ]);
    expect(beat(world, one, 'one')).toBe(codes.REBALANCE_IN_PROGRESS);
  });
});
