import { arithmeticSpecs } from './arithmetic.js';
import { avgSpec } from './avg.js';
import { collectSpecs } from './collect.js';
import { comparisonSpecs } from './comparison.js';
import { correlationSpec, covarianceSpecs } from './correlation.js';
import { countSpec } from './count.js';
import { firstSpec, lastSpec } from './first-last.js';
import { frequencySpecs } from './frequency.js';
import type { FunctionSpec } from './function-spec.js';
import { geoSpecs } from './geo.js';
import { hashSpecs } from './hash.js';
import { jsonSpecs } from './json.js';
import { logicSpecs } from './logic.js';
import { maxSpec, minSpec } from './min-max.js';
import { quantileSpecs } from './quantiles.js';
import { regexpSpecs } from './regexp.js';
import { sumSpec } from './sum.js';
import { textSpecs } from './text.js';
import { timeSpecs } from './time.js';
import { varianceSpecs } from './variance.js';

export * from './arithmetic.js';
export * from './avg.js';
export * from './collect.js';
export * from './comparison.js';
export * from './correlation.js';
export * from './count.js';
export * from './first-last.js';
export * from './frequency.js';
export * from './geo.js';
export * from './hash.js';
export * from './json.js';
export * from './logic.js';
export * from './min-max.js';
export * from './quantiles.js';
export * from './regexp.js';
export * from './sum.js';
export * from './text.js';
export * from './time.js';
export * from './variance.js';

/** Every function and operator of the expression language. */
export const functionSpecs: readonly FunctionSpec[] = [
  ...arithmeticSpecs,
  ...comparisonSpecs,
  ...logicSpecs,
  ...textSpecs,
  ...regexpSpecs,
  ...timeSpecs,
  ...jsonSpecs,
  ...hashSpecs,
  ...geoSpecs,
  countSpec,
  sumSpec,
  avgSpec,
  minSpec,
  maxSpec,
  ...varianceSpecs,
  correlationSpec,
  ...covarianceSpecs,
  firstSpec,
  lastSpec,
  ...quantileSpecs,
  ...frequencySpecs,
  ...collectSpecs,
];

const byName = new Map<string, FunctionSpec>();
for (const spec of functionSpecs) for (const name of [spec.name, ...spec.aliases]) byName.set(name, spec);

/** The function or operator called `name` (or an alias of it) in any case; undefined when there is none. */
export function findFunction(name: string): FunctionSpec | undefined {
  return byName.get(name.toUpperCase());
}
