import { StreamctlError } from '../../../base/errors.js';
import type { ByteSource } from './byte-source.js';
import { GunzipSource } from './gunzip-source.js';
import type { ReadEdges } from './row-reader.js';

/** First bytes that tell packed files from text. */
const GZIP = [0x1f, 0x8b];
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const OLD_WORKBOOK = [0xd0, 0xcf, 0x11, 0xe0];

/** What is gzip by its content is unpacked on the way, whatever it is called. @throws `bad-data` without `edges` */
export async function unpacked(
  source: ByteSource,
  edges: ReadEdges | undefined,
): Promise<{ readonly source: ByteSource; readonly name: string }> {
  await source.await?.(GZIP.length);
  if (!begins(source, GZIP)) return { source, name: source.name };
  if (!edges) {
    throw new StreamctlError('bad-data', 'it is compressed with gzip', { hint: 'unpack it first: gunzip' });
  }
  return { source: new GunzipSource(source, edges.compression), name: source.name.replace(/\.gz(ip)?$/i, '') };
}

/** Whether it begins as workbooks do: as a zip archive, or as older and protected ones. */
export async function isWorkbook(source: ByteSource): Promise<boolean> {
  await source.await?.(ZIP.length);
  return begins(source, ZIP) || begins(source, OLD_WORKBOOK);
}

function begins(source: ByteSource, magic: readonly number[]): boolean {
  const head = source.peek(0, magic.length);
  return magic.every((byte, index) => head[index] === byte);
}
