import { StreamctlError } from '../base/errors.js';
import type { Window } from '../plan/plan.js';
import { flinkName, intervalText } from './spelling.js';

/**
 * The table function that cuts `table` into windows by the time column: `TUMBLE(TABLE t, DESCRIPTOR(c), ...)`.
 * @param keys columns by which sessions are told apart; other windows do not ask.
 * @throws `bad-plan` for a window that Flink does not have.
 */
export function flinkWindow(window: Window, table: string, timeColumn: string, keys: readonly string[]): string {
  const time = `DESCRIPTOR(${flinkName(timeColumn)})`;
  const from = `TABLE ${flinkName(table)}`;
  const sizes: string[] = [];
  switch (window.kind) {
    case 'tumble':
      sizes.push(intervalText(window.sizeMs));
      break;
    case 'hop':
      if (window.sizeMs % window.hopMs !== 0) {
        throw new StreamctlError('bad-plan', 'Flink SQL has no windows whose size is not a multiple of their hop');
      }
      sizes.push(intervalText(window.hopMs), intervalText(window.sizeMs));
      break;
    case 'cumulate':
      sizes.push(intervalText(window.stepMs), intervalText(window.sizeMs));
      break;
    case 'sliding':
      throw new StreamctlError('bad-plan', 'Flink SQL has no sliding windows', {
        hint: 'hopping windows are near: .hop(size, hop)',
      });
    case 'session': {
      const by = keys.length === 0 ? '' : ` PARTITION BY ${keys.map(flinkName).join(', ')}`;
      // Braces of a partition make a table argument a whole of its own.
      const table = by === '' ? from : `${from}${by}`;
      return `SESSION(${table}, ${time}, ${intervalText(window.gapMs)})`;
    }
  }
  if (window.offsetMs !== 0) sizes.push(intervalText(window.offsetMs));
  return `${window.kind.toUpperCase()}(${from}, ${time}, ${sizes.join(', ')})`;
}
