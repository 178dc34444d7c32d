import { StreamctlError } from '../../../base/errors.js';
import { formatDuration } from '../../../base/time.js';
import { parseDecimal, parseDelimiter, parseQuote } from '../../../connect/codecs/csv-shape.js';
import { RowBlock } from '../../../connect/codecs/row-block.js';
import { parseEncoding } from '../../../connect/codecs/text-encoding.js';
import { detectDateOrder, timeParser } from '../../../connect/codecs/time-format.js';
import { parseCellRange } from '../../../connect/codecs/xlsx/cell-range.js';
import type { KafkaClient } from '../../../connect/kafka/client.js';
import { createMissingTopics } from '../../../connect/kafka/create-topics.js';
import { BadRows, parseBadRowLimit } from '../../../connect/sources/replay/bad-rows.js';
import { type ByteSource, FileSource, StreamSource } from '../../../connect/sources/replay/byte-source.js';
import type { ReplayOptions, ReplayReport, ReplayTimestamps } from '../../../connect/sources/replay/interfaces.js';
import { openReader } from '../../../connect/sources/replay/open-reader.js';
import { Replay } from '../../../connect/sources/replay/replay.js';
import type { OpenOptions, RowReader } from '../../../connect/sources/replay/row-reader.js';
import { formatCount, groupDigits } from '../../../ui/text/numbers.js';
import { untilAborted } from '../frame/byte-sources.js';
import type { Context } from '../frame/context.js';
import { readTypes } from './column-types-file.js';
import { type ReplayFlags, readPacing, readSet } from './replay-flags.js';
import { ReplayProgress } from './replay-progress.js';
import { baseName, columnFromName, columnTypes, fileStem, type ReplayTarget } from './replay-target.js';

/** A file that is ready to be sent. */
export interface OpenedFile {
  readonly source: ByteSource;
  readonly reader: RowReader;
  readonly bad: BadRows;
  readonly target: ReplayTarget;
}

const DRY_ROWS = 1_000;
const SHOWN_COLUMNS = 4;

/** Opens a file and tells what it looks like. @throws `not-found`, `bad-data`, `usage` */
export async function openFile(
  context: Context,
  file: string,
  target: ReplayTarget,
  flags: ReplayFlags,
): Promise<OpenedFile> {
  const name = file === '-' ? 'stdin' : baseName(file);
  const limit = flags.maxBad === undefined ? {} : parseBadRowLimit(flags.maxBad);
  const bad = new BadRows(name, flags.onError, limit);
  const source = openSource(context, file, name);
  try {
    const reader = await readerWithName(context, source, target, file, openOptions(context, flags, bad, target));
    if (target.note !== undefined) context.note(target.note);
    tellShape(context, name, reader);
    return { source, reader, bad, target };
  } catch (error) {
    source.close();
    throw asFolder(error, file);
  }
}

function openSource(context: Context, file: string, name: string): ByteSource {
  if (file === '-') return new StreamSource(untilAborted(context.stdin.chunks(), context.signal), name);
  return new FileSource(context.files, context.resolvePath(file), name);
}

function asFolder(error: unknown, file: string): unknown {
  const { cause } = error as { cause?: { code?: unknown } };
  if (cause?.code !== 'EISDIR') return error;
  return new StreamctlError('usage', `${file} is a folder`, { hint: `name its files: ${file}/*.csv` });
}

