import { StreamctlError } from './errors.js';

/**
 * Holds an assumption about our own code; stays on in production.
 * @throws `internal` when `condition` is false.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new StreamctlError('internal', message);
}

/**
 * Marks a branch that the types say cannot be taken.
 * @throws `internal` always.
 */
export function unreachable(value: never, message = 'unreachable value'): never {
  throw new StreamctlError('internal', `${message}: ${String(value)}`);
}
