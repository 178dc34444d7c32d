import { StreamctlError } from '../../../base/errors.js';
import type { RowBlock } from '../../codecs/row-block.js';
import type { BadRows } from './bad-rows.js';
import type { RowReader } from './row-reader.js';

/**
 * Reads the rows before row `from`, of which bad ones count for nothing. Where those right before it, and it, are bad, the
 * row behind them is left in `block`.
 * @throws `usage` for a file that is shorter.
 */
export async function passOver(reader: RowReader, block: RowBlock, bad: BadRows, from: number): Promise<void> {
  const before = from - 1;
  // Rows in an order of their own have places, which say nothing of the numbers of bad ones.
  bad.ignoreUpTo(reader.ownOrder ? 0 : before);
  while (reader.row < before) {
    // One at a time: reading more would go too far where some of them are bad.
    const read = reader.read(block, 1);
    const more = typeof read === 'boolean' ? read : await read;
    if (reader.row > before) break;
    block.clear();
    if (!more && reader.row < before) {
      throw new StreamctlError('usage', `--from ${from}: the file has ${reader.row} rows`);
    }
  }
  bad.ignoreUpTo(0);
}
