import { StreamctlError } from '../../../base/errors.js';
import { formatDuration } from '../../../base/time.js';
import type { Disturbances } from '../../../connect/sources/simulate/disturb.js';
import type { FlagSpecs, Input } from '../frame/command.js';
import { parseOffsetRange } from '../records/offset-range.js';
import { readLate, readShare } from './shares.js';

/** Flags of `simulate`. */
export const SIMULATE_FLAGS = {
  topic: {
    type: 'string',
    short: 't',
    placeholder: 'TOPIC',
    help: "where the records go; the pipeline's source when left out, - for standard output",
  },
  rate: {
    type: 'string',
    placeholder: 'N/s',
    help: 'rows per time, in event time: 200/s, 30/m; at 60x, 60 times as many',
  },
  speed: {
    type: 'string',
    placeholder: 'Nx|max',
    help: "event time against the clock: 1x, 60x, max; the source's own when left out",
  },
  seed: { type: 'number', integer: true, min: 0, default: 7, help: 'the same seed and --start give the same rows' },
  start: {
    type: 'string',
    placeholder: '@TIME',
    help: 'first event time: @-1h, @2024-05-15T08:00Z; now at 1x, else far enough back',
  },
  duration: { type: 'duration', placeholder: 'D', help: 'event time that is simulated; without end when left out' },
  limit: { type: 'number', integer: true, min: 1, help: 'send so many records at most' },
  anomalies: {
    type: 'string',
    placeholder: 'N%',
    default: '1%',
    help: 'rows with a mistake of a kind that the source is known for',
  },
  shuffle: {
    type: 'duration',
    placeholder: 'D',
    default: '0',
    help: 'rows come up to so much too late, and overtake each other',
  },
  late: { type: 'string', placeholder: 'N%:D', help: 'so many rows come this much too late: 2%:5m' },
  dup: { type: 'string', placeholder: 'N%', default: '0%', help: 'rows that come twice' },
} as const satisfies FlagSpecs;

/** Values of {@link SIMULATE_FLAGS}. */
export type SimulateFlags = Input<typeof SIMULATE_FLAGS, readonly []>['flags'];

/** `1x`, `60x`, `max`. @throws `usage` */
export function readSimulationSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const match = /^(\d+(?:\.\d+)?)x?$/.exec(text.trim());
  if (match && Number(match[1]) > 0) return Number(match[1]);
  throw new StreamctlError('usage', `--speed "${text}" is not a speed`, { hint: 'write 1x, 60x or max' });
}

/** What is to happen to the rows. @throws `usage` */
export function readDisturbances({ anomalies, shuffle, late, dup }: SimulateFlags): Disturbances {
  return {
    anomalies: readShare('--anomalies', anomalies),
    duplicates: readShare('--dup', dup),
    shuffleMs: shuffle,
    late: late === undefined ? { share: 0, byMs: 0 } : readLate(late),
  };
}

/**
 * First event time, epoch ms.
 * @param otherwise where the flag is left out.
 * @throws `usage`
 */
export function readBeginning(text: string | undefined, nowMs: number, otherwise: () => number): number {
  if (text === undefined) return otherwise();
  const wanted = text.startsWith('@') ? text : `@${text}`;
  try {
    const { from, to } = parseOffsetRange(wanted, nowMs);
    if (from.kind === 'time' && !to) return from.timeMs;
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
  }
  throw new StreamctlError('usage', `--start "${text}" is not a time`, {
    hint: `--start @-${formatDuration(3_600_000)}`,
  });
}
