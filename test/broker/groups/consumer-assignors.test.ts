import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AssignedMember, rangeAssignor, uniformAssignor } from '../../../src/broker/groups/consumer-assignors.js';

/** Groups of members with random subscriptions, and what they had before. */
const groups = fc
  .record({
    topics: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 4 }),
    subscriptions: fc.array(fc.array(fc.nat(3)), { minLength: 1, maxLength: 6 }),
    claims: fc.array(fc.tuple(fc.nat(5), fc.nat(3), fc.nat(9)), { maxLength: 20 }),
  })
  .map(({ topics, subscriptions, claims }) => ({
    topics: topics.map((partitions, index) => ({ id: `t${index}`, partitions })),
    members: subscriptions.map(
      (wanted, index): AssignedMember => ({
        id: `m${index}`,
        instanceId: index % 3 === 0 ? `i${index}` : null,
        topicIds: new Set(wanted.map((topic) => `t${topic % topics.length}`)),
        target: claims.filter(([who]) => who === index).map(([, topic, partition]) => `t${topic}:${partition}`),
      }),
    ),
  }));

function check(
  { topics, members }: { topics: { id: string; partitions: number }[]; members: AssignedMember[] },
  result: ReadonlyMap<string, readonly string[]>,
) {
  const all = [...result.values()].flat();
  expect(new Set(all).size).toBe(all.length);
  expect([...result.keys()].sort()).toEqual(members.map(({ id }) => id).sort());
  for (const { id, topicIds } of members) {
    for (const key of result.get(id)!) expect(topicIds.has(key.split(':')[0]!)).toBe(true);
  }
  const expected = topics.flatMap(({ id, partitions }) =>
    members.some(({ topicIds }) => topicIds.has(id))
      ? Array.from({ length: partitions }, (_, index) => `${id}:${index}`)
      : [],
  );
  expect(all.sort()).toEqual(expected.sort());
}

describe('the uniform assignor', () => {
  it('gives every subscribed partition to one subscriber, as evenly as subscriptions allow', () => {
    fc.assert(
      fc.property(groups, ({ topics, members }) => {
        const result = uniformAssignor(members, topics);
        check({ topics, members }, result);
        // No single move makes it more even.
        for (const from of members) {
          for (const to of members) {
            const movable = result.get(from.id)!.some((key) => to.topicIds.has(key.split(':')[0]!));
            if (movable) expect(result.get(from.id)!.length - result.get(to.id)!.length).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });

  it('changes nothing when nothing changed, and little when one member comes', () => {
    const topics = [{ id: 't', partitions: 12 }];
    const member = (id: string, target: readonly string[] = []) => ({
      id,
      instanceId: null,
      topicIds: new Set(['t']),
      target,
    });
    const three = uniformAssignor([member('a'), member('b'), member('c')], topics);
    const kept = ['a', 'b', 'c'].map((id) => member(id, three.get(id)!));
    expect(uniformAssignor(kept, topics)).toEqual(three);
    const four = uniformAssignor([...kept, member('d')], topics);
    for (const { id, target } of kept) {
      expect(four.get(id)).toHaveLength(3);
      expect(four.get(id)!.every((key) => target.includes(key))).toBe(true);
    }
  });
});

describe('the range assignor', () => {
  it('gives every subscribed partition to one subscriber', () => {
    fc.assert(fc.property(groups, ({ topics, members }) => check({ topics, members }, rangeAssignor(members, topics))));
  });

  it('puts partitions of the same number together', () => {
    const topics = ['left', 'right'].map((id) => ({ id, partitions: 5 }));
    const topicIds = new Set(['left', 'right']);
    const members = ['b', 'a'].map((id) => ({ id, instanceId: null, topicIds, target: [] }));
    const result = rangeAssignor(members, topics);
    expect(result.get('a')).toEqual(['left:0', 'left:1', 'left:2', 'right:0', 'right:1', 'right:2']);
    expect(result.get('b')).toEqual(['left:3', 'left:4', 'right:3', 'right:4']);
  });
});
