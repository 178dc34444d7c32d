import { describe, expect, it } from 'vitest';
import { Pace } from '../../../../src/connect/sources/replay/pace.js';

describe('Pace', () => {
  it('batch: lots are due at a fixed distance, however long the sending takes', () => {
    const pace = new Pace({ kind: 'batch', pauseMs: 100 });
    expect([pace.lotDue(0), pace.lotDue(30), pace.lotDue(170), pace.lotDue(230)]).toEqual([0, 100, 200, 300]);
  });

  it('batch: what falls behind by more than a pause goes on from now, without a burst', () => {
    const pace = new Pace({ kind: 'batch', pauseMs: 100 });
    pace.lotDue(0);
    expect([pace.lotDue(350), pace.lotDue(360), pace.lotDue(440)]).toEqual([350, 450, 550]);
  });

  it('batch: no pause means at once', () => {
    const pace = new Pace({ kind: 'batch', pauseMs: 0 });
    expect([pace.lotDue(5), pace.lotDue(7)]).toEqual([5, 7]);
  });

  it('rate: rows are due at even distances and do not drift', () => {
    const pace = new Pace({ kind: 'rate', perSecond: 200 });
    const due = Array.from({ length: 1001 }, (_, row) => pace.rowDue(0, row * 5 + 1));
    expect(due[0]).toBe(1);
    expect(due[1000]! - due[0]!).toBeCloseTo(5000, 6);
  });

  it('event-time: follows the gaps between rows, so many times as fast, and caps them', () => {
    const pace = new Pace({ kind: 'event-time', speed: 60, maxGapMs: 5_000 });
    const minute = 60_000;
    const events = [0, minute, minute, 3 * minute, 60 * minute, 59 * minute, 61 * minute];
    const due: number[] = [];
    for (const event of events) due.push(pace.rowDue(event, due.at(-1) ?? 0));
    expect(due).toEqual([0, 1000, 1000, 3000, 8000, 8000, 9000]);
    // The same rows once more keep their distances.
    pace.restart();
    for (const event of events.slice(0, 4)) due.push(pace.rowDue(event, due.at(-1)!));
    expect(due.slice(-4)).toEqual([9000, 10_000, 10_000, 12_000]);
  });
});
