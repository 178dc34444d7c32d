import { describe, expect, it } from 'vitest';
import type { ConsumerHeartbeat } from '../../../src/broker/groups/consumer-request.js';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { GroupWorld, join, joinAlone, joinRequest, sync, TestClient } from './group-harness.js';

const MAX_BYTES = 100_000;

function bringing(bytes: number, groupId = 'g') {
  return { groupId, protocols: [{ name: 'range', metadata: new Uint8Array(bytes) }] };
}

function heartbeat(groupId: string, topics: readonly string[] | null, memberEpoch = 0): ConsumerHeartbeat {
  return {
    groupId,
    memberId: 'm',
    memberEpoch,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: 30_000,
    subscribedTopicNames: topics,
    subscribedTopicRegex: null,
    serverAssignor: null,
    topicPartitions: [],
  };
}

describe('the room for what members bring', () => {
  it('refuses who brings too much, whatever the group, until others are gone', async () => {
    const world = new GroupWorld({ maxMemberBytes: MAX_BYTES });
    const first = await joinAlone(world, bringing(60_000, 'first'));
    expect((await join(world, bringing(60_000, 'second'))).errorCode).toBe(codes.GROUP_MAX_SIZE_REACHED);
    expect(world.groups.list([], [])).toHaveLength(1);
    const gone = { memberId: first.memberId, groupInstanceId: null };
    world.groups.leave({ groupId: 'first', members: [gone] });
    await world.clock.advance(200);
    expect((await join(world, bringing(60_000, 'second'))).errorCode).toBe(codes.NONE);
  });

  it('does not fill up by members that come again and again', async () => {
    const world = new GroupWorld({ maxMemberBytes: MAX_BYTES });
    const member = await joinAlone(world, bringing(20_000));
    for (let round = 1; round <= 50; round++) {
      const request = joinRequest({ ...bringing(20_000 + round), memberId: member.memberId });
      const again = await world.groups.join(request, new TestClient(), 9);
      expect(again.errorCode).toBe(codes.NONE);
      expect((await sync(world, again, { [again.memberId]: 'all' })).errorCode).toBe(codes.NONE);
    }
  });

  it('refuses an assignment that is too large, as Apache Kafka does', async () => {
    const world = new GroupWorld({ maxMemberBytes: MAX_BYTES });
    const member = await join(world);
    const answer = await sync(world, member, { [member.memberId]: 'x'.repeat(MAX_BYTES) });
    expect(answer.errorCode).toBe(codes.UNKNOWN_SERVER_ERROR);
    expect((await sync(world, member, { [member.memberId]: 'x' })).errorCode).toBe(codes.NONE);
  });

  it('counts ids that were handed out', async () => {
    const world = new GroupWorld({ maxMemberBytes: MAX_BYTES });
    const codesSeen: number[] = [];
    for (let at = 0; at < 300; at++) {
      const answer = await world.groups.join(joinRequest(), new TestClient('x'.repeat(100)), 9);
      codesSeen.push(answer.errorCode);
    }
    const given = codesSeen.filter((code) => code === codes.MEMBER_ID_REQUIRED).length;
    expect(given).toBeGreaterThan(50);
    expect(codesSeen.slice(given).every((code) => code === codes.GROUP_MAX_SIZE_REACHED)).toBe(true);
    expect(given).toBeLessThan(200);
  });

  it('holds for members of the newer protocol; heartbeats that bring nothing always pass', async () => {
    const world = new GroupWorld({ maxMemberBytes: MAX_BYTES });
    const beat = (request: ConsumerHeartbeat) => world.groups.consumerHeartbeat(request, new TestClient(), 1);
    const large = Array.from({ length: 500 }, (_, at) => `topic-${at}-${'x'.repeat(60)}`);
    const joined = await beat(heartbeat('first', large));
    expect(joined.errorCode).toBe(codes.NONE);
    expect(await beat(heartbeat('second', large))).toMatchObject({
      errorCode: codes.GROUP_MAX_SIZE_REACHED,
      errorMessage: 'The members of all groups bring too much.',
    });
    for (let round = 0; round < 300; round++) {
      const alive = { ...heartbeat('first', null, joined.memberEpoch), topicPartitions: null };
      expect((await beat(alive)).errorCode).toBe(codes.NONE);
    }
    const many = Array.from({ length: 400_000 }, () => '');
    expect((await beat(heartbeat('third', many))).errorCode).toBe(codes.GROUP_MAX_SIZE_REACHED);
  });
});
