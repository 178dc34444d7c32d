import { type Delivery, type Disturbances, simulate, UNDISTURBED } from '../../src/connect/sources/simulate/disturb.js';
import type { Fields, Simulator } from '../../src/connect/sources/simulate/interfaces.js';
import { partitionOfKey } from '../../src/wire/murmur2.js';
import type { TestRecord } from './pipeline-run.js';

/** A quiet minute on a Wednesday, in the session of every exchange. */
export const SIMULATED_START = Date.UTC(2020, 4, 13, 14, 0);

/** What is simulated. */
export interface SimulatedSettings {
  readonly seed: number;
  readonly rows: number;
  readonly startMs?: number;
  readonly perSecond?: number;
  readonly disturbances?: Partial<Disturbances>;
}

/** The first deliveries of a simulated source. */
export function deliveriesOf(simulator: Simulator, settings: SimulatedSettings): readonly Delivery[] {
  const { seed, rows, startMs = SIMULATED_START, perSecond = simulator.perSecond, disturbances } = settings;
  const all = simulate(simulator, { seed, startMs, perSecond, disturbances: { ...UNDISTURBED, ...disturbances } });
  return Array.from({ length: rows }, () => all.next().value as Delivery);
}

/** The fields of the rows that nothing is wrong with, each once or, with `withCopies`, as often as they come. */
export function truthOf(deliveries: readonly Delivery[], withCopies = false): readonly Fields[] {
  return deliveries
    .filter(({ anomaly, isCopy }) => anomaly === undefined && (withCopies || !isCopy))
    .map(({ row }) => row.fields);
}

/** Deliveries as records of `partitions` partitions: by their key, without one lot by lot. */
export function recordsOfDeliveries(deliveries: readonly Delivery[], partitions = 1): readonly TestRecord[] {
  return deliveries.map(({ row, value }, at) => ({
    text: typeof value === 'string' ? value : JSON.stringify(value),
    partition:
      row.key === null
        ? Math.floor(at / 100) % partitions
        : partitionOfKey(new TextEncoder().encode(row.key), partitions),
    timestampMs: row.eventMs,
    headers: { 'streamctl-lot': String(Math.floor(at / 100) + 1), 'streamctl-source': 'simulated' },
  }));
}
