import type { Value } from '../../base/row-batch.js';

/**
 * Behaviour of a scalar function for arguments that are not null. Whole numbers come as numbers, or as bigint
 * when they are no safe integers, and may be given back as either.
 */
export type ScalarFunction = (...values: never[]) => Value;
