import type { Value } from '../../base/row-batch.js';
import type { OverColumn } from '../../plan/plan.js';
import { compareValues } from './aggregate-state.js';

/** Sum of numbers with Neumaier's compensation. */
function sumOf(values: readonly Value[]): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const number = Number(value);
    const next = sum + number;
    lost += Math.abs(sum) >= Math.abs(number) ? sum - next + number : number - next + sum;
    sum = next;
  }
  return Number.isFinite(sum) ? sum + lost : sum;
}

/** Result of an aggregate over values of neighbouring rows, none of which is null. */
export function overValues(what: OverColumn['function'], values: readonly Value[]): Value {
  if (what === 'count') return values.length;
  if (values.length === 0) return null;
  switch (what) {
    case 'sum':
      return sumOf(values);
    case 'avg':
      return sumOf(values) / values.length;
    case 'min':
      return values.reduce((best, value) => (compareValues(value, best) < 0 ? value : best));
    default:
      return values.reduce((best, value) => (compareValues(value, best) > 0 ? value : best));
  }
}

/** An exponential average, and the event time of its newest value. */
export interface Smoothed {
  readonly value: number;
  readonly time: number;
}

/** The average after one more value. */
export function smooth(column: OverColumn, before: Smoothed | null, value: Value, time: number): Smoothed | null {
  if (value === null) return before;
  if (before === null) return { value: Number(value), time };
  const { rows, withinMs } = column;
  const kept = rows === null ? Math.exp(-(time - before.time) / withinMs!) : 1 - 2 / (rows + 1);
  return { value: before.value * kept + Number(value) * (1 - kept), time };
}
