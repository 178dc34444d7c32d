import { utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import { didYouMean } from '../../../plan/did-you-mean.js';
import type { ByteSource } from './byte-source.js';
import { CsvReader } from './csv-reader.js';
import { MemorySource } from './memory-source.js';
import type { OpenOptions, RowReader } from './row-reader.js';
import { TextInput } from './text-input.js';
import { inflatedSize } from './zip-directory.js';

/** The workbook is held in memory as a whole: larger ones are refused. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;

/**
 * Opens a sheet of a workbook as rows: dates as ISO 8601, formulas as their stored values.
 * @throws `limit-exceeded` for a workbook that is too large, `not-found` for a sheet that is not there, `bad-data`.
 */
export async function openWorkbook(source: ByteSource, options: OpenOptions): Promise<RowReader> {
  const bytes = await readAll(source);
  const inflated = inflatedSize(bytes);
  if (inflated === undefined) throw new StreamctlError('bad-data', 'it is no workbook: not a zip archive');
  if (inflated > MAX_INFLATED_BYTES) throw tooLarge(`${Math.round(inflated / 1e6)} MB unpacked`, MAX_INFLATED_BYTES);
  const xlsx = await import('xlsx');
  const workbook = parse(() => xlsx.read(bytes, { type: 'array', cellDates: true, dense: true }));
  const name = options.sheet ?? workbook.SheetNames[0];
  const sheet = name === undefined ? undefined : workbook.Sheets[name];
  if (!sheet) throw noSheet(name, workbook.SheetNames);
  const text = xlsx.utils.sheet_to_csv(sheet, {
    FS: ',',
    RS: '\n',
    blankrows: false,
    rawNumbers: true,
    dateNF: 'yyyy-mm-dd"T"hh:mm:ss',
  });
  const memory = new MemorySource(source.name, utf8(text));
  const input = new TextInput(memory, 'utf-8');
  await input.open();
  const reader = CsvReader.open(input, memory, { ...options, delimiter: 0x2c });
  return new WorkbookReader(reader);
}

/** The rows of a sheet; only the shape is said differently. */
class WorkbookReader implements RowReader {
  readonly shape: RowReader['shape'];
  readonly #rows: CsvReader;

  constructor(rows: CsvReader) {
    this.#rows = rows;
    this.shape = { format: 'xlsx', encoding: 'utf-8', columns: rows.shape.columns };
  }

  get row(): number {
    return this.#rows.row;
  }

  read(...parameters: Parameters<RowReader['read']>): boolean | Promise<boolean> {
    return this.#rows.read(...parameters);
  }

  rewind(): Promise<boolean> {
    return this.#rows.rewind();
  }

  remarks(): readonly string[] {
    return this.#rows.remarks();
  }
}

async function readAll(source: ByteSource): Promise<Uint8Array> {
  let bytes = new Uint8Array(Math.min(MAX_FILE_BYTES, source.size ?? 64 * 1024) + 1);
  for (let size = 0; ; ) {
    const count = await source.read(bytes.subarray(size));
    if (count === 0) return bytes.subarray(0, size);
    size += count;
    if (size > MAX_FILE_BYTES) throw tooLarge('more', MAX_FILE_BYTES);
    if (size < bytes.length) continue;
    const larger = new Uint8Array(bytes.length * 2);
    larger.set(bytes);
    bytes = larger;
  }
}

function parse<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new StreamctlError('bad-data', 'the workbook cannot be read', { detail: (cause as Error).message, cause });
  }
}

function noSheet(name: string | undefined, names: readonly string[]): StreamctlError {
  if (name === undefined) return new StreamctlError('bad-data', 'the workbook has no sheets');
  const near = didYouMean(name, names);
  return new StreamctlError('not-found', `there is no sheet "${name}"`, {
    detail: `the workbook's sheets are ${names.join(', ')}`,
    ...(near ? { hint: `did you mean ${near}?` } : {}),
  });
}

function tooLarge(what: string, bound: number): StreamctlError {
  return new StreamctlError('limit-exceeded', `the workbook is too large: ${what}`, {
    detail: `at most ${bound / 1024 / 1024} MB are read`,
    hint: 'save the sheet as CSV',
    exit: 2,
  });
}
