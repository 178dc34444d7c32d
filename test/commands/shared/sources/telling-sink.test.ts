import { describe, expect, it } from 'vitest';
import { tellingSink } from '../../../../src/commands/shared/sources/telling-sink.js';
import { SimClock } from '../../../support/sim-clock.js';

describe('tellingSink', () => {
  it('tells of a write that takes long, once, and of no other', async () => {
    const clock = new SimClock();
    const told: string[] = [];
    const sinkOf = (ms: number) => tellingSink({ write: () => clock.sleep(ms) }, clock, (text) => told.push(text));
    const quick = sinkOf(4_000).write([]);
    await clock.advance(20_000);
    await quick;
    expect(told).toEqual([]);
    const slow = sinkOf(19_000).write([]);
    await clock.advance(20_000);
    await slow;
    expect(told).toEqual(['the broker has taken no records for 5 s; trying again']);
  });

  it('hands a failure on', async () => {
    const clock = new SimClock();
    const told: string[] = [];
    const failing = tellingSink({ write: () => Promise.reject(new Error('gone')) }, clock, (text) => told.push(text));
    await expect(failing.write([])).rejects.toThrow('gone');
    await clock.advance(20_000);
    expect(told).toEqual([]);
  });
});
