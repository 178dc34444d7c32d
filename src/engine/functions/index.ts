import { assert } from '../../base/assert.js';
import type { Value, ValueType } from '../../base/row-batch.js';
import type { AggregateState, MakeAggregate } from './aggregate-state.js';
import { AvgState } from './avg.js';
import { CorrelationState, covarianceOf } from './correlation.js';
import { CountState } from './count.js';
import { DistinctState } from './distinct.js';
import { DistinctSketchState } from './distinct-sketch.js';
import { FirstLastState } from './first-last.js';
import { geoFunctions } from './geo.js';
import { hashFunctions } from './hash.js';
import { jsonFunctions } from './json.js';
import { keepingFunctions } from './keeping.js';
import { extremeState } from './min-max.js';
import { numericFunctions } from './numeric.js';
import { regexpFunctions } from './regexp.js';
import type { ScalarFunction } from './scalar-function.js';
import { DoubleSumState, IntegerSumState } from './sum.js';
import { textFunctions } from './text.js';
import { timeFunctions } from './time.js';
import { SpreadState } from './variance.js';

/** Behaviour of every scalar function that code is not written out for, by its name in plan/functions. */
export const scalarFunctions: ReadonlyMap<string, ScalarFunction> = new Map(
  Object.entries({
    ...numericFunctions,
    ...textFunctions,
    ...regexpFunctions,
    ...timeFunctions,
    ...jsonFunctions,
    ...hashFunctions,
    ...geoFunctions,
  }),
);

/** Functions that may give null for arguments that are not. */
export const functionsWithNull: ReadonlySet<string> = new Set(
  'SPLIT_INDEX LPAD RPAD REGEXP_EXTRACT TO_TIMESTAMP CONVERT_TZ UNIX_TIMESTAMP JSON_VALUE JSON_QUERY'.split(' '),
);

/** Behaviour of every aggregate function, by its name in plan/functions. */
export const aggregateFunctions: ReadonlyMap<string, MakeAggregate> = new Map([
  ...keepingFunctions(false),
  ...Object.entries<MakeAggregate>({
    COUNT: () => new CountState(),
    SUM: (_, result) => (result === 'bigint' ? new IntegerSumState() : new DoubleSumState()),
    AVG: () => new AvgState(),
    MIN: (argument) => extremeState(false, argument!),
    MAX: (argument) => extremeState(true, argument!),
    VAR_SAMP: () => new SpreadState({ missing: 1, root: false }),
    VAR_POP: () => new SpreadState({ missing: 0, root: false }),
    STDDEV_SAMP: () => new SpreadState({ missing: 1, root: true }),
    STDDEV_POP: () => new SpreadState({ missing: 0, root: true }),
    CORR: () => new CorrelationState(),
    COVAR_SAMP: () => new CorrelationState(covarianceOf(1)),
    COVAR_POP: () => new CorrelationState(covarianceOf(0)),
    FIRST_VALUE: (argument) => new FirstLastState(argument!, false),
    LAST_VALUE: (argument) => new FirstLastState(argument!, true),
    APPROX_COUNT_DISTINCT: (argument) => new DistinctSketchState(argument!),
  }),
]);

/** The state of an aggregate call with an argument of type `argument` (undefined for `COUNT(*)`). */
export function makeAggregate(
  name: string,
  argument: ValueType | undefined,
  result: ValueType,
  distinct: boolean,
  constants: readonly Value[] = [],
): AggregateState {
  const make = aggregateFunctions.get(name);
  assert(make, `aggregate ${name} has a behaviour`);
  const state = make(argument, result, constants);
  return distinct && argument !== undefined ? new DistinctState(argument, state) : state;
}
