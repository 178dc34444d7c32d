import { StreamctlError } from '../../../base/errors.js';
import { SharedStrings } from '../../codecs/xlsx/shared-strings.js';
import { SHEET_DELIMITER } from '../../codecs/xlsx/sheet-rows.js';
import { readWorkbookParts } from '../../codecs/xlsx/workbook-parts.js';
import { ZipArchive } from '../../codecs/xlsx/zip-archive.js';
import type { ByteSource } from './byte-source.js';
import { CsvReader } from './csv-reader.js';
import { isWorkbook, unpacked } from './packed-file.js';
import type { OpenOptions, ReadEdges, RowReader } from './row-reader.js';
import { chooseSheet } from './sheet-choice.js';
import { SheetSource } from './sheet-source.js';
import { SpooledSource } from './spooled-source.js';
import { TextInput } from './text-input.js';

/**
 * Opens a sheet of a workbook as rows: dates as ISO 8601, formulas as their stored values. Workbooks in XML are read
 * while they are unpacked, in bounded memory; binary, OpenDocument and older ones are held in memory under a bound.
 * @throws `limit-exceeded` for a workbook that is too large, `not-found` for a sheet that is not there, `bad-data`.
 */
export async function openWorkbook(source: ByteSource, options: OpenOptions): Promise<RowReader> {
  const { edges } = options;
  if (!edges) return packaged(source, options);
  // The directory of the archive stands at its end: a stream has to be there as a whole first.
  const whole = source.size === undefined ? await SpooledSource.of(source, edges.files) : source;
  const size = whole.size!;
  const archive = ZipArchive.open({ size, peek: (position, length) => whole.peek(position, length) });
  const parts = archive && (await readWorkbookParts(archive, edges.compression));
  if (!archive || !parts) return packaged(whole, options);
  const sheet = chooseSheet(parts.sheets, options.sheet);
  const strings = parts.strings
    ? await SharedStrings.read(archive.read(parts.strings, edges.compression), parts.strings.name, edges.files)
    : undefined;
  const rows = new SheetSource(source.name, archive, sheet.entry, edges.compression, {
    strings,
    styles: parts.styles,
    is1904: parts.is1904,
    ...(options.range ? { range: options.range } : {}),
  });
  const input = new TextInput(rows, 'utf-8');
  await input.open();
  if (input.start === input.end) throw new StreamctlError('bad-data', `sheet "${sheet.name}" is empty`);
  const known = { delimiter: SHEET_DELIMITER, rowEnd: 'cr', quotedIsText: true } as const;
  return new WorkbookReader(CsvReader.open(input, rows, options, known), rows, whole === source ? undefined : whole);
}

async function packaged(source: ByteSource, options: OpenOptions): Promise<RowReader> {
  const { openPackaged } = await import('./xlsx-package-reader.js');
  return openPackaged(source, options);
}

/** The names of a workbook's sheets, in the order of their tabs; none where it is no workbook. @throws `bad-data`, `limit-exceeded` */
export async function sheetNames(given: ByteSource, edges: ReadEdges): Promise<readonly string[]> {
  const { source } = await unpacked(given, edges);
  const whole = source.size === undefined ? await SpooledSource.of(source, edges.files) : source;
  try {
    if (!(await isWorkbook(whole))) return [];
    const archive = ZipArchive.open({ size: whole.size!, peek: (position, length) => whole.peek(position, length) });
    const parts = archive && (await readWorkbookParts(archive, edges.compression));
    if (parts) return parts.sheets.map(({ name }) => name);
    const { packagedNames } = await import('./xlsx-package-reader.js');
    return await packagedNames(whole);
  } finally {
    if (whole !== given) whole.close();
  }
}

/** The rows of a sheet; only shape, place and remarks are said differently. */
class WorkbookReader implements RowReader {
  readonly shape: RowReader['shape'];
  readonly #rows: CsvReader;
  readonly #sheet: SheetSource;
  readonly #spooled: ByteSource | undefined;

  constructor(rows: CsvReader, sheet: SheetSource, spooled: ByteSource | undefined) {
    this.#rows = rows;
    this.#sheet = sheet;
    this.#spooled = spooled;
    this.shape = { format: 'xlsx', encoding: 'utf-8', columns: rows.shape.columns };
  }

  get row(): number {
    return this.#rows.row;
  }

  get share(): number {
    return this.#sheet.share;
  }

  read(...parameters: Parameters<RowReader['read']>): boolean | Promise<boolean> {
    return this.#rows.read(...parameters);
  }

  rewind(): Promise<boolean> {
    return this.#rows.rewind();
  }

  remarks(): readonly string[] {
    const outside = this.#sheet.cellsOutside;
    const text = `${outside} ${outside === 1 ? 'cell' : 'cells'} to the left of the table were left out`;
    return outside === 0 ? this.#rows.remarks() : [...this.#rows.remarks(), text];
  }

  close(): void {
    this.#sheet.close();
    this.#spooled?.close();
  }
}
