import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConsumerHeartbeat, ConsumerHeartbeatAnswer } from '../../../src/broker/groups/consumer-request.js';
import { keysOf } from '../../../src/broker/groups/consumer-state.js';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { commit, committed, GroupWorld, idOf, join, joinAlone, joinRequest, TestClient } from './group-harness.js';

/** A consumer of the new protocol: heartbeats, gives up what it is told to, owns what it is given. */
class Consumer {
  readonly id: string;
  epoch = 0;
  owned: readonly string[] = [];
  last: ConsumerHeartbeatAnswer | undefined;
  #told: readonly string[] | undefined;
  readonly #world: GroupWorld;
  readonly #over: Partial<ConsumerHeartbeat>;

  constructor(world: GroupWorld, id: string, over: Partial<ConsumerHeartbeat> = {}) {
    this.#world = world;
    this.id = id;
    this.#over = over;
  }

  /** One heartbeat; `slow` members do not act on their assignment yet. */
  async beat(slow = false): Promise<ConsumerHeartbeatAnswer> {
    const joins = this.epoch === 0;
    const answer = await send(this.#world, {
      memberId: this.id,
      memberEpoch: this.epoch,
      ...(joins ? { rebalanceTimeoutMs: 30_000, subscribedTopicNames: ['orders'] } : {}),
      ...this.#over,
      topicPartitions: joins ? [] : byTopic(this.owned),
    });
    this.last = answer;
    if (answer.errorCode === codes.FENCED_MEMBER_EPOCH || answer.errorCode === codes.UNKNOWN_MEMBER_ID) {
      this.epoch = 0;
      this.owned = [];
      this.#told = undefined;
    }
    if (answer.errorCode !== codes.NONE) return answer;
    this.epoch = answer.memberEpoch;
    if (answer.assignment) this.#told = keysOf(answer.assignment.topicPartitions);
    if (!slow) this.owned = this.#told ?? this.owned;
    return answer;
  }

  async leave(): Promise<ConsumerHeartbeatAnswer> {
    const instanceId = this.#over.instanceId ?? null;
    return send(this.#world, { memberId: this.id, memberEpoch: instanceId === null ? -1 : -2, instanceId });
  }
}

function byTopic(keys: readonly string[]) {
  return keys.map((key) => ({ topicId: key.split(':')[0]!, partitions: [Number(key.split(':')[1])] }));
}

function send(world: GroupWorld, over: Partial<ConsumerHeartbeat>, version = 1): Promise<ConsumerHeartbeatAnswer> {
  const request = {
    groupId: 'g',
    memberId: 'm',
    memberEpoch: 0,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: -1,
    subscribedTopicNames: null,
    subscribedTopicRegex: null,
    serverAssignor: null,
    topicPartitions: null,
    ...over,
  };
  return world.groups.consumerHeartbeat(request, new TestClient(), version);
}

async function settleAll(consumers: readonly Consumer[], rounds = 6): Promise<void> {
  for (let round = 0; round < rounds; round++) for (const consumer of consumers) await consumer.beat();
}

async function stateOf(world: GroupWorld): Promise<string> {
  return (await world.groups.describeConsumers(['g']))[0]!.groupState;
}

const P = (...indexes: number[]): string[] => indexes.map((index) => `${idOf('orders')}:${index}`);

