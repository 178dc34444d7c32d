import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/row-batch.js';
import { ChangeTracker, canonicalText } from '../../../src/connect/sources/poll/change-tracker.js';
import { pathRules } from '../../../src/connect/sources/poll/item-rules.js';
import { parseJsonPath } from '../../../src/connect/sources/poll/json-path.js';

const digest = (text: string): string => text;
const paths = (...texts: string[]) => texts.map(parseJsonPath);

function tracker(
  mode: 'key' | 'body' | 'none',
  options: { changedOnly?: boolean; ignored?: string[]; key?: string[]; time?: boolean; maxTracked?: number } = {},
) {
  const { changedOnly = false, ignored = [], key = ['id'], time = true, maxTracked } = options;
  const rules = pathRules({
    key: paths(...key),
    ignored: paths(...ignored),
    changedOnly,
    ...(time ? { time: parseJsonPath('at') } : {}),
  });
  return new ChangeTracker(rules, { mode, digest, ...(maxTracked ? { maxTracked } : {}) });
}

function take(one: ChangeTracker, ...items: JsonValue[]): JsonValue[] {
  const choice = one.choose(items);
  one.commit();
  return choice.chosen.map(({ item }) => item);
}

const at = (id: string, second: number, bikes = 0) => ({ id, at: 1_700_000_000 + second, bikes });

describe('change detection', () => {
  it('emits what is new or changed, and nothing twice', () => {
    const one = tracker('body');
    expect(take(one, at('a', 1), at('b', 1))).toEqual([at('a', 1), at('b', 1)]);
    expect(take(one, at('a', 1), at('b', 1, 5))).toEqual([at('b', 1, 5)]);
    expect(take(one, at('a', 2), at('b', 1, 5))).toEqual([at('a', 2)]);
  });

  it('keeps the newest event time, not the newest poll', () => {
    const one = tracker('body');
    take(one, at('a', 10, 3));
    const choice = one.choose([at('a', 9, 7)]);
    expect(choice).toMatchObject({ chosen: [], counts: { stale: 1 } });
    expect(take(one, at('a', 10, 3))).toEqual([]);
  });

  it('does not care for the order of members', () => {
    const one = tracker('body');
    take(one, { id: 'a', at: 1_700_000_001, x: { p: 1, q: [1, { r: 2, s: 3 }] } });
    expect(take(one, { x: { q: [1, { s: 3, r: 2 }], p: 1 }, at: 1_700_000_001, id: 'a' })).toEqual([]);
  });

  it('by key: once, and again only with a newer time', () => {
    const one = tracker('key');
    expect(take(one, at('a', 1))).toHaveLength(1);
    expect(take(one, at('a', 1, 9))).toHaveLength(0);
    expect(take(one, at('a', 2, 9))).toHaveLength(1);
    const timeless = tracker('key', { time: false });
    expect(take(timeless, at('a', 1), at('a', 2))).toHaveLength(1);
  });

  it('with --changed-only a newer time alone is no change, though it counts as the newest', () => {
    const one = tracker('body', { changedOnly: true });
    take(one, at('a', 1, 3));
    expect(take(one, at('a', 5, 3))).toEqual([]);
    expect(take(one, at('a', 4, 9))).toEqual([]);
    expect(take(one, at('a', 6, 4))).toEqual([at('a', 6, 4)]);
  });

  it('ignores what may change without notice', () => {
    const one = tracker('body', { ignored: ['meta.fetched', 'list[*].n'] });
    take(one, { id: 'a', at: 1_700_000_001, meta: { fetched: 1, x: 1 }, list: [{ n: 1, m: 1 }] });
    expect(take(one, { id: 'a', at: 1_700_000_001, meta: { fetched: 2, x: 1 }, list: [{ n: 2, m: 1 }] })).toEqual([]);
    expect(take(one, { id: 'a', at: 1_700_000_001, meta: { fetched: 2, x: 2 }, list: [{ n: 2, m: 1 }] })).toHaveLength(
      1,
    );
  });

  it('without a key takes the body for the thing', () => {
    const one = tracker('body', { key: [], time: false });
    expect(take(one, { x: 1 }, { x: 2 }, { x: 1 })).toEqual([{ x: 1 }, { x: 2 }]);
    expect(take(one, { x: 2 }, 'text', 3)).toEqual(['text', 3]);
  });

  it('emits all of every poll without dedup', () => {
    const one = tracker('none');
    expect(take(one, at('a', 1))).toHaveLength(1);
    expect(take(one, at('a', 1))).toHaveLength(1);
  });

  it('gives out in order of event time, things without one first', () => {
    const one = tracker('body');
    const found = take(one, at('c', 3), { id: 'n' }, at('a', 1), at('b', 2)) as { id: string }[];
    expect(found.map(({ id }) => id)).toEqual(['n', 'a', 'b', 'c']);
  });

  it('rejects items without their key or with a time that is none, and takes the others', () => {
    const one = tracker('body');
    const choice = one.choose([{ at: 1 }, at('a', 1), { id: 'b', at: 'soon' }]);
    expect(choice.chosen).toHaveLength(1);
    expect(choice.rejected).toEqual(['an item has no "id" to be its key', '"at" is "soon", which is not a time']);
  });

  it('does not remember what was not written', () => {
    const one = tracker('body');
    const first = one.choose([at('a', 1), at('b', 2)], 1);
    expect(first).toMatchObject({ isCut: true, chosen: [{ item: at('a', 1) }] });
    one.commit();
    expect(take(one, at('a', 1), at('b', 2))).toEqual([at('b', 2)]);
  });

  it('is the same after a restart from the topic', () => {
    const body = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      at: fc.integer({ min: 1, max: 6 }),
      bikes: fc.integer({ min: 0, max: 2 }),
    });
    const polls = fc.array(fc.array(body, { maxLength: 4 }), { maxLength: 12 });
    fc.assert(
      fc.property(polls, fc.nat(12), fc.boolean(), fc.constantFrom('key', 'body'), (rounds, cut, changedOnly, mode) => {
        const steady = tracker(mode as 'key', { changedOnly });
        let restarted = tracker(mode as 'key', { changedOnly });
        const topic: JsonValue[] = [];
        for (const [index, round] of rounds.entries()) {
          if (index === cut) {
            restarted = tracker(mode as 'key', { changedOnly });
            for (const item of topic) restarted.restore(item);
          }
          const items = round.map(({ id, at: second, bikes }) => at(id, second, bikes));
          const expected = take(steady, ...items);
          const found = take(restarted, ...items);
          // A newest time that was no change is not in the topic: only then may they differ.
          if (!changedOnly) expect(found).toEqual(expected);
          topic.push(...found);
        }
      }),
    );
  });

  it('is bounded: what was not seen for longest is forgotten', () => {
    const one = tracker('body', { maxTracked: 10 });
    for (let id = 0; id < 50; id++) {
      take(one, at('always', 1), at(`t${id}`, 1));
      expect(one.size).toBeLessThanOrEqual(10);
    }
    expect(take(one, at('always', 1), at('t49', 1))).toEqual([]);
    expect(take(one, at('t0', 1))).toHaveLength(1);
  });
});

describe('canonical text', () => {
  it('is the same for equal values only', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [left, right] = [a, b].map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
        const same = canonicalText(left!) === canonicalText(right!);
        let equal = true;
        try {
          expect(left).toEqual(right);
        } catch {
          equal = false;
        }
        expect(same).toBe(equal);
      }),
    );
  });

  it('keeps big integers', () => {
    expect(canonicalText({ b: 9007199254740993n, a: [null, true] })).toBe('{"a":[null,true],"b":9007199254740993}');
  });
});
