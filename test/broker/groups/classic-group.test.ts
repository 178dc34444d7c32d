import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.js';
import type { JoinAnswer } from '../../../src/broker/groups/group-types.js';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { settle } from '../../support/sim-clock.js';
import {
  beat,
  commit,
  GroupWorld,
  join,
  joinAlone,
  joinRequest,
  subscription,
  sync,
  TestClient,
} from './group-harness.js';

/** Two members of one generation, stable; the first leads. */
async function pair(world: GroupWorld): Promise<[JoinAnswer, JoinAnswer]> {
  const first = await joinAlone(world);
  const joining = join(world);
  await settle();
  const again = world.groups.join(joinRequest({ memberId: first.memberId }), new TestClient(), 9);
  const [leader, follower] = await Promise.all([again, joining]);
  const waits = sync(world, follower);
  await sync(world, leader, { [leader.memberId]: 'a', [follower.memberId]: 'b' });
  await waits;
  return [leader, follower];
}

describe('joining', () => {
  it('gives a dynamic member of version 4 an id first, and takes older and static ones at once', async () => {
    const world = new GroupWorld();
    const asked = await world.groups.join(joinRequest(), new TestClient('reader'), 4);
    expect(asked).toMatchObject({ errorCode: codes.MEMBER_ID_REQUIRED, memberId: 'reader-id1', generationId: -1 });
    const old = await world.groups.join(joinRequest({ groupId: 'old' }), new TestClient(), 3);
    expect(old).toMatchObject({ errorCode: codes.NONE, generationId: 1 });
    const fixed = await world.groups.join(
      joinRequest({ groupId: 'fixed', groupInstanceId: 'one' }),
      new TestClient(),
      9,
    );
    expect(fixed).toMatchObject({ errorCode: codes.NONE, generationId: 1, memberId: 'one-id3', leader: 'one-id3' });
  });

  it('refuses what cannot be a group', async () => {
    const world = new GroupWorld();
    const refused = async (over: Parameters<typeof joinRequest>[0]) =>
      (await world.groups.join(joinRequest(over), new TestClient(), 9)).errorCode;
    expect(await refused({ groupId: '' })).toBe(codes.INVALID_GROUP_ID);
    expect(await refused({ sessionTimeoutMs: 5_999 })).toBe(codes.INVALID_SESSION_TIMEOUT);
    expect(await refused({ sessionTimeoutMs: 1_800_001 })).toBe(codes.INVALID_SESSION_TIMEOUT);
    expect(await refused({ protocols: [] })).toBe(codes.INCONSISTENT_GROUP_PROTOCOL);
    expect(await refused({ protocolType: '' })).toBe(codes.INCONSISTENT_GROUP_PROTOCOL);
    expect(await refused({ memberId: 'stranger' })).toBe(codes.UNKNOWN_MEMBER_ID);
    expect(world.groups.list([], [])).toEqual([]);
  });

  it('refuses a member that has no protocol in common with the others, or another type', async () => {
    const world = new GroupWorld();
    await joinAlone(world);
    const other = [{ name: 'sticky', metadata: subscription('orders') }];
    expect((await join(world, { protocols: other })).errorCode).toBe(codes.INCONSISTENT_GROUP_PROTOCOL);
    expect((await join(world, { protocolType: 'connect' })).errorCode).toBe(codes.INCONSISTENT_GROUP_PROTOCOL);
  });

  it('bounds the members of a group and the number of groups', async () => {
    const world = new GroupWorld({ maxMembers: 2, maxGroups: 2 });
    await joinAlone(world);
    expect((await world.groups.join(joinRequest(), new TestClient(), 9)).errorCode).toBe(codes.MEMBER_ID_REQUIRED);
    expect((await world.groups.join(joinRequest(), new TestClient(), 9)).errorCode).toBe(codes.GROUP_MAX_SIZE_REACHED);
    await joinAlone(world, { groupId: 'second' });
    expect((await join(world, { groupId: 'third' })).errorCode).toBe(codes.GROUP_MAX_SIZE_REACHED);
    expect(await commit(world, { groupId: 'third' })).toBe(codes.GROUP_MAX_SIZE_REACHED);
    expect(world.groups.list([], [])).toHaveLength(2);
  });

  it('rebalances when a second member comes: heartbeats tell the first, both get the next generation', async () => {
    const world = new GroupWorld();
    const first = await joinAlone(world);
    expect(beat(world, first)).toBe(codes.NONE);
    const joining = join(world, { protocols: [{ name: 'range', metadata: subscription('clicks') }] });
    await settle();
    expect(beat(world, first)).toBe(codes.REBALANCE_IN_PROGRESS);
    const again = await world.groups.join(joinRequest({ memberId: first.memberId }), new TestClient(), 9);
    const second = await joining;
    expect(again).toMatchObject({ generationId: 2, leader: first.memberId, protocolName: 'range' });
    expect(again.members.map((member) => member.memberId)).toEqual([first.memberId, second.memberId]);
    expect(again.members[1]!.metadata).toEqual(subscription('clicks'));
    expect(second).toMatchObject({ generationId: 2, leader: first.memberId, members: [] });
  });

  it('chooses the protocol most members like best among those that all have', async () => {
    const world = new GroupWorld();
    const metadata = subscription('orders');
    const named = (...names: string[]) => ({ protocols: names.map((name) => ({ name, metadata })) });
    const first = await join(world, named('range', 'sticky'));
    const rest = [join(world, named('sticky', 'range')), join(world, named('alone', 'sticky', 'range'))];
    await settle();
    const again = await world.groups.join(
      joinRequest({ ...named('range', 'sticky'), memberId: first.memberId }),
      new TestClient(),
      9,
    );
    expect(again.protocolName).toBe('sticky');
    expect((await Promise.all(rest)).map((answer) => answer.protocolName)).toEqual(['sticky', 'sticky']);
  });

  it('answers a repeated join of the same generation without a new rebalance, but a leader that rejoins starts one', async () => {
    const world = new GroupWorld();
    const [leader, follower] = await pair(world);
    const repeated = await world.groups.join(joinRequest({ memberId: follower.memberId }), new TestClient(), 9);
    expect(repeated).toMatchObject({ errorCode: codes.NONE, generationId: 2, members: [] });
    expect(beat(world, follower)).toBe(codes.NONE);
    void world.groups.join(joinRequest({ memberId: leader.memberId }), new TestClient(), 9);
    expect(beat(world, follower)).toBe(codes.REBALANCE_IN_PROGRESS);
  });

  it('a follower that changes its subscription starts a rebalance', async () => {
    const world = new GroupWorld();
    const [leader, follower] = await pair(world);
    const protocols = [{ name: 'range', metadata: subscription('orders', 'clicks') }];
    void world.groups.join(joinRequest({ memberId: follower.memberId, protocols }), new TestClient(), 9);
    expect(beat(world, leader)).toBe(codes.REBALANCE_IN_PROGRESS);
  });

  it('holds the first round open when told to, longer each time somebody comes', async () => {
    const world = new GroupWorld({ initialRebalanceDelayMs: 3_000 });
    const first = join(world);
    await world.clock.advance(2_000);
    const second = join(world);
    await world.clock.advance(2_000);
    expect(world.groups.list(['preparingrebalance'], [])).toHaveLength(1);
    await world.clock.advance(2_000);
    expect((await first).generationId).toBe(1);
    expect((await second).generationId).toBe(1);
  });

  it('goes on without members that do not come back within the rebalance timeout', async () => {
    const world = new GroupWorld();
    const [leader, follower] = await pair(world);
    const third = join(world, { rebalanceTimeoutMs: 30_000 });
    await settle();
    // Both stay alive, but only the leader comes back.
    const again = world.groups.join(joinRequest({ memberId: leader.memberId }), new TestClient(), 9);
    for (let at = 0; at < 60_000; at += 5_000) {
      expect(beat(world, follower)).toBe(codes.REBALANCE_IN_PROGRESS);
      await world.clock.advance(5_000);
    }
    expect((await again).members.map((member) => member.memberId)).toEqual([leader.memberId, (await third).memberId]);
    expect(beat(world, follower)).toBe(codes.UNKNOWN_MEMBER_ID);
  });

  it('waits for a member that was given an id, until that is forgotten', async () => {
    const world = new GroupWorld();
    const [leader, follower] = await pair(world);
    await world.groups.join(joinRequest({ sessionTimeoutMs: 6_000 }), new TestClient(), 9);
    const again = [leader, follower].map(({ memberId }) =>
      world.groups.join(joinRequest({ memberId }), new TestClient(), 9),
    );
    await world.clock.advance(5_999);
    expect(world.groups.list(['PreparingRebalance'], [])).toHaveLength(1);
    await world.clock.advance(1);
    expect((await again[0]!).members).toHaveLength(2);
  });
});

