import { describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.js';
import { errorCodes as codes } from '../../../src/wire/error-codes.js';
import { settle } from '../../support/sim-clock.js';
import {
  beat,
  commit,
  committed,
  GroupWorld,
  join,
  joinAlone,
  joinRequest,
  sync,
  TestClient,
} from './group-harness.js';

for (const fromSnapshot of [false, true]) {
  describe(`after a restart of the broker${fromSnapshot ? ', from a snapshot' : ''}`, () => {
    it('members go on as if nothing had happened', async () => {
      const world = new GroupWorld();
      const alone = await joinAlone(world);
      world.restart(fromSnapshot);
      expect(beat(world, alone)).toBe(codes.NONE);
      expect(fromUtf8((await sync(world, alone)).assignment)).toBe('all');
      const { memberId, generationId } = alone;
      expect(await commit(world, { memberId, generationIdOrMemberEpoch: generationId, offset: 7 })).toBe(codes.NONE);
      const [group] = await world.groups.describe(['g'], 6);
      expect(group).toMatchObject({ groupState: 'Stable', protocolType: 'consumer', protocolData: 'range' });
      expect(group!.members[0]).toMatchObject({ memberId, clientId: 'client', clientHost: '/127.0.0.1' });
      expect(fromUtf8(group!.members[0]!.memberAssignment)).toBe('all');
    });

    it('members that died with it are noticed by their session timeout', async () => {
      const world = new GroupWorld();
      const alone = await joinAlone(world);
      world.restart(fromSnapshot);
      await world.clock.advance(10_000);
      expect(beat(world, alone)).toBe(codes.UNKNOWN_MEMBER_ID);
      const next = await join(world);
      expect(next).toMatchObject({ errorCode: codes.NONE, generationId: alone.generationId + 2 });
    });

    it('members of a round that was not finished join again; a zombie of the one before is refused', async () => {
      const world = new GroupWorld();
      const first = await joinAlone(world);
      const joining = join(world);
      await settle();
      const leader = await world.groups.join(joinRequest({ memberId: first.memberId }), new TestClient(), 9);
      const second = await joining;
      world.restart(fromSnapshot);
      expect(beat(world, leader)).toBe(codes.ILLEGAL_GENERATION);
      expect(beat(world, second)).toBe(codes.UNKNOWN_MEMBER_ID);
      expect((await sync(world, second)).errorCode).toBe(codes.UNKNOWN_MEMBER_ID);
      const again = await world.groups.join(joinRequest({ memberId: leader.memberId }), new TestClient(), 9);
      expect(again).toMatchObject({ errorCode: codes.NONE, generationId: 2 });
    });

    it('an id that was handed out is not known any more', async () => {
      const world = new GroupWorld();
      await joinAlone(world);
      const asked = await world.groups.join(joinRequest(), new TestClient(), 9);
      world.restart(fromSnapshot);
      const answer = await world.groups.join(joinRequest({ memberId: asked.memberId }), new TestClient(), 9);
      expect(answer.errorCode).toBe(codes.UNKNOWN_MEMBER_ID);
    });

    it('a static member keeps its place', async () => {
      const world = new GroupWorld();
      const first = await joinAlone(world, { groupInstanceId: 'one' });
      world.restart(fromSnapshot);
      const back = await world.groups.join(joinRequest({ groupInstanceId: 'one' }), new TestClient(), 9);
      expect(back).toMatchObject({ errorCode: codes.NONE, generationId: 1, skipAssignment: true });
      expect(beat(world, first, 'one')).toBe(codes.FENCED_INSTANCE_ID);
      world.restart(fromSnapshot);
      expect(beat(world, back, 'one')).toBe(codes.NONE);
    });

    it('offsets are there, groups without members too, and what was deleted is gone', async () => {
      const world = new GroupWorld();
      await commit(world, { offset: 3, metadata: 'note' });
      await commit(world, { groupId: 'other', offset: 9 });
      await world.groups.delete(['other']);
      world.restart(fromSnapshot);
      expect(await committed(world)).toEqual({ offset: 3n, error: codes.NONE });
      expect(world.groups.list([], [])).toEqual([
        { groupId: 'g', groupState: 'Empty', groupType: 'classic', protocolType: '' },
      ]);
    });
  });
}
