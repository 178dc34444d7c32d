import { StreamctlError } from '../../../base/errors.js';
import type { StartPosition } from '../../../run/interfaces.js';
import { parseOffsetRange } from './offset-range.js';

/**
 * Reads a beginning in the grammar of `-o`.
 * @param flag name for messages: `-o`, `--from`.
 * @throws `usage` when it has an end too, which only plain records can have.
 */
export function readStart(text: string, flag: string, nowMs: number): StartPosition {
  const { from, to } = parseOffsetRange(text, nowMs);
  if (to) {
    throw new StreamctlError('usage', `${flag} "${text}" has an end, which windows cannot have`, {
      hint: 'use --until to say when to end',
    });
  }
  switch (from.kind) {
    case 'start':
    case 'end':
      return { kind: from.kind };
    case 'time':
      return { kind: 'timestamp', atMs: from.timeMs };
    case 'offset':
      return { kind: 'offset', offset: from.offset };
    case 'relative':
      return { kind: 'relative', count: from.count };
  }
}
