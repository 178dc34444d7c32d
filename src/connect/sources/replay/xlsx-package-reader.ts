import { StreamctlError } from '../../../base/errors.js';
import { SHEET_DELIMITER } from '../../codecs/xlsx/sheet-rows.js';
import { ZipArchive } from '../../codecs/xlsx/zip-archive.js';
import type { ByteSource } from './byte-source.js';
import { CsvReader } from './csv-reader.js';
import { MemorySource } from './memory-source.js';
import { packageRows } from './package-rows.js';
import type { OpenOptions, RowReader } from './row-reader.js';
import { chooseSheet } from './sheet-choice.js';
import { TextInput } from './text-input.js';

/** The workbook is held in memory as a whole: larger ones are refused. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;

/** First bytes of the files that the package reads: zip archives, and the containers of older and encrypted workbooks. */
const ARCHIVE_MAGIC = [0x50, 0x4b];
const CONTAINER_MAGIC = [0xd0, 0xcf];

/**
 * Opens a sheet of a workbook that is no plain one in XML: xls, xlsb, OpenDocument, or one with a password. It is held in
 * memory as a whole.
 * @throws `limit-exceeded` for a workbook that is too large, `not-found` for a sheet that is not there, `bad-data`.
 */
export async function openPackaged(source: ByteSource, options: OpenOptions): Promise<RowReader> {
  const { xlsx, bytes } = await load(source);
  // Formats tell dates from numbers: dates as objects would be moved by the zone of the machine.
  const workbook = parse(() => xlsx.read(bytes, { type: 'array', cellNF: true, dense: true }));
  const { name } = chooseSheet(
    workbook.SheetNames.map((one) => ({ name: one })),
    options.sheet,
  );
  const sheet = workbook.Sheets[name]!;
  const is1904 = workbook.Workbook?.WBProps?.date1904 === true;
  const used = xlsx.utils.decode_range(sheet['!ref'] ?? 'A1');
  const memory = new MemorySource(source.name, packageRows(sheet, used, is1904, options.range));
  const input = new TextInput(memory, 'utf-8');
  await input.open();
  if (input.start === input.end) throw new StreamctlError('bad-data', `sheet "${name}" is empty`);
  const known = { delimiter: SHEET_DELIMITER, rowEnd: 'cr', quotedIsText: true } as const;
  return new WorkbookReader(CsvReader.open(input, memory, options, known));
}

/** The names of the sheets of such a workbook, in the order of their tabs. @throws `limit-exceeded`, `bad-data` */
export async function packagedNames(source: ByteSource): Promise<readonly string[]> {
  const { xlsx, bytes } = await load(source);
  return parse(() => xlsx.read(bytes, { type: 'array', bookSheets: true })).SheetNames;
}

/** The package, and a workbook that it may be given. */
async function load(source: ByteSource): Promise<{ xlsx: typeof import('xlsx'); bytes: Uint8Array }> {
  const bytes = await readAll(source);
  const isArchive = ARCHIVE_MAGIC.every((byte, index) => bytes[index] === byte);
  const inflated = isArchive ? inflatedSize(bytes) : 0;
  if (inflated === undefined || (!isArchive && !CONTAINER_MAGIC.every((byte, index) => bytes[index] === byte))) {
    throw new StreamctlError('bad-data', 'it is no workbook: not a zip archive');
  }
  if (inflated > MAX_INFLATED_BYTES) throw tooLarge(`${Math.round(inflated / 1e6)} MB unpacked`, MAX_INFLATED_BYTES);
  return { xlsx: await import('xlsx'), bytes };
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
    const { message } = cause as Error;
    if (/password|encrypt/i.test(message)) {
      throw new StreamctlError('bad-data', 'the workbook is protected by a password', {
        hint: 'save it without one, or save the sheet as CSV',
        cause,
      });
    }
    throw new StreamctlError('bad-data', 'the workbook cannot be read', { detail: message, cause });
  }
}

/** What the archive says its files unpack to: read before anything is unpacked, so that a bomb is refused at no cost. */
function inflatedSize(bytes: Uint8Array): number | undefined {
  const archive = ZipArchive.open({
    size: bytes.length,
    peek: (position, length) => bytes.subarray(position, position + length),
  });
  if (!archive || archive.entries.size === 0) return undefined;
  let total = 0;
  for (const { plainBytes } of archive.entries.values()) total += plainBytes;
  return total;
}

function tooLarge(what: string, bound: number): StreamctlError {
  return new StreamctlError('limit-exceeded', `the workbook is too large: ${what}`, {
    detail: `at most ${bound / 1024 / 1024} MB are read`,
    hint: 'save the sheet as CSV',
    exit: 2,
  });
}
