import { StreamctlError } from '../../../base/errors.js';
import { parseDecimal, parseDelimiter, parseQuote } from '../../../connect/codecs/csv-shape.js';
import { parseEncoding } from '../../../connect/codecs/text-encoding.js';
import { detectDateOrder, timeParser } from '../../../connect/codecs/time-format.js';
import { parseCellRange } from '../../../connect/codecs/xlsx/cell-range.js';
import { BadRows, parseBadRowLimit } from '../../../connect/sources/replay/bad-rows.js';
import { type ByteSource, FileSource, StreamSource } from '../../../connect/sources/replay/byte-source.js';
import { JoinedSource } from '../../../connect/sources/replay/joined-source.js';
import { MergedReader } from '../../../connect/sources/replay/merged-reader.js';
import { openReader } from '../../../connect/sources/replay/open-reader.js';
import type { OpenOptions, RowReader } from '../../../connect/sources/replay/row-reader.js';
import { untilAborted } from '../frame/byte-sources.js';
import type { Context } from '../frame/context.js';
import { readTypes } from './column-types-file.js';
import { type ReplayFlags, readSet } from './replay-flags.js';
import { ordered } from './replay-order.js';
import { baseName, columnFromName, columnTypes, fileStem, type ReplayTarget } from './replay-target.js';

/** A file that is ready to be sent. */
export interface OpenedFile {
  readonly source: ByteSource;
  readonly reader: RowReader;
  readonly bad: BadRows;
  readonly target: ReplayTarget;
}

const SHOWN_COLUMNS = 4;
/** Longest name of several files as one. */
const MAX_NAME = 200;

/** A file, or one sheet of it. */
export interface FilePart {
  readonly file: string;
  readonly sheet?: string;
  /** Several sheets of the file are sent: the name says which one. */
  readonly isOneOfMany?: boolean;
}

/**
 * The sheets of a file that were asked for: all by `*`, or some by name; the file as it is where nothing was said.
 * @throws `not-found`, `bad-data`
 */
export async function partsOf(context: Context, file: string, wanted: readonly string[]): Promise<readonly FilePart[]> {
  if (wanted.length === 0) return [{ file }];
  if (wanted.length === 1 && wanted[0] !== '*') return [{ file, sheet: wanted[0]! }];
  if (!wanted.includes('*')) return wanted.map((sheet) => ({ file, sheet, isOneOfMany: true }));
  if (file === '-') throw new StreamctlError('usage', '--sheet * needs a file, not standard input');
  const { sheetNames } = await import('../../../connect/sources/replay/xlsx-reader.js');
  const source = openSource(context, file, baseName(file));
  try {
    const names = await sheetNames(source, context);
    return names.length < 2 ? [{ file }] : names.map((sheet) => ({ file, sheet, isOneOfMany: true }));
  } finally {
    source.close();
  }
}

/** Opens a file and tells what it looks like. @throws `not-found`, `bad-data`, `usage` */
export async function openFile(
  context: Context,
  part: FilePart,
  target: ReplayTarget,
  flags: ReplayFlags,
): Promise<OpenedFile> {
  const bad = badRows(nameOf(part), flags);
  const opened = await openPart(context, part, target, flags, bad.take);
  if (target.note !== undefined) context.note(target.note);
  return { ...opened, reader: ordered(opened.reader, flags, context.files), bad, target };
}

/** Opens several files as one stream, by the times of their rows. @throws `not-found`, `bad-data`, `usage` */
export async function openMerged(
  context: Context,
  parts: readonly FilePart[],
  target: ReplayTarget,
  flags: ReplayFlags,
): Promise<OpenedFile> {
  const names = parts.map(nameOf);
  const name = mergedName(names);
  const bad = badRows(name, flags);
  const opened: { source: ByteSource; reader: RowReader }[] = [];
  try {
    for (const part of parts) opened.push(await openPart(context, part, target, flags, bad.of(nameOf(part))));
  } catch (error) {
    for (const { source } of opened) source.close();
    throw error;
  }
  if (target.note !== undefined) context.note(target.note);
  const merged = new MergedReader(
    opened.map(({ reader }) => reader),
    names,
  );
  const source = new JoinedSource(
    name,
    opened.map((one) => one.source),
  );
  return { source, reader: ordered(merged, flags, context.files), bad, target };
}

function badRows(name: string, flags: ReplayFlags): BadRows {
  const limit = flags.maxBad === undefined ? {} : parseBadRowLimit(flags.maxBad);
  return new BadRows(name, flags.onError, limit);
}

/** Files with names of their own next to each other, many of them by the first. */
function mergedName(names: readonly string[]): string {
  const all = names.join('+');
  return all.length <= MAX_NAME ? all : `${names[0]}+${names.length - 1}`;
}

/**
 * A replay is resumed by the name of the file: files of one name in several folders cannot be.
 * @throws `usage`
 */
export function checkNames(parts: readonly FilePart[]): void {
  const files = new Map<string, string>();
  for (const part of parts) {
    const name = nameOf(part);
    const before = files.get(name);
    if (before !== undefined) {
      throw new StreamctlError('usage', `--resume: ${before} and ${part.file} are both called ${name}`, {
        detail: 'what the topic holds of a file is known by its name: the one would be taken for the other',
        hint: 'give them names of their own, or resume each in a topic of its own',
      });
    }
    files.set(name, part.file);
  }
}

function nameOf({ file, sheet, isOneOfMany }: FilePart): string {
  if (file === '-') return 'stdin';
  return isOneOfMany ? `${baseName(file)}#${sheet}` : baseName(file);
}

