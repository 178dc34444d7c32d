import { fromUtf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import { didYouMean } from '../../../plan/did-you-mean.js';
import { CsvJson } from '../../codecs/csv-json.js';
import type { CsvLayout } from '../../codecs/csv-layout.js';
import { csvRows } from '../../codecs/csv-rows.js';
import { type CsvColumn, type CsvShape, detectCsv, type KnownShape } from '../../codecs/csv-shape.js';
import type { RowBlock } from '../../codecs/row-block.js';
import type { ByteSource } from './byte-source.js';
import type { FileShape, RowOptions, RowReader } from './row-reader.js';
import { HEAD_BYTES, MAX_ROW_BYTES, type TextInput } from './text-input.js';

/** Looks at the middle of large files, so that a column's type does not hang on its first rows. */
const PEEKS = 32;
const PEEK_BYTES = 16 * 1024;
/** Times that tell how times are written. */
const TIME_SAMPLE = 2000;

/** Rows of a CSV file. */
export class CsvReader implements RowReader {
  readonly shape: FileShape;
  readonly #input: TextInput;
  readonly #detected: CsvShape;
  readonly #layout: CsvLayout;
  readonly #options: RowOptions;
  #csv: CsvJson;

  private constructor(input: TextInput, detected: CsvShape, options: RowOptions) {
    this.#input = input;
    this.#detected = detected;
    this.#options = options;
    this.#layout = layoutOf(detected, options, input);
    this.#csv = this.#begin();
    this.shape = {
      format: 'csv',
      encoding: input.encoding,
      delimiter: String.fromCharCode(detected.marks.delimiter),
      ...(detected.marks.quote === 0x22
        ? {}
        : { quote: detected.marks.quote < 0 ? 'none' : String.fromCharCode(detected.marks.quote) }),
      commaColumns: this.#layout.columns
        .filter(({ kind, decimal }) => kind === 'number' && decimal === 'comma')
        .map(({ name }) => name),
      columns: detected.columns
        .filter((_, index) => this.#layout.columns[index]!.kind !== 'skip')
        .map(({ name, type }) => ({ name, type: shownType(kindOf(name, type, options), type) })),
    };
  }

  /** @param input opened. @throws `bad-data` for what is no CSV with rows, `not-found` for a column that is not there. */
  static open(input: TextInput, source: ByteSource, options: RowOptions, known: KnownShape = {}): CsvReader {
    const detected = detectCsv(input.available(), input.ended, {
      ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter }),
      ...(options.quote === undefined ? {} : { quote: options.quote }),
      ...(options.decimal === undefined ? {} : { decimal: options.decimal }),
      more: peeks(input, source),
      ...known,
    });
    return new CsvReader(input, detected, options);
  }

  get row(): number {
    return this.#csv.row;
  }

  read(block: RowBlock, maxRows: number): boolean | Promise<boolean> {
    const input = this.#input;
    for (;;) {
      if (input.start < input.end) {
        input.start = this.#csv.convert(input.bytes, input.start, input.end, input.ended, block, maxRows);
        if (block.count >= maxRows) return true;
      }
      if (input.ended) return false;
      const filled = this.#fill();
      if (filled instanceof Promise) return filled.then(() => this.read(block, maxRows));
    }
  }

  async rewind(): Promise<boolean> {
    if (!(await this.#input.rewind())) return false;
    while (this.#input.end < this.#detected.headerBytes && (await this.#input.fill())) {
      // The header is passed over, however long it is.
    }
    this.#csv = this.#begin();
    return true;
  }

  remarks(): readonly string[] {
    return this.#detected.columns.flatMap(({ name }, index) => {
      const count = this.#csv.misfits[index]!;
      return count === 0
        ? []
        : [`${name}: ${count} ${count === 1 ? 'cell is no number' : 'cells are no numbers'} and stayed text`];
    });
  }

  #begin(): CsvJson {
    this.#input.start = this.#detected.headerBytes;
    return new CsvJson(this.#layout, this.#detected.firstLine, this.#options.onBad);
  }

  #fill(): boolean | Promise<boolean> {
    try {
      return this.#input.fill();
    } catch (error) {
      if (!(error instanceof StreamctlError) || error.code !== 'limit-exceeded') throw error;
      throw new StreamctlError(
        'bad-data',
        `row ${this.#csv.row + 1}, which begins in line ${this.#csv.line}, is too long`,
        {
          detail: `it goes on for more than ${MAX_ROW_BYTES / 1024 / 1024} MB`,
          hint: 'is a quote left open in it, or is the delimiter another (--delimiter)?',
        },
      );
    }
  }
}

