import type { Random } from '../../../base/random.js';

/** How often and how soon a failed request is made again. */
export interface RetryPolicy {
  /** After the first try. */
  readonly count: number;
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Delay before try number `attempt` + 1, in ms: anything between nothing and the doubled bound, so that many clients
 * that failed together do not come back together.
 * @param attempt from 1.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitterMs(attempt: number, policy: RetryPolicy, random: Random): number {
  return Math.round(random.next() * Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1)));
}
