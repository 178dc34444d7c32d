import { StreamctlError } from '../base/errors.js';
import type { KafkaClient } from '../connect/kafka/client.js';
import type { ByteSource } from '../connect/sources/replay/byte-source.js';
import type { ReplayReport } from '../connect/sources/replay/interfaces.js';
import { withClient } from './shared/broker/kafka.js';
import { defineCommand, type Input } from './shared/frame/command.js';
import type { Context } from './shared/frame/context.js';
import type { Outcome } from './shared/frame/outcome.js';
import { expandFiles } from './shared/sources/file-pattern.js';
import {
  checkNames,
  type FilePart,
  type OpenedFile,
  openFile,
  openMerged,
  partsOf,
} from './shared/sources/open-file.js';
import { dryRunFile, replayFile } from './shared/sources/replay-file.js';
import { REPLAY_FLAGS, readPacing } from './shared/sources/replay-flags.js';
import { readDisorder } from './shared/sources/replay-order.js';
import { type ReplayTarget, replayTarget } from './shared/sources/replay-target.js';
import { watchedFiles } from './shared/sources/watched-folder.js';

/** Reports kept of a watched folder. */
const MAX_REPORTS = 1_000;

const args = [
  { name: 'file', variadic: true, help: 'csv, tsv, xlsx or ndjson files, gzip or not; patterns; - for standard input' },
] as const;
type ReplayInput = Input<typeof REPLAY_FLAGS, typeof args>;

/** `replay` */
export const replay = defineCommand({
  path: 'replay',
  summary: 'send a file as a stream, in timed batches',
  description:
    'Rows of a file become JSON records: delimiter, encoding and the type of each column are told from a sample of the ' +
    'file. Each --batch rows are a lot: its records carry lot, row, source and SHA-256 in their headers, its closing ' +
    'record goes to TOPIC-lots. A file named like a pipeline goes to that pipeline. Without --pause, --rate or --speed ' +
    'the rows go out as fast as the broker takes them.',
  arguments: args,
  flags: REPLAY_FLAGS,
  examples: [
    { line: 'streamctl replay cars.csv --batch 100 --pause 10s', note: 'a hundred rows every ten seconds' },
    {
      line: 'streamctl replay audi.csv -t trafic_cars --set manufacturer=audi',
      note: 'as fast as it goes, with a field more',
    },
    {
      line: 'streamctl replay bars.csv --time Datetime --speed 60x --max-gap 5s',
      note: 'an hour of the file in a minute',
    },
    { line: 'streamctl replay audi.csv -t trafic_cars --resume', note: 'goes on after it was cut off' },
    {
      line: 'streamctl replay archive.csv.gz --time DATE --sort-by-time --shuffle 30s --late 2%:5m --seed 7',
      note: 'oldest first, then out of order, the same way each time',
    },
    { line: 'streamctl replay inbox --watch -t readings', note: 'each new file of a folder, once' },
  ],
  exits: [0, 2, 3, 5, 6, 7, 130, 143],
  resultSchema: {
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['progress', 'end'] },
      source: { type: 'string' },
      lot: { type: 'number' },
      rows: { type: 'number', description: 'handed over so far; in the end record: acknowledged' },
      acknowledgedRows: { type: 'number' },
      badRows: { type: 'number' },
      nextInMs: { type: 'number' },
      lots: { type: 'number' },
      files: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            source: { type: 'string' },
            topic: { type: 'string' },
            rows: { type: 'number' },
            lots: { type: 'number' },
            lastRow: { type: 'number' },
            badRows: { type: 'number' },
            alreadyThere: { type: 'number' },
            partitions: { type: 'array', items: { type: 'object' } },
          },
          required: ['source', 'topic', 'rows', 'lots'],
        },
      },
    },
    required: ['type'],
  },
  mutating: true,
  streaming: true,
  run: start,
});

async function start(context: Context, input: ReplayInput): Promise<Outcome> {
  checkFlags(input);
  if (input.flags.watch) return withClient(context, (client) => watchFolder(context, input, client));
  const units = await unitsOf(context, input);
  // The first file is opened before a broker is looked for: a mistake in it should cost nothing.
  const first = await units[0]!();
  if (context.dryRun) return look(context, input, units, first);
  try {
    return await withClient(context, (client) => send(context, input, client, units, first));
  } finally {
    first.source.close();
  }
}

function checkFlags(input: ReplayInput): void {
  readPacing(input.flags);
  readDisorder(input.flags);
  const { time, timeFormat, align, watch, merge, loop } = input.flags;
  if (time === undefined && (timeFormat !== 'auto' || align !== 'keep')) {
    throw new StreamctlError('usage', `${align === 'keep' ? '--time-format' : '--align'} goes with --time`, {
      hint: '--time COL',
    });
  }
  if (input.args.file.filter((file) => file === '-').length > 1) {
    throw new StreamctlError('usage', 'standard input can be read only once');
  }
  if (loop !== 1 && input.args.file.includes('-')) {
    throw new StreamctlError('usage', '--loop: standard input can be read only once', { hint: 'name a file' });
  }
  if (watch && (input.args.file.length > 1 || merge || loop !== 1)) {
    throw new StreamctlError('usage', '--watch goes with one folder, without --merge and --loop');
  }
}

