import { numericFunctions } from './numeric.js';
import type { ScalarFunction } from './scalar-function.js';
import { textFunctions } from './text.js';

/** Behaviour of every scalar function that code is not written out for, by its name in plan/functions. */
export const scalarFunctions: ReadonlyMap<string, ScalarFunction> = new Map(
  Object.entries({ ...numericFunctions, ...textFunctions }),
);
