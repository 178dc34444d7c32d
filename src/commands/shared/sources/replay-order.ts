import { StreamctlError } from '../../../base/errors.js';
import type { FileSystem } from '../../../base/files.js';
import { parseDuration } from '../../../base/time.js';
import { type Disorder, DisorderReader } from '../../../connect/sources/replay/disorder-reader.js';
import type { RowReader } from '../../../connect/sources/replay/row-reader.js';
import { SortedReader } from '../../../connect/sources/replay/sorted-reader.js';
import type { ReplayFlags } from './replay-flags.js';

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
  const [lateShare, lateMs] = late === undefined ? [0, 0] : readLate(late);
  return {
    shuffleMs: shuffle ?? 0,
    lateShare,
    lateMs,
    dupShare: dup === undefined ? 0 : readShare('--dup', dup, '1%'),
    seed: seed ?? 0,
  };
}

function readLate(text: string): [number, number] {
  const at = text.indexOf(':');
  if (at < 0) throw new StreamctlError('usage', `--late: "${text}" does not say how late`, { hint: 'write 2%:5m' });
  return [readShare('--late', text.slice(0, at), '2%:5m'), parseDuration(text.slice(at + 1))];
}

function readShare(flag: string, text: string, example: string): number {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text.trim());
  if (match && Number(match[1]) <= 100) return Number(match[1]) / 100;
  throw new StreamctlError('usage', `${flag}: "${text}" is not a share of the rows`, { hint: `write ${example}` });
}

/** A reader's rows in the order that the flags ask for. */
export function ordered(reader: RowReader, flags: OrderFlags, files: FileSystem): RowReader {
  const sorted = flags.sortByTime ? new SortedReader(reader, files) : reader;
  const disorder = readDisorder(flags);
  return disorder ? new DisorderReader(sorted, disorder) : sorted;
}
