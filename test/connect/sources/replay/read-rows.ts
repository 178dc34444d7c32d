import { fromUtf8, utf8 } from '../../../../src/base/bytes.js';
import { systemCompression } from '../../../../src/base/compression.js';
import { systemFiles } from '../../../../src/base/system.js';
import { type BadRow, RowBlock } from '../../../../src/connect/codecs/row-block.js';
import type { ByteSource } from '../../../../src/connect/sources/replay/byte-source.js';
import { MemorySource } from '../../../../src/connect/sources/replay/memory-source.js';
import { openReader } from '../../../../src/connect/sources/replay/open-reader.js';
import type { OpenOptions, RowReader } from '../../../../src/connect/sources/replay/row-reader.js';

/** What unpacking and spilling need, for real. */
export const edges = { compression: systemCompression, files: systemFiles };

/** All that a reader gives. */
export async function drain(reader: RowReader, batch = 10) {
  const block = new RowBlock();
  const texts: string[] = [];
  const rows: number[] = [];
  const times: number[] = [];
  for (let more = true; more; block.clear()) {
    more = await reader.read(block, batch);
    for (let index = 0; index < block.count; index++) {
      texts.push(fromUtf8(block.bytes.subarray(block.start(index), block.ends[index]!)));
      rows.push(block.rows[index]!);
      times.push(block.times[index]!);
    }
  }
  return { texts, rows, times };
}

/** Opens a source and reads all of it. */
export async function readRows(source: ByteSource, options: Partial<OpenOptions> = {}) {
  const bad: string[] = [];
  const onBad = ({ line, reason }: BadRow): void => void bad.push(`${line}: ${reason}`);
  const reader = await openReader(source, { edges, ...options, onBad });
  return { ...(await drain(reader)), bad, shape: reader.shape, reader };
}

/** A file in memory. */
export function fileOf(name: string, content: string | Uint8Array): MemorySource {
  return new MemorySource(name, typeof content === 'string' ? utf8(content) : content);
}
