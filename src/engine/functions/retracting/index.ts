import { assert } from '../../../base/assert.js';
import type { Value, ValueType } from '../../../base/row-batch.js';
import type { AggregateState, MakeAggregate } from '../aggregate-state.js';
import { covarianceOf } from '../correlation.js';
import { CountState } from '../count.js';
import { keepingFunctions } from '../keeping.js';
import { RetractingDistinct, retractingExtreme, retractingFirstLast } from './bags.js';
import { RetractingAvg, RetractingCorrelation, RetractingCount, RetractingSpread, RetractingSum } from './sums.js';

/** Behaviour of every aggregate function over rows that may be taken back, by its name in plan/functions. */
export const retractingFunctions: ReadonlyMap<string, MakeAggregate> = new Map([
  ...keepingFunctions(true),
  ...Object.entries<MakeAggregate>({
    COUNT: () => new RetractingCount(),
    SUM: (_, result) => new RetractingSum(result === 'bigint'),
    AVG: () => new RetractingAvg(),
    MIN: (argument) => retractingExtreme(argument!, false),
    MAX: (argument) => retractingExtreme(argument!, true),
    VAR_SAMP: () => new RetractingSpread({ missing: 1, root: false }),
    VAR_POP: () => new RetractingSpread({ missing: 0, root: false }),
    STDDEV_SAMP: () => new RetractingSpread({ missing: 1, root: true }),
    STDDEV_POP: () => new RetractingSpread({ missing: 0, root: true }),
    CORR: () => new RetractingCorrelation(),
    COVAR_SAMP: () => new RetractingCorrelation(covarianceOf(1)),
    COVAR_POP: () => new RetractingCorrelation(covarianceOf(0)),
    FIRST_VALUE: (argument) => retractingFirstLast(argument!, false),
    LAST_VALUE: (argument) => retractingFirstLast(argument!, true),
    // A sketch of different values cannot forget one: over changing rows the count is exact.
    APPROX_COUNT_DISTINCT: (argument) => new RetractingDistinct(argument!, new CountState()),
  }),
]);

/** As makeAggregate of functions/index.ts, for rows that may be taken back. */
export function makeRetractingAggregate(
  name: string,
  argument: ValueType | undefined,
  result: ValueType,
  distinct: boolean,
  constants: readonly Value[] = [],
): AggregateState {
  const make = retractingFunctions.get(name);
  assert(make, `aggregate ${name} can take rows back`);
  const state = make(argument, result, constants);
  return distinct && argument !== undefined ? new RetractingDistinct(argument, state) : state;
}