async function openPart(
  context: Context,
  part: FilePart,
  target: ReplayTarget,
  flags: ReplayFlags,
  onBad: OpenOptions['onBad'],
): Promise<{ source: ByteSource; reader: RowReader }> {
  const { file, sheet } = part;
  const name = nameOf(part);
  const source = openSource(context, file, name);
  try {
    const options = {
      ...(await openOptions(context, flags, onBad, target)),
      ...(sheet === undefined ? {} : { sheet }),
    };
    const reader = await readerWithName(context, source, target, file, options);
    tellShape(context, name, reader);
    return { source, reader };
  } catch (error) {
    source.close();
    throw asNoFile(error, file);
  }
}

function openSource(context: Context, file: string, name: string): ByteSource {
  if (file === '-') return new StreamSource(untilAborted(context.stdin.chunks(), context.signal), name);
  return new FileSource(context.files, context.resolvePath(file), name);
}

/** Folders and pipes can be opened, not read anywhere. */
function asNoFile(error: unknown, file: string): unknown {
  const { cause } = error as { cause?: { code?: unknown } };
  if (cause?.code === 'ESPIPE') {
    return new StreamctlError('usage', `${file} is a pipe, which cannot be read like a file`, {
      hint: `give it as standard input: streamctl replay - -t TOPIC < ${file}`,
    });
  }
  if (cause?.code !== 'EISDIR') return error;
  return new StreamctlError('usage', `${file} is a folder`, {
    hint: `name its files, '${file}/*.csv', or wait for them with --watch`,
  });
}

async function openOptions(
  context: Context,
  flags: ReplayFlags,
  onBad: OpenOptions['onBad'],
  target: ReplayTarget,
): Promise<OpenOptions> {
  const encoding = parseEncoding(flags.encoding);
  const delimiter = parseDelimiter(flags.delimiter);
  const quote = parseQuote(flags.quote);
  const decimal = parseDecimal(flags.decimal);
  return {
    onBad,
    edges: { compression: context.compression, files: context.files },
    set: readSet(flags.set),
    textOnly: flags.types === 'text',
    ...(quote === undefined ? {} : { quote }),
    ...(decimal === undefined ? {} : { decimal }),
    types: { ...columnTypes(target), ...(await readTypes(context, flags.types)) },
    ...(flags.columns.length > 0 ? { columns: flags.columns } : {}),
    ...(encoding === undefined ? {} : { encoding }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(flags.key === undefined ? {} : { key: flags.key }),
    ...(flags.time === undefined ? {} : timeOptions(context, flags.time, flags)),
    ...(flags.format === undefined ? {} : { format: flags.format }),
    ...(flags.range === undefined ? {} : { range: parseCellRange(flags.range) }),
  };
}

/** How the event time is read: dates like 02/03/2022 need a look at the others. */
function timeOptions(
  context: Context,
  time: string,
  { timeFormat, tz }: ReplayFlags,
): Pick<OpenOptions, 'time' | 'parseTime' | 'parseTimeOf'> {
  const parseTime = timeParser(timeFormat, tz);
  if (timeFormat !== 'auto') return { time, parseTime };
  const parseTimeOf = (sample: readonly string[]) => {
    const found = detectDateOrder(sample);
    if (!found) return parseTime;
    const pattern = found.order === 'day' ? 'DD/MM/YYYY' : 'MM/DD/YYYY';
    if (found.guessed)
      context.warn(`${time}: no date tells whether day or month comes first; read as ${pattern} (--time-format)`);
    else context.note(`${time}: dates are read as ${pattern}`);
    return timeParser(timeFormat, tz, found.order);
  };
  return { time, parseTime, parseTimeOf };
}

/** Opens the reader; a second time where the file's name tells a column that the pipeline wants and the file lacks. */
async function readerWithName(
  context: Context,
  source: ByteSource,
  target: ReplayTarget,
  file: string,
  options: OpenOptions,
): Promise<RowReader> {
  const reader = await openReader(source, options);
  const names = [...reader.shape.columns.map(({ name }) => name), ...Object.keys(options.set ?? {})];
  const column = columnFromName(target, reader.shape.columns.length === 0 ? [] : names);
  const stem = fileStem(file);
  if (column === undefined || stem === target.plan?.name || options.columns || !source.rewind()) return reader;
  context.note(`${column} is ${stem}, after the file's name (--set ${column}=... says otherwise)`);
  return openReader(source, { ...options, set: { ...options.set, [column]: JSON.stringify(stem) } });
}

function tellShape(context: Context, name: string, { shape }: RowReader): void {
  const parts: string[] = [shape.format];
  if (shape.delimiter !== undefined && shape.delimiter !== ',')
    parts.push(`cells end at ${shownDelimiter(shape.delimiter)}`);
  if (shape.quote !== undefined)
    parts.push(shape.quote === 'none' ? 'no quotes' : `cells are quoted with ${shape.quote}`);
  if (shape.encoding !== 'utf-8') parts.push(shape.encoding);
  const commas = shape.commaColumns ?? [];
  if (commas.length > 0) parts.push(`decimal comma in ${named(commas)}`);
  if (parts.length > 1) context.note(`${name}: ${parts.join(', ')}`);
  for (const column of shape.columns) context.debug(`${name}: ${column.name} is ${column.type}`);
}

/** The first few of some columns. */
function named(columns: readonly string[]): string {
  const first = columns.slice(0, SHOWN_COLUMNS).join(', ');
  return columns.length <= SHOWN_COLUMNS ? first : `${first} and ${columns.length - SHOWN_COLUMNS} more`;
}

function shownDelimiter(delimiter: string): string {
  return delimiter === '\t' ? 'a tab' : `"${delimiter}"`;
}
