import { describe, expect, it } from 'vitest';
import { cars } from '../../../src/connect/sources/simulate/cars.js';
import { simulate, UNDISTURBED } from '../../../src/connect/sources/simulate/disturb.js';
import { playSimulation, type SimulatedRecord } from '../../../src/connect/sources/simulate/play-simulation.js';
import { SimulationTally } from '../../../src/connect/sources/simulate/tally.js';
import { SimClock } from '../../support/sim-clock.js';

const NOW = Date.UTC(2024, 4, 15, 14);

/** Plays adverts, ten a second, and notes when each went out. */
function play(settings: {
  readonly speed: number;
  readonly startMs: number;
  readonly endMs?: number;
  readonly limit?: number;
}) {
  const clock = new SimClock(NOW);
  const stop = new AbortController();
  const tally = new SimulationTally();
  const sent: { readonly atMs: number; readonly record: SimulatedRecord }[] = [];
  const { speed, startMs, endMs = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY } = settings;
  const done = playSimulation({
    clock,
    signal: stop.signal,
    simulator: cars,
    deliveries: simulate(cars, { seed: 1, startMs, perSecond: 10, disturbances: UNDISTURBED }),
    speed,
    startMs,
    endMs,
    remaining: () => limit - tally.records,
    tally,
    sink: { write: () => Promise.resolve() },
    sent: (records) => sent.push(...records.map((record) => ({ atMs: clock.now(), record }))),
  });
  return { clock, stop, sent, done };
}

describe('the pace of a simulation', () => {
  it('is that of its event times at 1x, without drift', async () => {
    const { clock, stop, sent, done } = play({ speed: 1, startMs: NOW });
    await clock.advance(60_000);
    stop.abort();
    expect(await done).toBe('stopped');
    expect(sent.length).toBeGreaterThan(500);
    for (const { atMs, record } of sent) {
      expect(atMs - record.timestampMs).toBeGreaterThanOrEqual(0);
      expect(atMs - record.timestampMs).toBeLessThan(50);
    }
  });

  it('catches up at its speed, then goes on with the clock', async () => {
    const { clock, stop, sent, done } = play({ speed: 60, startMs: NOW - 600_000 });
    await clock.advance(5_000);
    // Five seconds at 60x: five minutes.
    expect(sent.at(-1)!.record.timestampMs - (NOW - 600_000)).toBeGreaterThan(298_000);
    expect(sent.at(-1)!.record.timestampMs - (NOW - 600_000)).toBeLessThan(302_000);
    await clock.advance(20_000);
    stop.abort();
    await done;
    for (const { atMs, record } of sent) expect(record.timestampMs).toBeLessThanOrEqual(atMs);
    expect(clock.now() - sent.at(-1)!.record.timestampMs).toBeLessThan(3_000);
  });

  it('ends at its end, and at a count', async () => {
    const startMs = NOW - 600_000;
    const whole = play({ speed: Number.POSITIVE_INFINITY, startMs, endMs: startMs + 60_000 });
    expect(await whole.done).toBe('end');
    expect(whole.sent.at(-1)!.record.timestampMs).toBeLessThan(startMs + 60_000);
    const counted = play({ speed: Number.POSITIVE_INFINITY, startMs, limit: 123 });
    expect(await counted.done).toBe('count');
    expect(counted.sent.map(({ record }) => record.row)).toEqual(Array.from({ length: 123 }, (_, at) => at + 1));
  });
});