function peeks(input: TextInput, source: ByteSource): Uint8Array[] {
  if (input.ended || source.size === undefined || !['utf-8', 'windows-1252'].includes(input.encoding)) return [];
  const step = (source.size - HEAD_BYTES) / PEEKS;
  if (step < PEEK_BYTES) return [source.peek(HEAD_BYTES, Math.ceil(source.size - HEAD_BYTES))];
  return Array.from({ length: PEEKS }, (_, index) => source.peek(Math.floor(HEAD_BYTES + index * step), PEEK_BYTES));
}

function layoutOf(detected: CsvShape, options: RowOptions, input: TextInput): CsvLayout {
  const names = detected.columns.map(({ name }) => name);
  const indexOf = (flag: string, name: string | undefined): number => {
    if (name === undefined) return -1;
    const index = names.indexOf(name);
    if (index >= 0) return index;
    throw unknownColumn(flag, name, names);
  };
  for (const name of options.columns ?? []) indexOf('--columns', name);
  const timeColumn = indexOf('--time', options.time);
  const parseTime =
    timeColumn >= 0 && options.parseTimeOf
      ? options.parseTimeOf(textsOf(input, detected, timeColumn))
      : options.parseTime;
  const wanted = (name: string): boolean =>
    (options.columns === undefined || options.columns.includes(name)) && !Object.hasOwn(options.set ?? {}, name);
  return {
    delimiter: detected.marks.delimiter,
    quote: detected.marks.quote,
    rowEnd: detected.marks.rowEnd,
    columns: detected.columns.map(({ name, type, decimal }) => ({
      name,
      kind: wanted(name) ? kindOf(name, type, options) : 'skip',
      decimal,
    })),
    constants: Object.entries(options.set ?? {}).map(([name, json]) => ({ name, json })),
    keyColumn: indexOf('--key', options.key),
    timeColumn,
    ...(parseTime ? { parseTime } : {}),
  };
}

/** Texts of one column in the head of the file. */
function textsOf(input: TextInput, { marks, headerBytes }: CsvShape, column: number): string[] {
  const texts: string[] = [];
  for (const row of csvRows(input.available().subarray(headerBytes), marks, input.ended)) {
    const text = row.cell(column)?.text;
    if (text !== undefined && text.length > 0) texts.push(fromUtf8(text));
    if (texts.length >= TIME_SAMPLE) break;
  }
  return texts;
}

/** Said types win over what the sample shows. */
function kindOf(name: string, type: CsvColumn['type'], { types, textOnly }: RowOptions): 'text' | 'number' {
  if (textOnly) return 'text';
  if (types !== undefined && Object.hasOwn(types, name)) return types[name]!;
  return type === 'text' ? 'text' : 'number';
}

function shownType(kind: 'text' | 'number', type: CsvColumn['type']): 'string' | 'bigint' | 'double' {
  if (kind === 'text') return 'string';
  return type === 'text' ? 'double' : type;
}

/** A column that was named and is not there. */
export function unknownColumn(flag: string, name: string, names: readonly string[]): StreamctlError {
  const near = didYouMean(name, names);
  return new StreamctlError('not-found', `${flag}: there is no column "${name}"`, {
    detail: `the file's columns are ${names.join(', ')}`,
    ...(near ? { hint: `did you mean ${near}?` } : {}),
  });
}
