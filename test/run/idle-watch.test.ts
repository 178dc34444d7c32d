import { describe, expect, it } from 'vitest';
import { IdleWatch } from '../../src/run/idle-watch.js';

const a = { topic: 't', partition: 0, idleTimeoutMs: 30_000 };
const b = { topic: 't', partition: 1, idleTimeoutMs: 30_000 };

describe('IdleWatch', () => {
  it('never calls a partition idle that has records to read', () => {
    const watch = new IdleWatch();
    watch.add(a, 0);
    expect(watch.newlyIdle(1_000_000, () => false)).toEqual([]);
    // The silence counts from the moment at which everything was read.
    expect(watch.newlyIdle(1_000_001, () => true)).toEqual([]);
    expect(watch.newlyIdle(1_030_000, () => true)).toEqual([]);
    expect(watch.newlyIdle(1_030_001, () => true)).toMatchObject([{ partition: 0 }]);
  });

  it('tells each silence once, and again after rows came', () => {
    const watch = new IdleWatch();
    watch.add(a, 0);
    watch.newlyIdle(0, () => true);
    expect(watch.newlyIdle(30_000, () => true)).toHaveLength(1);
    expect(watch.newlyIdle(90_000, () => true)).toHaveLength(0);
    watch.heard(a, 100_000);
    expect(watch.allIdle()).toBe(false);
    expect(watch.newlyIdle(130_000, () => true)).toHaveLength(1);
  });

  it('knows when all are idle, and how long all have been quiet', () => {
    const watch = new IdleWatch();
    expect(watch.allIdle()).toBe(false);
    watch.add(a, 0);
    watch.add(b, 0);
    watch.newlyIdle(0, () => true);
    watch.heard(b, 20_000);
    expect(watch.quietForMs(30_000)).toBe(10_000);
    watch.newlyIdle(30_000, () => true);
    expect(watch.allIdle()).toBe(false);
    watch.newlyIdle(50_000, () => true);
    expect(watch.allIdle()).toBe(true);
    watch.remove(a);
    expect(watch.allIdle()).toBe(true);
  });
});