describe('syncing', () => {
  it('gives each member its part, in whatever order they ask; missing parts are empty', async () => {
    const world = new GroupWorld();
    const [leader, follower] = await pair(world);
    const later = await sync(world, follower);
    expect(fromUtf8(later.assignment)).toBe('b');
    expect(later).toMatchObject({ errorCode: codes.NONE, protocolType: 'consumer', protocolName: 'range' });
    const lone = new GroupWorld();
    const one = await join(lone);
    expect((await sync(lone, one, { stranger: 'x' })).assignment).toHaveLength(0);
    expect(fromUtf8((await sync(world, leader)).assignment)).toBe('a');
  });

  it('refuses other generations, strangers, other protocols, and a sync while others join', async () => {
    const world = new GroupWorld();
    const first = await joinAlone(world);
    expect(await sync(world, { ...first, generationId: 0 })).toMatchObject({ errorCode: codes.ILLEGAL_GENERATION });
    expect(await sync(world, { ...first, memberId: 'x' })).toMatchObject({ errorCode: codes.UNKNOWN_MEMBER_ID });
    const odd = { groupId: 'g', generationId: 1, memberId: first.memberId, groupInstanceId: null, assignments: [] };
    expect(world.groups.sync({ ...odd, protocolType: 'consumer', protocolName: 'sticky' })).toMatchObject({
      errorCode: codes.INCONSISTENT_GROUP_PROTOCOL,
    });
    void join(world);
    await settle();
    expect(await sync(world, first)).toMatchObject({ errorCode: codes.REBALANCE_IN_PROGRESS });
    expect(await sync(world, first, {}, null, 'nowhere')).toMatchObject({ errorCode: codes.UNKNOWN_MEMBER_ID });
  });

  it('sends waiting members back to join when somebody comes before the leader has assigned', async () => {
    const world = new GroupWorld();
    const first = await joinAlone(world);
    const joining = join(world);
    await settle();
    const leader = await world.groups.join(joinRequest({ memberId: first.memberId }), new TestClient(), 9);
    const second = await joining;
    const waits = sync(world, second);
    void join(world);
    await settle();
    expect(await waits).toMatchObject({ errorCode: codes.REBALANCE_IN_PROGRESS });
    expect(await sync(world, leader, { [second.memberId]: 'late' })).toMatchObject({
      errorCode: codes.REBALANCE_IN_PROGRESS,
    });
  });

  it('an assignment that becomes durable after the next round began is void', async () => {
    const world = new GroupWorld();
    const leader = await join(world);
    const assigning = sync(world, leader, { [leader.memberId]: 'old' });
    void join(world, { protocols: [{ name: 'range', metadata: utf8('other') }] });
    await settle();
    expect(await assigning).toMatchObject({ errorCode: codes.REBALANCE_IN_PROGRESS });
    expect(world.groups.list([], [])[0]!.groupState).toBe('PreparingRebalance');
  });

  it('throws out members that joined and never sync', async () => {
    const world = new GroupWorld();
    const first = await joinAlone(world);
    const joining = join(world);
    await settle();
    const leader = await world.groups.join(joinRequest({ memberId: first.memberId }), new TestClient(), 9);
    const mute = await joining;
    await sync(world, leader, { [leader.memberId]: 'a', [mute.memberId]: 'b' });
    for (let at = 0; at < 60_000; at += 5_000) {
      expect(beat(world, leader)).toBe(codes.NONE);
      expect(beat(world, mute)).toBe(codes.NONE);
      await world.clock.advance(5_000);
    }
    expect(beat(world, mute)).toBe(codes.UNKNOWN_MEMBER_ID);
    expect(beat(world, leader)).toBe(codes.REBALANCE_IN_PROGRESS);
  });
});

