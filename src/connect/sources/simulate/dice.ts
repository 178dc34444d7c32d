import type { Random } from '../../../base/random.js';

/** A draw from the normal distribution (Box and Muller). */
export function normal(random: Random, mean: number, deviation: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return mean + deviation * radius * Math.cos(2 * Math.PI * random.next());
}

/** Time to the next of events that come by themselves, `perMs` on average. */
export function exponential(random: Random, perMs: number): number {
  return -Math.log(1 - random.next()) / perMs;
}

/** One of a list. */
export function pick<T>(random: Random, list: readonly [T, ...T[]] | readonly T[]): T {
  return list[random.below(list.length)]!;
}

/** A value with so many decimals. */
export function decimals(value: number, count: number): number {
  return Number(value.toFixed(count));
}

/** `value`, or the nearer bound. */
export function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** Hour of the day in UTC, with fractions. */
export function hourOf(timeMs: number): number {
  return (timeMs % 86_400_000) / 3_600_000;
}

/** Share of the year that is over, about. */
export function seasonOf(timeMs: number): number {
  return (timeMs / 31_556_952_000) % 1;
}
