import { StreamctlError } from '../../../base/errors.js';
import type { ByteSource } from './byte-source.js';
import { CsvReader } from './csv-reader.js';
import { NdjsonReader } from './ndjson-reader.js';
import { isWorkbook, unpacked } from './packed-file.js';
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
  const { source, name } = await unpacked(given, options.edges);
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  let format = options.format ?? FORMATS[extension];
  const isBook = await isWorkbook(source);
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
