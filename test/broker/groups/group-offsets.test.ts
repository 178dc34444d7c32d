import { describe, expect, it } from 'vitest';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { settle } from '../../support/sim-clock.js';
import {
  commit,
  commitRequest,
  committed,
  GroupWorld,
  idOf,
  join,
  joinAlone,
  joinRequest,
  TestClient,
} from './group-harness.js';

const DAY = 86_400_000;

describe('committing', () => {
  it('is for everybody while the group has no members, and for members only while it has', async () => {
    const world = new GroupWorld();
    expect(await commit(world, { offset: 1 })).toBe(codes.NONE);
    const { memberId, generationId: generationIdOrMemberEpoch } = await joinAlone(world);
    expect(await commit(world, { offset: 2 })).toBe(codes.UNKNOWN_MEMBER_ID);
    expect(await commit(world, { memberId: 'x', generationIdOrMemberEpoch })).toBe(codes.UNKNOWN_MEMBER_ID);
    expect(await commit(world, { memberId, generationIdOrMemberEpoch: 9 })).toBe(codes.ILLEGAL_GENERATION);
    expect(await commit(world, { memberId, generationIdOrMemberEpoch, offset: 5 })).toBe(codes.NONE);
    expect((await committed(world)).offset).toBe(5n);
  });

  it('tells unknown groups in the words of the version', async () => {
    const world = new GroupWorld();
    const zombie = { memberId: 'x', generationIdOrMemberEpoch: 3 };
    expect(await commit(world, zombie, 8)).toBe(codes.ILLEGAL_GENERATION);
    expect(await commit(world, zombie, 9)).toBe(codes.GROUP_ID_NOT_FOUND);
    expect(world.groups.list([], [])).toEqual([]);
  });

  it('waits while members have joined and nothing is assigned yet', async () => {
    const world = new GroupWorld();
    const { memberId, generationId: generationIdOrMemberEpoch } = await join(world);
    expect(await commit(world, { memberId, generationIdOrMemberEpoch })).toBe(codes.REBALANCE_IN_PROGRESS);
  });

  it('keeps a member alive, in a rebalance too', async () => {
    const world = new GroupWorld();
    const { memberId, generationId: generationIdOrMemberEpoch } = await joinAlone(world);
    for (let at = 0; at < 30_000; at += 6_000) {
      await world.clock.advance(6_000);
      expect(await commit(world, { memberId, generationIdOrMemberEpoch })).toBe(codes.NONE);
    }
    void join(world);
    await settle();
    expect(await commit(world, { memberId, generationIdOrMemberEpoch, offset: 8 })).toBe(codes.NONE);
  });

  it('refuses partitions that do not exist and notes that are too long, each by itself', async () => {
    const world = new GroupWorld();
    expect(await commit(world, { topic: 'nowhere' })).toBe(codes.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await commit(world, { topic: 'nowhere' }, 10)).toBe(codes.UNKNOWN_TOPIC_ID);
    expect(await commit(world, { partition: 4 })).toBe(codes.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await commit(world, { partition: -1 })).toBe(codes.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await commit(world, { metadata: 'x'.repeat(4_097) })).toBe(codes.OFFSET_METADATA_TOO_LARGE);
    const request = commitRequest({ offset: 4 });
    const two = { ...request, topics: [...request.topics, ...commitRequest({ topic: 'nowhere' }).topics] };
    const answer = await world.groups.offsets.commit(two, 8);
    expect(answer.topics.map((topic) => topic.partitions[0]!.errorCode)).toEqual([
      codes.NONE,
      codes.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
    expect((await committed(world)).offset).toBe(4n);
  });

  it('names topics by id from version 10 on', async () => {
    const world = new GroupWorld();
    const request = commitRequest({ offset: 6 });
    const byId = { ...request, topics: request.topics.map((topic) => ({ ...topic, name: '' })) };
    await world.groups.offsets.commit(byId, 10);
    const asked = { groupId: 'g', memberId: null, memberEpoch: -1 };
    const known = { name: '', topicId: idOf('orders'), partitionIndexes: [0] };
    const unknown = { name: '', topicId: idOf('nowhere'), partitionIndexes: [0] };
    const [group] = await world.groups.offsets.fetch([{ ...asked, topics: [known, unknown] }], false, 10);
    expect(group!.topics.map((topic) => topic.partitions[0])).toMatchObject([
      { committedOffset: 6n, errorCode: codes.NONE },
      { committedOffset: -1n, errorCode: codes.UNKNOWN_TOPIC_ID },
    ]);
    const [all] = await world.groups.offsets.fetch([{ ...asked, topics: null }], false, 10);
    expect(all!.topics).toMatchObject([{ topicId: idOf('orders'), partitions: [{ committedOffset: 6n }] }]);
  });
});

describe('fetching', () => {
  it('gives -1 where nothing was committed, and everything when no topics are named', async () => {
    const world = new GroupWorld();
    expect(await committed(world, 0, { groupId: 'unknown' })).toEqual({ offset: -1n, error: codes.NONE });
    await commit(world, { offset: 1, partition: 2, metadata: 'note' });
    await commit(world, { offset: 2, topic: 'clicks' });
    const asked = { groupId: 'g', memberId: null, memberEpoch: -1, topics: null };
    const groups = await world.groups.offsets.fetch([asked, { ...asked, groupId: 'unknown' }], false, 8);
    expect(groups).toMatchObject([
      {
        groupId: 'g',
        topics: [
          { name: 'orders', partitions: [{ partitionIndex: 2, committedOffset: 1n, metadata: 'note' }] },
          { name: 'clicks', partitions: [{ partitionIndex: 0, committedOffset: 2n }] },
        ],
      },
      { groupId: 'unknown', topics: [] },
    ]);
  });
});

describe('deleting', () => {
  it('of groups: only those without members', async () => {
    const world = new GroupWorld();
    await joinAlone(world);
    await commit(world, { groupId: 'empty' });
    expect(await world.groups.delete(['g', 'empty', 'unknown', ''])).toEqual([
      { groupId: 'g', errorCode: codes.NON_EMPTY_GROUP },
      { groupId: 'empty', errorCode: codes.NONE },
      { groupId: 'unknown', errorCode: codes.GROUP_ID_NOT_FOUND },
      { groupId: '', errorCode: codes.GROUP_ID_NOT_FOUND },
    ]);
    expect(await committed(world, 0, { groupId: 'empty' })).toEqual({ offset: -1n, error: codes.NONE });
  });

  it('of offsets: not of topics that a member consumes', async () => {
    const world = new GroupWorld();
    const { memberId, generationId: generationIdOrMemberEpoch } = await joinAlone(world);
    await commit(world, { memberId, generationIdOrMemberEpoch, offset: 3 });
    await commit(world, { memberId, generationIdOrMemberEpoch, offset: 4, topic: 'clicks' });
    const topics = ['orders', 'clicks', 'nowhere'].map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }));
    const answer = await world.groups.offsets.delete({ groupId: 'g', topics });
    expect(answer.topics.map((topic) => topic.partitions[0]!.errorCode)).toEqual([
      codes.GROUP_SUBSCRIBED_TO_TOPIC,
      codes.NONE,
      codes.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
    expect((await committed(world)).offset).toBe(3n);
    expect((await committed(world, 0, { topic: 'clicks' })).offset).toBe(-1n);
    expect((await world.groups.offsets.delete({ groupId: 'unknown', topics })).errorCode).toBe(
      codes.GROUP_ID_NOT_FOUND,
    );
    await joinAlone(world, { groupId: 'workers', protocolType: 'connect' });
    expect((await world.groups.offsets.delete({ groupId: 'workers', topics })).errorCode).toBe(codes.NON_EMPTY_GROUP);
  });

  it('of a topic takes its offsets along', async () => {
    const world = new GroupWorld();
    await commit(world, { offset: 3 });
    await commit(world, { offset: 4, topic: 'clicks' });
    world.topics.delete('orders');
    await world.groups.offsets.forgetTopic('orders');
    world.topics.set('orders', 4);
    expect((await committed(world)).offset).toBe(-1n);
    expect((await committed(world, 0, { topic: 'clicks' })).offset).toBe(4n);
  });
});

describe('old age', () => {
  it('ends offsets of a group a week after its last member left, and the group with them', async () => {
    const world = new GroupWorld();
    const { memberId, generationId: generationIdOrMemberEpoch } = await joinAlone(world);
    await commit(world, { memberId, generationIdOrMemberEpoch, offset: 3 });
    for (let at = 0; at < 8 * DAY; at += DAY / 4) {
      await commit(world, { memberId, generationIdOrMemberEpoch, offset: 3 });
      world.groups.leave({ groupId: 'none', members: [] });
      await world.clock.advance(8_000);
    }
    expect((await committed(world)).offset).toBe(3n);
    world.groups.leave({ groupId: 'g', members: [{ memberId, groupInstanceId: null }] });
    await world.clock.advance(7 * DAY - 600_000);
    world.restart();
    expect((await committed(world)).offset).toBe(3n);
    await world.clock.advance(1_300_000);
    expect(world.groups.list([], [])).toEqual([]);
    expect((await committed(world)).offset).toBe(-1n);
  });

  it('ends offsets without a group each by itself, and at its own time where the commit says so', async () => {
    const world = new GroupWorld();
    await commit(world, { offset: 1 });
    await commit(world, { offset: 2, partition: 1, retentionTimeMs: 3_600_000n }, 4);
    await world.clock.advance(2 * 3_600_000);
    expect((await committed(world, 1)).offset).toBe(-1n);
    await world.clock.advance(5 * DAY);
    await commit(world, { offset: 3, partition: 2 });
    await world.clock.advance(3 * DAY);
    expect((await committed(world, 0)).offset).toBe(-1n);
    expect((await committed(world, 2)).offset).toBe(3n);
  });

  it('forgets what a stable group does not consume any more, and nothing that it does', async () => {
    const world = new GroupWorld({ offsetRetentionMs: 3_600_000 });
    const { memberId, generationId } = await joinAlone(world);
    const member = { memberId, generationIdOrMemberEpoch: generationId };
    await commit(world, { ...member, offset: 1 });
    await commit(world, { ...member, offset: 2, topic: 'clicks' });
    for (let at = 0; at < 2 * 3_600_000; at += 9_000) {
      world.groups.heartbeat({ groupId: 'g', memberId, generationId, groupInstanceId: null });
      await world.clock.advance(9_000);
    }
    expect((await committed(world)).offset).toBe(1n);
    expect((await committed(world, 0, { topic: 'clicks' })).offset).toBe(-1n);
  });

  it('drops groups that somebody asked for and never joined', async () => {
    const world = new GroupWorld();
    await world.groups.join(joinRequest(), new TestClient(), 9);
    expect(world.groups.list([], [])).toHaveLength(1);
    await world.clock.advance(600_000);
    expect(world.groups.list([], [])).toEqual([]);
  });
});
