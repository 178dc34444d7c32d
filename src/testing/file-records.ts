import { fromUtf8 } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import { RowBlock } from '../connect/codecs/row-block.js';
import { MemorySource } from '../connect/sources/replay/memory-source.js';
import { openReader } from '../connect/sources/replay/open-reader.js';
import type { Source } from '../plan/plan.js';

/** Records that one file may feed. */
export const MAX_FILE_RECORDS = 100_000;

/**
 * The rows of a csv, ndjson or xlsx file as `replay` makes records of them, numbers where the source has numbers. Lines of
 * an ndjson file are records as they stand.
 * @param name of the file, for its format and for messages.
 * @throws `bad-data` with the row that cannot be read, `limit-exceeded`
 */
export async function fileRecords(source: Source, name: string, bytes: Uint8Array): Promise<readonly string[]> {
  if (/\.(?:ndjson|jsonl)$/i.test(name)) {
    const lines = fromUtf8(bytes)
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '');
    if (lines.length > MAX_FILE_RECORDS) throw tooLong(name);
    return lines;
  }
  const types = Object.fromEntries(
    source.columns.map(({ name: column, type }) => [
      column,
      type === 'bigint' || type === 'double' ? 'number' : 'text',
    ]),
  ) as Readonly<Record<string, 'number' | 'text'>>;
  const reader = await openReader(new MemorySource(name, bytes), {
    types,
    onBad: ({ row, reason }) => {
      throw new StreamctlError('bad-data', `${name}, row ${row}: ${reason}`);
    },
  });
  const block = new RowBlock();
  while (await reader.read(block, MAX_FILE_RECORDS + 1)) if (block.count > MAX_FILE_RECORDS) throw tooLong(name);
  return Array.from({ length: block.count }, (_, at) =>
    fromUtf8(block.bytes.subarray(block.start(at), block.ends[at]!)),
  );
}

function tooLong(name: string): StreamctlError {
  return new StreamctlError('limit-exceeded', `${name} has more than ${MAX_FILE_RECORDS} rows`, {
    hint: 'a test feeds a part of it: head -1000',
  });
}