function openOptions(context: Context, flags: ReplayFlags, bad: BadRows, target: ReplayTarget): OpenOptions {
  const encoding = parseEncoding(flags.encoding);
  const delimiter = parseDelimiter(flags.delimiter);
  const quote = parseQuote(flags.quote);
  const decimal = parseDecimal(flags.decimal);
  const types = readTypes(context, flags.types);
  return {
    onBad: bad.take,
    edges: { compression: context.compression, files: context.files },
    set: readSet(flags.set),
    textOnly: flags.types === 'text',
    ...(types === undefined ? {} : { types }),
    ...(quote === undefined ? {} : { quote }),
    ...(decimal === undefined ? {} : { decimal }),
    types: columnTypes(target),
    ...(flags.columns.length > 0 ? { columns: flags.columns } : {}),
    ...(encoding === undefined ? {} : { encoding }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(flags.key === undefined ? {} : { key: flags.key }),
    ...(flags.time === undefined ? {} : timeOptions(context, flags.time, flags)),
    ...(flags.format === undefined ? {} : { format: flags.format }),
    ...(flags.sheet === undefined ? {} : { sheet: flags.sheet }),
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

/** Sends a file. @throws ReplayError */
export async function replayFile(
  context: Context,
  client: KafkaClient,
  { source, reader, bad, target }: OpenedFile,
  flags: ReplayFlags,
): Promise<ReplayReport> {
  const { topic } = target;
  const lotsTopic = `${topic}-lots`;
  const made = await createMissingTopics(client, [
    { name: topic, partitions: flags.partitions ?? target.partitions, configs: target.configs },
    { name: lotsTopic, partitions: 1, configs: { 'retention.ms': '-1' } },
  ]);
  if (made.includes(topic)) context.note(`topic ${topic} was created`);
  const timestamps = timestampsOf(flags);
  if (timestamps === 'event' && !made.includes(topic)) await warnOfRetention(context, client, topic);
  const limit = Math.min(flags.limit ?? Number.POSITIVE_INFINITY, context.stream.remaining);
  const progress = new ReplayProgress(context, source, limit);
  const options: ReplayOptions = {
    topic,
    lotsTopic,
    quarantineTopic: `${topic}-quarantine`,
    source: source.name,
    batch: flags.batch,
    pacing: readPacing(flags),
    timestamps,
    from: flags.from,
    limit,
    loops: flags.loop === 0 ? Number.POSITIVE_INFINITY : flags.loop,
    resume: flags.resume,
    signal: context.signal,
    ...(flags.compression ? { compression: flags.compression } : {}),
    onTrouble: (error) => context.warn(`${error.message}; trying again`),
    onLot: (lot) => {
      progress.lot(lot);
      context.stream.rows(lot.rows - lot.alreadyThere);
    },
  };
  try {
    const report = await new Replay(client, reader, bad, options).run();
    progress.close();
    tellReport(context, report);
    return report;
  } finally {
    progress.close();
  }
}

function timestampsOf({ time, align }: ReplayFlags): ReplayTimestamps {
  if (time === undefined) return 'now';
  return align === 'now' ? 'moved' : 'event';
}

/** Old records in a topic that deletes by age are gone within minutes. */
async function warnOfRetention(context: Context, client: KafkaClient, topic: string): Promise<void> {
  const { openAdmin } = await import('../../../connect/kafka/admin.js');
  const admin = openAdmin(client);
  try {
    const entries = (await admin.describeTopicConfigs([topic])).get(topic) ?? [];
    const retentionMs = Number(entries.find(({ name }) => name === 'retention.ms')?.value ?? -1);
    if (retentionMs < 0) return;
    context.warn(
      `topic ${topic} keeps records for ${formatDuration(retentionMs)}: rows with older times may be deleted within minutes ` +
        `(streamctl topics alter ${topic} -c retention.ms=-1)`,
    );
  } finally {
    await admin.close();
  }
}

function tellReport(context: Context, report: ReplayReport): void {
  const { rows, lots, topic, source, badRows, alreadyThere, elapsedMs, partitions } = report;
  const rate = elapsedMs > 0 ? ` (${formatCount((rows * 1000) / elapsedMs)} rows/s)` : '';
  const there = alreadyThere > 0 ? `, ${formatCount(alreadyThere)} were there before` : '';
  const where = partitions.length === 1 ? `, offsets ${partitions[0]!.firstOffset}-${partitions[0]!.lastOffset}` : '';
  context.note(
    `${source}: ${groupDigits(String(rows))} ${rows === 1 ? 'row' : 'rows'} in ${lots} ${lots === 1 ? 'lot' : 'lots'} to ${topic}${where}${there} in ${shownElapsed(elapsedMs)}${rate}`,
  );
  if (badRows > 0) {
    context.warn(
      `${source}: ${badRows} bad ${badRows === 1 ? 'row was' : 'rows were'} left out: ${report.badReasons.join('; ')}`,
    );
  }
  for (const remark of report.remarks) context.note(`${source}: ${remark}`);
}

/** What a file would give, without a broker. */
export async function dryRunFile(context: Context, { reader, bad, target, source }: OpenedFile, flags: ReplayFlags) {
  const limit = flags.limit ?? Number.POSITIVE_INFINITY;
  const block = new RowBlock();
  let rows = 0;
  for (let more = true; more && rows < limit && !context.signal.aborted; ) {
    more = await reader.read(block, Math.min(DRY_ROWS, limit - rows));
    rows += block.count;
    bad.drain();
    block.clear();
  }
  rows = Math.max(0, rows - (flags.from - 1));
  const lots = Math.ceil(rows / flags.batch);
  context.note(`${source.name}: ${rows} rows in ${lots} lots would go to ${target.topic}`);
  for (const remark of reader.remarks()) context.note(`${source.name}: ${remark}`);
  return { source: source.name, topic: target.topic, rows, lots, badRows: bad.count, columns: reader.shape.columns };
}

/** `480ms`, `2.1s`, `3m12s`: as exact as a person needs. */
function shownElapsed(ms: number): string {
  if (ms < 1000) return formatDuration(ms);
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)}s` : formatDuration(Math.round(ms / 1000) * 1000);
}
