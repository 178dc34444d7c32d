import { StreamctlError } from '../../../base/errors.js';
import type { FileSystem } from '../../../base/files.js';
import { type Disorder, DisorderReader } from '../../../connect/sources/replay/disorder-reader.js';
import type { RowReader } from '../../../connect/sources/replay/row-reader.js';
import { SortedReader } from '../../../connect/sources/replay/sorted-reader.js';
import type { ReplayFlags } from './replay-flags.js';
import { readLate, readShare } from './shares.js';

type OrderFlags = Pick<ReplayFlags, 'time' | 'sortByTime' | 'merge' | 'shuffle' | 'late' | 'dup' | 'seed'>;

/**
 * Reads the flags that change the order of rows; undefined where none puts them out of order.
 * @throws `usage`
 */
export function readDisorder({ time, sortByTime, merge, shuffle, late, dup, seed }: OrderFlags): Disorder | undefined {
  const timed = [
    sortByTime && '--sort-by-time',
    merge && '--merge',
    shuffle !== undefined && '--shuffle',
    late && '--late',
  ];
  const flag = timed.find((one) => one);
  if (flag && time === undefined) {
    throw new StreamctlError('usage', `${flag} goes by the times of the rows: name their column`, {
      hint: '--time COL',
    });
  }
  if (shuffle === undefined && late === undefined && dup === undefined) {
    if (seed === undefined) return undefined;
    throw new StreamctlError('usage', '--seed goes with --shuffle, --late or --dup');
  }
  const behind = late === undefined ? { share: 0, byMs: 0 } : readLate(late);
  return {
    shuffleMs: shuffle ?? 0,
    lateShare: behind.share,
    lateMs: behind.byMs,
    dupShare: dup === undefined ? 0 : readShare('--dup', dup),
    seed: seed ?? 0,
  };
}

/** A reader's rows in the order that the flags ask for. */
export function ordered(reader: RowReader, flags: OrderFlags, files: FileSystem): RowReader {
  const sorted = flags.sortByTime ? new SortedReader(reader, files) : reader;
  const disorder = readDisorder(flags);
  return disorder ? new DisorderReader(sorted, disorder) : sorted;
}
