import type { Value } from '../../src/base/row-batch.js';
import { resolveParameters } from '../../src/plan/parameters.js';
import type { Plan } from '../../src/plan/plan.js';

/** Parameters of a built-in pipeline as they are in 2020, the year of the fixtures. */
export function builtInParameters(plan: Plan): Readonly<Record<string, Value>> {
  return resolveParameters(plan, {}, Date.UTC(2020, 5, 1));
}