describe('a group of the consumer protocol', () => {
  it('gives one member everything at once, and shares when a second comes, without a moment of two owners', async () => {
    const world = new GroupWorld();
    const first = new Consumer(world, 'a');
    expect(await first.beat()).toMatchObject({ errorCode: 0, memberEpoch: 1, heartbeatIntervalMs: 1_000 });
    expect(first.owned).toEqual(P(0, 1, 2, 3));
    expect((await first.beat()).assignment).toBeNull();

    const second = new Consumer(world, 'b');
    expect(await second.beat()).toMatchObject({ memberEpoch: 2, assignment: { topicPartitions: [] } });
    expect(await stateOf(world)).toBe('Reconciling');
    const told = await first.beat(true);
    expect(told).toMatchObject({ memberEpoch: 1, assignment: { topicPartitions: [{ partitions: [0, 1] }] } });
    // It was told, and has not given them up yet: the other one waits.
    await second.beat();
    expect(second.owned).toEqual([]);
    first.owned = P(0, 1);
    expect((await first.beat()).memberEpoch).toBe(2);
    await second.beat();
    expect(second.owned).toEqual(P(2, 3));
    expect(await stateOf(world)).toBe('Stable');
  });

  it('is told with epochs, assignor and targets', async () => {
    const world = new GroupWorld();
    await settleAll([new Consumer(world, 'a', { serverAssignor: 'range' })]);
    const [group, unknown] = await world.groups.describeConsumers(['g', 'other']);
    expect(group).toMatchObject({
      groupState: 'Stable',
      groupEpoch: 1,
      assignmentEpoch: 1,
      assignorName: 'range',
      members: [
        {
          memberId: 'a',
          memberEpoch: 1,
          clientId: 'client',
          subscribedTopicNames: ['orders'],
          assignment: { topicPartitions: [{ topicName: 'orders', partitions: [0, 1, 2, 3] }] },
          memberType: 1,
        },
      ],
    });
    expect(unknown).toMatchObject({ errorCode: codes.GROUP_ID_NOT_FOUND });
    expect(world.groups.list([], ['Consumer'])).toEqual([
      { groupId: 'g', groupState: 'Stable', groupType: 'consumer', protocolType: 'consumer' },
    ]);
    expect(world.groups.list([], ['classic'])).toEqual([]);
    expect((await world.groups.describe(['g'], 6))[0]!.errorCode).toBe(codes.GROUP_ID_NOT_FOUND);
  });

  it('gives on what a member had that leaves, or falls silent', async () => {
    const world = new GroupWorld();
    const [first, second, third] = ['a', 'b', 'c'].map((id) => new Consumer(world, id)) as [
      Consumer,
      Consumer,
      Consumer,
    ];
    await settleAll([first, second, third]);
    expect(await first.leave()).toMatchObject({ errorCode: 0, memberEpoch: -1, memberId: 'a' });
    await settleAll([second, third]);
    expect(second.owned.length + third.owned.length).toBe(4);
    for (let at = 0; at < 50_000; at += 5_000) {
      await second.beat();
      await world.clock.advance(5_000);
    }
    expect(second.owned).toHaveLength(4);
    expect((await third.beat()).errorCode).toBe(codes.UNKNOWN_MEMBER_ID);
  });

  it('throws out a member that does not give up in time', async () => {
    const world = new GroupWorld();
    const first = new Consumer(world, 'a');
    const second = new Consumer(world, 'b');
    await first.beat();
    await second.beat();
    for (let at = 0; at < 35_000; at += 5_000) {
      await first.beat(true);
      await second.beat();
      await world.clock.advance(5_000);
    }
    expect(first.last!.errorCode).toBe(codes.UNKNOWN_MEMBER_ID);
    await second.beat();
    expect(second.owned).toHaveLength(4);
  });

  it('follows topics that grow, come and go', async () => {
    const world = new GroupWorld();
    const consumer = new Consumer(world, 'a', { subscribedTopicNames: ['orders', 'later'] });
    await settleAll([consumer]);
    world.topics.set('orders', 6);
    await settleAll([consumer]);
    expect(consumer.owned).toEqual(P(0, 1, 2, 3, 4, 5));
    world.topics.set('later', 1);
    await settleAll([consumer]);
    expect(consumer.owned).toHaveLength(7);
    world.topics.delete('orders');
    await settleAll([consumer]);
    expect(consumer.owned).toEqual([`${idOf('later')}:0`]);
  });

  it('subscribes by pattern', async () => {
    const world = new GroupWorld();
    const consumer = new Consumer(world, 'a', { subscribedTopicNames: null, subscribedTopicRegex: 'or.*|new-.+' });
    await settleAll([consumer]);
    expect(consumer.owned).toHaveLength(4);
    world.topics.set('new-one', 2);
    await settleAll([consumer]);
    expect(consumer.owned).toHaveLength(6);
    const bad = await send(world, {
      memberId: 'x',
      rebalanceTimeoutMs: 1,
      topicPartitions: [],
      subscribedTopicRegex: '(',
    });
    expect(bad.errorCode).toBe(codes.INVALID_REGULAR_EXPRESSION);
  });

  it('keeps the place of a static member that is away for a moment', async () => {
    const world = new GroupWorld();
    const first = new Consumer(world, 'a', { instanceId: 'one' });
    const second = new Consumer(world, 'b', { instanceId: 'two' });
    await settleAll([first, second]);
    const { owned } = first;
    const early = new Consumer(world, 'c', { instanceId: 'one' });
    expect((await early.beat()).errorCode).toBe(codes.UNRELEASED_INSTANCE_ID);
    expect(await first.leave()).toMatchObject({ errorCode: 0, memberEpoch: -2 });
    await settleAll([second]);
    expect(second.owned).toHaveLength(2);
    await early.beat();
    expect([...early.owned].sort()).toEqual([...owned].sort());
    expect((await first.beat()).errorCode).toBe(codes.FENCED_INSTANCE_ID);
    expect((await world.groups.describeConsumers(['g']))[0]!.members).toHaveLength(2);
  });

  it('lets a member go on whose answer got lost, and fences all other epochs', async () => {
    const world = new GroupWorld();
    const first = new Consumer(world, 'a');
    const second = new Consumer(world, 'b');
    await settleAll([first, second]);
    world.topics.set('orders', 6);
    const before = first.epoch;
    await first.beat();
    expect(first.epoch).toBeGreaterThan(before);
    first.epoch = before;
    expect((await first.beat()).errorCode).toBe(codes.NONE);
    first.epoch = 99;
    expect((await first.beat()).errorCode).toBe(codes.FENCED_MEMBER_EPOCH);
    expect((await first.beat()).errorCode).toBe(codes.NONE);
  });

  it('takes commits and fetches of the present epoch only', async () => {
    const world = new GroupWorld();
    const consumer = new Consumer(world, 'a');
    await consumer.beat();
    const member = { memberId: 'a', generationIdOrMemberEpoch: consumer.epoch };
    expect(await commit(world, { ...member, offset: 5 }, 9)).toBe(codes.NONE);
    expect(await commit(world, { ...member, generationIdOrMemberEpoch: 9 }, 9)).toBe(codes.STALE_MEMBER_EPOCH);
    expect(await commit(world, { ...member, memberId: 'x' }, 9)).toBe(codes.UNKNOWN_MEMBER_ID);
    expect(await commit(world, {}, 9)).toBe(codes.UNKNOWN_MEMBER_ID);
    const fetch = async (memberId: string | null, memberEpoch: number) =>
      (await world.groups.offsets.fetch([{ groupId: 'g', memberId, memberEpoch, topics: null }], true, 9))[0]!;
    expect(await fetch('a', consumer.epoch)).toMatchObject({ errorCode: codes.NONE, topics: [{ name: 'orders' }] });
    expect((await fetch('a', 9)).errorCode).toBe(codes.STALE_MEMBER_EPOCH);
    expect((await fetch('x', 1)).errorCode).toBe(codes.UNKNOWN_MEMBER_ID);
    expect((await fetch(null, -1)).errorCode).toBe(codes.NONE);
  });

  it('refuses what contradicts itself', async () => {
    const world = new GroupWorld();
    const joining = { rebalanceTimeoutMs: 1_000, topicPartitions: [], subscribedTopicNames: ['orders'] };
    const code = async (over: Partial<ConsumerHeartbeat>, version = 1) => (await send(world, over, version)).errorCode;
    expect(await code({ ...joining, groupId: '' })).toBe(codes.INVALID_REQUEST);
    expect(await code({ ...joining, memberId: '' })).toBe(codes.INVALID_REQUEST);
    expect(await code({ ...joining, memberId: '' }, 0)).toBe(codes.NONE);
    expect(await code({ ...joining, instanceId: '' })).toBe(codes.INVALID_REQUEST);
    expect(await code({ ...joining, rebalanceTimeoutMs: -1 })).toBe(codes.INVALID_REQUEST);
    expect(await code({ ...joining, topicPartitions: null })).toBe(codes.INVALID_REQUEST);
    expect(await code({ ...joining, subscribedTopicNames: null })).toBe(codes.INVALID_REQUEST);
    expect(await code({ ...joining, memberEpoch: -3 })).toBe(codes.INVALID_REQUEST);
    expect(await code({ memberEpoch: -2 })).toBe(codes.INVALID_REQUEST);
    expect(await code({ ...joining, serverAssignor: 'best' })).toBe(codes.UNSUPPORTED_ASSIGNOR);
    expect(await code({ memberEpoch: 4 })).toBe(codes.UNKNOWN_MEMBER_ID);
    expect(await code({ groupId: 'none', memberEpoch: 4 })).toBe(codes.GROUP_ID_NOT_FOUND);
  });

  it('changes its protocol when the last member has gone, and keeps its offsets', async () => {
    const world = new GroupWorld();
    const classic = await joinAlone(world);
    const consumer = new Consumer(world, 'a');
    expect((await consumer.beat()).errorCode).toBe(codes.GROUP_ID_NOT_FOUND);
    await commit(world, { memberId: classic.memberId, generationIdOrMemberEpoch: classic.generationId, offset: 7 });
    world.groups.leave({ groupId: 'g', members: [{ memberId: classic.memberId, groupInstanceId: null }] });
    expect((await consumer.beat()).errorCode).toBe(codes.NONE);
    expect((await committed(world)).offset).toBe(7n);
    const refused = await world.groups.join(joinRequest(), new TestClient(), 9);
    expect(refused.errorCode).toBe(codes.INCONSISTENT_GROUP_PROTOCOL);
    expect(await world.groups.delete(['g'])).toMatchObject([{ errorCode: codes.NON_EMPTY_GROUP }]);
    await consumer.leave();
    expect((await join(world)).errorCode).toBe(codes.NONE);
    world.restart();
    expect((await committed(world)).offset).toBe(7n);
  });

  for (const fromSnapshot of [false, true]) {
    it(`goes on after a restart of the broker${fromSnapshot ? ', from a snapshot' : ''}`, async () => {
      const world = new GroupWorld();
      const [first, second] = [new Consumer(world, 'a'), new Consumer(world, 'b')];
      await settleAll([first, second]);
      world.restart(fromSnapshot);
      expect(await first.beat()).toMatchObject({ errorCode: 0, assignment: null });
      await world.clock.advance(44_000);
      await first.beat();
      await world.clock.advance(2_000);
      await settleAll([first]);
      expect(first.owned).toHaveLength(4);
      expect((await second.beat()).errorCode).toBe(codes.UNKNOWN_MEMBER_ID);
    });
  }

  it('never has two owners of a partition, and settles, whatever members do', async () => {
    type Step = { kind: 'come' | 'beat' | 'slow' | 'die' | 'leave' | 'pass' | 'grow' | 'restart'; who: number };
    const kinds = fc.constantFrom<Step['kind']>(
      'come',
      'beat',
      'beat',
      'beat',
      'slow',
      'slow',
      'die',
      'leave',
      'pass',
      'grow',
      'restart',
    );
    const play = async (script: readonly Step[]): Promise<void> => {
      const world = new GroupWorld();
      let alive: Consumer[] = [];
      let partitions = 4;
      const check = (): void => {
        const all = alive.flatMap((consumer) => consumer.owned);
        expect(new Set(all).size).toBe(all.length);
      };
      for (const [index, { kind, who }] of script.entries()) {
        const consumer = alive[who % Math.max(1, alive.length)];
        if (kind === 'come') alive.push(new Consumer(world, `c${index}`));
        else if (kind === 'grow') world.topics.set('orders', ++partitions);
        else if (kind === 'pass') await world.clock.advance(5_000);
        else if (kind === 'restart') world.restart(who % 2 === 0);
        else if (consumer && (kind === 'beat' || kind === 'slow')) await consumer.beat(kind === 'slow');
        else if (consumer) {
          if (kind === 'leave') await consumer.leave();
          alive = alive.filter((each) => each !== consumer);
        }
        // A member that was thrown out finds out by its next heartbeat; here nobody is silent for that long.
        if (kind === 'pass') for (const each of alive) await each.beat(true);
        check();
      }
      for (let round = 0; round < 20; round++) {
        for (const consumer of alive) {
          await consumer.beat();
          check();
        }
        await world.clock.advance(4_000);
      }
      const all = alive.flatMap((consumer) => consumer.owned);
      expect(all).toHaveLength(alive.length > 0 ? partitions : 0);
      if (alive.length > 0) expect(await stateOf(world)).toBe('Stable');
      world.groups.close();
      expect(world.clock.pending()).toBe(0);
    };
    const steps = fc.array(fc.record({ kind: kinds, who: fc.nat(9) }), { minLength: 5, maxLength: 40 });
    await fc.assert(fc.asyncProperty(steps, play), { numRuns: 60 });
  }, 60_000);
});