describe('sessions', () => {
  it('end when a member is silent for its session timeout; the group is then empty', async () => {
    const world = new GroupWorld();
    const alone = await joinAlone(world);
    await world.clock.advance(9_999);
    expect(beat(world, alone)).toBe(codes.NONE);
    await world.clock.advance(10_000);
    expect(beat(world, alone)).toBe(codes.UNKNOWN_MEMBER_ID);
    expect(world.groups.list([], [])).toMatchObject([{ groupId: 'g', groupState: 'Empty', protocolType: 'consumer' }]);
    // Generations go on counting, so that a zombie's commits stay refused.
    expect((await join(world)).generationId).toBe(3);
  });

  it('do not end while the broker itself lets the member wait', async () => {
    const world = new GroupWorld();
    const [leader, follower] = await pair(world);
    const again = world.groups.join(
      joinRequest({ memberId: follower.memberId, protocols: [{ name: 'range', metadata: utf8('new') }] }),
      new TestClient(),
      9,
    );
    for (let at = 0; at < 40_000; at += 5_000) {
      beat(world, leader);
      await world.clock.advance(5_000);
    }
    void world.groups.join(joinRequest({ memberId: leader.memberId }), new TestClient(), 9);
    expect(await again).toMatchObject({ errorCode: codes.NONE, generationId: 3 });
  });

  it('count again for a member whose connection broke while it waited', async () => {
    const world = new GroupWorld();
    const [leader] = await pair(world);
    const gone = new TestClient();
    void join(world, {}, gone);
    await settle();
    const again = world.groups.join(joinRequest({ memberId: leader.memberId }), new TestClient(), 9);
    gone.cut();
    await world.clock.advance(10_000);
    expect((await again).members.map((member) => member.memberId)).toEqual([leader.memberId]);
  });

  it('a second join in place of one that was given up is the one that is answered', async () => {
    const world = new GroupWorld();
    const [leader, follower] = await pair(world);
    const protocols = [{ name: 'range', metadata: utf8('new') }];
    const given = world.groups.join(joinRequest({ memberId: follower.memberId, protocols }), new TestClient(), 9);
    const second = world.groups.join(joinRequest({ memberId: follower.memberId, protocols }), new TestClient(), 9);
    expect(await given).toMatchObject({ errorCode: codes.REBALANCE_IN_PROGRESS });
    void world.groups.join(joinRequest({ memberId: leader.memberId }), new TestClient(), 9);
    expect(await second).toMatchObject({ errorCode: codes.NONE, generationId: 3 });
  });
});