/** What is sent by itself: a file, a sheet of it, or all of them as one. */
type Unit = () => Promise<OpenedFile>;

/** Missing files are noticed here, before anything is sent. */
async function unitsOf(context: Context, { args: { file }, flags }: ReplayInput): Promise<readonly Unit[]> {
  const parts: FilePart[] = [];
  for (const one of expandFiles(file, context.files, (path) => context.resolvePath(path))) {
    parts.push(...(await partsOf(context, one, flags.sheet)));
  }
  if (flags.merge && parts.length > 1) {
    return [async () => openMerged(context, parts, await replayTarget(parts[0]!.file, flags.topic), flags)];
  }
  if (flags.resume) checkNames(parts);
  return parts.map((part) => async () => openFile(context, part, await replayTarget(part.file, flags.topic), flags));
}

async function look(context: Context, input: ReplayInput, units: readonly Unit[], first: OpenedFile): Promise<Outcome> {
  const files = [];
  for (const [index, unit] of units.entries()) {
    const opened = index === 0 ? first : await unit();
    files.push(await dryRunFile(context, opened, input.flags));
    opened.reader.close?.();
    opened.source.close();
  }
  return { reason: 'dry run', result: total(files) };
}

async function send(
  context: Context,
  input: ReplayInput,
  client: KafkaClient,
  units: readonly Unit[],
  first: OpenedFile,
): Promise<Outcome> {
  const reports: ReplayReport[] = [];
  for (const [index, unit] of units.entries()) {
    if (context.signal.aborted) break;
    try {
      const opened = index === 0 ? first : await unit();
      try {
        reports.push(await replayFile(context, client, opened, input.flags));
      } finally {
        opened.reader.close?.();
        close(opened.source, first.source);
      }
    } catch (error) {
      throw afterOthers(error, reports);
    }
  }
  const isCut = reports.some(({ interrupted }) => interrupted);
  if (!isCut) context.stream.eof();
  return { reason: isCut ? 'stopped' : 'eof', result: total(reports) };
}

/** Sends the files of a folder as they come, until told to stop. What a file lacks in the topic is sent, nothing twice. */
async function watchFolder(context: Context, { args, flags }: ReplayInput, client: KafkaClient): Promise<Outcome> {
  const [folder] = args.file as [string];
  const path = context.resolvePath(folder);
  if (!context.files.exists(path)) throw new StreamctlError('not-found', `${folder} does not exist`);
  if (!isFolder(context, path)) throw new StreamctlError('usage', `--watch: ${folder} is no folder`);
  const target = await replayTarget(folder.replace(/[\\/]+$/, ''), flags.topic);
  context.note(`waiting for files in ${folder}`);
  const reports: ReplayReport[] = [];
  for await (const file of watchedFiles(path, context)) {
    try {
      const opened = await openFile(context, { file }, reports.length === 0 ? target : withoutNote(target), flags);
      try {
        reports.push(await replayFile(context, client, opened, flags, true));
      } finally {
        opened.reader.close?.();
        opened.source.close();
      }
    } catch (error) {
      throw afterOthers(error, reports);
    }
    // What was told of each file is enough; the sum needs the last ones only.
    if (reports.length > MAX_REPORTS) reports.shift();
  }
  return { reason: 'stopped', result: total(reports) };
}

function isFolder({ files }: Context, path: string): boolean {
  try {
    files.list(path);
    return true;
  } catch (error) {
    if ((error as { cause?: { code?: unknown } }).cause?.code === 'ENOTDIR') return false;
    throw error;
  }
}

function withoutNote({ note: _, ...target }: ReplayTarget): ReplayTarget {
  return target;
}

/** The files before this one were sent: that makes a mistake in it a matter of exit 6. */
function afterOthers(error: unknown, reports: readonly ReplayReport[]): unknown {
  const sent = reports.filter(({ rows }) => rows > 0);
  if (sent.length === 0 || !(error instanceof StreamctlError)) return error;
  const done = `sent before: ${sent.map(({ source, rows, topic }) => `${source} (${rows} rows to ${topic})`).join(', ')}`;
  return new StreamctlError('partial', error.message, {
    detail: error.detail === undefined ? done : `${error.detail}; ${done}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    exit: error.code === 'quality-gate' ? error.exit : 6,
    cause: error,
  });
}

function close(source: ByteSource, first: ByteSource): void {
  if (source !== first) source.close();
}

function total(files: readonly Pick<ReplayReport, 'rows' | 'lots' | 'badRows'>[]) {
  const sum = (pick: (file: Pick<ReplayReport, 'rows' | 'lots' | 'badRows'>) => number): number =>
    files.reduce((all, file) => all + pick(file), 0);
  return {
    rows: sum(({ rows }) => rows),
    lots: sum(({ lots }) => lots),
    badRows: sum(({ badRows }) => badRows),
    files,
  };
}
