import { StreamctlError } from '../../../base/errors.js';
import type { ByteSource } from './byte-source.js';
import { CsvReader } from './csv-reader.js';
import { GunzipSource } from './gunzip-source.js';
import { NdjsonReader } from './ndjson-reader.js';
import type { OpenOptions, RowReader } from './row-reader.js';
import { TextInput } from './text-input.js';

type Format = 'csv' | 'ndjson' | 'xlsx';

const FORMATS: Readonly<Record<string, Format>> = {
  csv: 'csv',
  tsv: 'csv',
  tab: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  xlsx: 'xlsx',
  xlsm: 'xlsx',
  xlsb: 'xlsx',
  xls: 'xlsx',
  ods: 'xlsx',
};
/** First bytes that tell packed files from text. */
const GZIP = [0x1f, 0x8b];
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const OLD_WORKBOOK = [0xd0, 0xcf, 0x11, 0xe0];

/**
 * Opens a file for reading its rows.
 * @throws `bad-data` with the file's name for a file that holds no rows of its format.
 */
export async function openReader(source: ByteSource, options: OpenOptions): Promise<RowReader> {
  try {
    return await open(source, options);
  } catch (error) {
    if (!(error instanceof StreamctlError) || error.code !== 'bad-data') throw error;
    throw new StreamctlError('bad-data', `${source.name}: ${error.message}`, {
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}

async function open(given: ByteSource, options: OpenOptions): Promise<RowReader> {
  const { source, name } = await unpacked(given, options);
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  let format = options.format ?? FORMATS[extension];
  await source.await?.(ZIP.length);
  const isBook = begins(source, ZIP) || begins(source, OLD_WORKBOOK);
  if (isBook && format !== undefined && format !== 'xlsx') {
    throw new StreamctlError('bad-data', 'it is a workbook or a zip archive, not text', {
      hint: 'give a workbook the ending .xlsx, or say --format xlsx; unpack an archive first',
    });
  }
  if (format === 'xlsx' || isBook) {
    const { openWorkbook } = await import('./xlsx-reader.js');
    return openWorkbook(source, options);
  }
  const input = new TextInput(source, options.encoding);
  await input.open();
  if (format === undefined) format = looksLikeJson(input.available()) ? 'ndjson' : 'csv';
  if (format === 'ndjson') return new NdjsonReader(input, options);
  return CsvReader.open(
    input,
    source,
    extension === 'tsv' && options.delimiter === undefined ? { ...options, delimiter: 0x09 } : options,
  );
}

/** What is gzip by its content is unpacked on the way, whatever it is called. */
async function unpacked(source: ByteSource, { edges }: OpenOptions): Promise<{ source: ByteSource; name: string }> {
  await source.await?.(GZIP.length);
  if (!begins(source, GZIP)) return { source, name: source.name };
  if (!edges) {
    throw new StreamctlError('bad-data', 'it is compressed with gzip', { hint: 'unpack it first: gunzip' });
  }
  return { source: new GunzipSource(source, edges.compression), name: source.name.replace(/\.gz(ip)?$/i, '') };
}

function begins(source: ByteSource, magic: readonly number[]): boolean {
  const head = source.peek(0, magic.length);
  return magic.every((byte, index) => head[index] === byte);
}

function looksLikeJson(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  if (first === 0x5b) {
    throw new StreamctlError('bad-data', 'it holds one JSON array', {
      detail: 'a row is one JSON object on a line of its own',
      hint: "turn it into lines first, for example with jq -c '.[]'",
    });
  }
  return first === 0x7b;
}