describe('leaving', () => {
  it('rebalances once for all that leave, and answers each', async () => {
    const world = new GroupWorld();
    const [leader, follower] = await pair(world);
    const left = world.groups.leave({
      groupId: 'g',
      members: [
        { memberId: leader.memberId, groupInstanceId: null },
        { memberId: 'stranger', groupInstanceId: null },
      ],
    });
    expect(left.members.map((member) => member.errorCode)).toEqual([codes.NONE, codes.UNKNOWN_MEMBER_ID]);
    expect(beat(world, follower)).toBe(codes.REBALANCE_IN_PROGRESS);
    const alone = await world.groups.join(joinRequest({ memberId: follower.memberId }), new TestClient(), 9);
    expect(alone).toMatchObject({ generationId: 3, leader: follower.memberId });
  });

  it('of the last member empties the group; of an id that was only handed out, nothing', async () => {
    const world = new GroupWorld();
    const alone = await joinAlone(world);
    const asked = await world.groups.join(joinRequest(), new TestClient(), 9);
    const leave = (memberId: string) =>
      world.groups.leave({ groupId: 'g', members: [{ memberId, groupInstanceId: null }] });
    expect(leave(asked.memberId).members[0]!.errorCode).toBe(codes.NONE);
    expect(beat(world, alone)).toBe(codes.REBALANCE_IN_PROGRESS);
    expect(leave(alone.memberId).members[0]!.errorCode).toBe(codes.NONE);
    expect(world.groups.list([], [])[0]!.groupState).toBe('Empty');
    expect(
      world.groups.leave({ groupId: 'none', members: [{ memberId: 'x', groupInstanceId: null }] }).members[0]!
        .errorCode,
    ).toBe(codes.UNKNOWN_MEMBER_ID);
  });
});
