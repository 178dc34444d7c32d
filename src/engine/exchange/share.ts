import { crc32c } from '../../base/crc32c.js';
import type { Value } from '../../base/row-batch.js';
import { StateWriter } from '../state/state-writer.js';

/** The groups that one worker of a shared step has: those whose key falls to `number` of `count`. */
export interface Share {
  readonly number: number;
  readonly count: number;
}

/** All groups. */
export const WHOLE: Share = { number: 0, count: 1 };

/**
 * To which of `count` shares a key belongs: the same in every process and version, as state stays where it is.
 * @param key values as `keyAt` gives them, so that equal keys have equal forms.
 */
export function shareOf(key: readonly Value[], count: number): number {
  if (count === 1) return 0;
  const writer = new StateWriter(KEY_BYTES);
  // 0 and -0 are one key.
  for (const value of key) writer.value(value === 0 ? 0 : value === true ? 1 : value === false ? 0 : value);
  return crc32c(writer.finish()) % count;
}

const KEY_BYTES = 64;
