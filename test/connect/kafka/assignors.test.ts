import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AssignMember, assignPartitions } from '../../../src/connect/kafka/assignors.js';
import { partitionName } from '../../../src/connect/kafka/topic-groups.js';

const member = (memberId: string, extra: Partial<AssignMember> = {}): AssignMember => ({
  memberId,
  instanceId: null,
  topics: ['a'],
  owned: [],
  generation: -1,
  ...extra,
});
const shares = (assignment: ReadonlyMap<string, readonly { partition: number }[]>): Record<string, number[]> =>
  Object.fromEntries(
    [...assignment].map(([id, list]) => [id, list.map(({ partition }) => partition).sort((x, y) => x - y)]),
  );

describe('assignPartitions', () => {
  it('range: gives pieces in order, the first members one more', () => {
    expect(shares(assignPartitions('range', [member('y'), member('x')], new Map([['a', 5]])))).toEqual({
      x: [0, 1, 2],
      y: [3, 4],
    });
  });

  it('range: static members keep their place whatever their ids', () => {
    const members = [member('9', { instanceId: 'one' }), member('1', { instanceId: 'two' }), member('0')];
    expect(shares(assignPartitions('range', members, new Map([['a', 3]])))).toEqual({ 9: [0], 1: [1], 0: [2] });
  });

  it('places: members take partitions in turn, whatever they had', () => {
    const owned = [0, 1].map((partition) => ({ topic: 'a', partition }));
    const members = [member('b', { owned, generation: 3 }), member('a')];
    expect(shares(assignPartitions('places', members, new Map([['a', 3]])))).toEqual({ a: [0, 2], b: [1] });
    expect(shares(assignPartitions('places', [member('a')], new Map([['a', 2]])))).toEqual({ a: [0, 1] });
  });

  it('cooperative-sticky: what two claim belongs to the newer generation', () => {
    const owned = [{ topic: 'a', partition: 0 }];
    const members = [member('x', { owned, generation: 4 }), member('y', { owned, generation: 5 })];
    expect(shares(assignPartitions('cooperative-sticky', members, new Map([['a', 1]])))).toEqual({ x: [], y: [0] });
  });

  const group = fc.record({
    counts: fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })),
    topics: fc.array(fc.constantFrom(['a'], ['b'], ['a', 'b']), { minLength: 1, maxLength: 5 }),
  });

  it('cooperative-sticky: settles in two rounds; all partitions have one owner, loads are even, little moves', () => {
    fc.assert(
      fc.property(group, fc.integer({ min: 0, max: 4 }), ({ counts: [a, b], topics }, leaving) => {
        const counts = new Map([
          ['a', a],
          ['b', b],
        ]);
        let members = topics.map((list, index) => member(`m${index}`, { topics: list }));
        members = settle(members, counts);
        check(members, counts);
        const stayed = members.filter((_, index) => index !== leaving || members.length === 1);
        const before = new Map(stayed.map(({ memberId, owned }) => [memberId, owned.map(partitionName)]));
        const after = settle(stayed, counts);
        check(after, counts);
        // With one subscription for all, a member that stays keeps everything when another leaves.
        if (topics.every((list) => list.length === topics[0]!.length && list[0] === topics[0]![0])) {
          for (const { memberId, owned } of after) {
            expect(owned.map(partitionName)).toEqual(expect.arrayContaining(before.get(memberId)!));
          }
        }
      }),
    );
  });

  /** Rounds of a cooperative group until nobody has to give anything up. */
  function settle(start: readonly AssignMember[], counts: ReadonlyMap<string, number>): AssignMember[] {
    let members = [...start];
    for (let round = 0; round < 4; round++) {
      const assignment = assignPartitions('cooperative-sticky', members, counts);
      const claimed = new Set(
        members.flatMap(({ memberId, owned }) => owned.map((one) => `${partitionName(one)} ${memberId}`)),
      );
      for (const [memberId, list] of assignment) {
        for (const partition of list) {
          const others = [...claimed].filter((text) => text.startsWith(`${partitionName(partition)} `));
          expect(others.every((text) => text.endsWith(` ${memberId}`))).toBe(true);
        }
      }
      members = members.map((one) => ({ ...one, owned: assignment.get(one.memberId)!, generation: round }));
    }
    return members;
  }

  function check(members: readonly AssignMember[], counts: ReadonlyMap<string, number>): void {
    const all = members.flatMap(({ owned }) => owned.map(partitionName));
    expect(new Set(all).size).toBe(all.length);
    const wanted = [...counts].flatMap(([topic, count]) =>
      members.some(({ topics }) => topics.includes(topic))
        ? Array.from({ length: count }, (_, index) => `${topic}/${index}`)
        : [],
    );
    expect(all.sort()).toEqual(wanted.sort());
    for (const giver of members) {
      for (const taker of members) {
        const couldMove = giver.owned.some(({ topic }) => taker.topics.includes(topic));
        if (couldMove) expect(giver.owned.length - taker.owned.length).toBeLessThan(2);
      }
    }
  }
});
