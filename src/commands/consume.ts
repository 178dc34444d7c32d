import { StreamctlError } from '../base/errors.js';
import type { KafkaClient } from '../connect/kafka/client.js';
import type { TopicPartition, TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import { withClient } from './shared/broker/kafka.js';
import { defineCommand, type Input } from './shared/frame/command.js';
import type { Context } from './shared/frame/context.js';
import type { Outcome } from './shared/frame/outcome.js';
import { consumeInGroup } from './shared/records/group-consume.js';
import { resolvePositions } from './shared/records/offset-positions.js';
import { type OffsetRange, parseOffsetRange } from './shared/records/offset-range.js';
import { partitionsOf, readPartitions } from './shared/records/partitions.js';
import { PlainConsume, type PlainConsumeOptions } from './shared/records/plain-consume.js';
import { compileFormat } from './shared/records/record-format.js';
import type { RowSelector } from './shared/records/row-selector.js';
import { asksForWindows, consumeWindows, WINDOW_FLAGS, windowQuery } from './shared/records/window-mode.js';
import { topicNames } from './shared/settings/names.js';

/** Records that `tail` begins with, per partition. */
const TAIL_RECORDS = 10;

const flags = {
  offset: {
    type: 'string',
    short: 'o',
    placeholder: 'OFFSET',
    default: 'start',
    help: 'where to begin, perhaps to end: start, end, 42, +10, -10, 10:20, @-1h, @t1:t2',
  },
  number: { type: 'number', short: 'n', integer: true, min: 1, help: 'end after so many records' },
  exitAtEnd: { type: 'boolean', short: 'e', help: 'end at the end offsets read at the start' },
  group: {
    type: 'string',
    short: 'g',
    placeholder: 'GROUP',
    help: 'share the partitions with a consumer group, commit offsets',
  },
  partition: { type: 'list', short: 'p', separator: ',', placeholder: 'N,...', help: 'partitions; all when left out' },
  format: { type: 'string', short: 'f', placeholder: 'FORMAT', help: "what is written of a record: '%k %v\\n'" },
  envelope: { type: 'boolean', short: 'J', help: 'a line of JSON per record that produce -J reads back' },
  where: { type: 'string', placeholder: 'EXPR', help: "only records for which it is true: 'price > 1000'" },
  fields: { type: 'list', separator: ',', placeholder: 'COL,...', help: 'only these columns of JSON records' },
  ...WINDOW_FLAGS,
} as const;
const args = [{ name: 'topic', variadic: true, help: 'topics to read' }] as const;
type ConsumeInput = Input<typeof flags, typeof args>;

/** `consume`, with `cat` (ends at the end) and `tail` (begins near the end) */
export const consume = defineCommand({
  path: 'consume',
  aliases: ['cat', 'tail'],
  summary: 'read records of topics',
  description:
    'Begins at the start and goes on until stopped. As cat it ends at the end; as tail it begins with the last records.\n\nFormat verbs: %t topic, %p partition, %o offset, %T timestamp, %d{iso}, %k key, %v value (also %s), %K %V their sizes, %h headers, %H their number, %e leader epoch, %i index; {hex}, {base64}, {json} after %k and %v.',
  arguments: args,
  flags,
  examples: [
    { line: 'streamctl consume readings', note: 'all records, then the new ones' },
    { line: 'streamctl cat readings --json', note: 'what is there now, as NDJSON' },
    { line: "streamctl consume readings -o @-1h -f '%p:%o %k %v\\n'", note: 'the last hour, with keys' },
    { line: "streamctl consume cars -e --where 'price > 20000' --fields model,price", note: 'some rows, some columns' },
    {
      line: "streamctl consume cars -e --window 1m --by model --agg 'count(),avg(price)'",
      note: 'results of windows over the event time',
    },
  ],
  exits: [0, 2, 3, 4, 5, 130, 143],
  resultSchema: {
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['record', 'window', 'progress', 'late', 'rejected', 'end'] },
      topic: { type: 'string' },
      partition: { type: 'number' },
      offset: { type: 'number' },
      timestamp: { type: 'number', description: 'epoch ms' },
      headers: { type: 'array', items: { type: 'object' } },
      key: { type: ['string', 'null'] },
      value: { description: 'JSON where the value is a JSON object or array, else text, null for a tombstone' },
      keyEncoding: { type: 'string', enum: ['base64'] },
      valueEncoding: { type: 'string', enum: ['base64'] },
      window_start: { type: 'string', description: 'with --window; ISO 8601' },
      window_end: { type: 'string' },
      reason: { type: 'string', enum: ['watermark', 'idle', 'eof', 'timeout'] },
      row: { type: 'object', description: 'with --window: group and aggregates' },
    },
    required: ['type'],
  },
  streaming: true,
  async run(context, input) {
    if (asksForWindows(input.flags)) return readWindows(context, input);
    // What was typed is checked before anything is dialled or started.
    const reading = await readingOf(context, input);
    return withClient(context, (client) => readPlain(context, input, client, reading));
  },
});

async function readWindows(context: Context, input: ConsumeInput): Promise<Outcome> {
  const { flags: given } = input;
  if (given.envelope || given.format !== undefined || given.fields.length > 0 || given.number !== undefined) {
    throw new StreamctlError('usage', '-J, -f, -n and --fields are about records: there are none with --window');
  }
  const { maxAhead, maxGroups } = given;
  const [{ readStart }, { readMaxAhead }] = await Promise.all([
    import('./shared/records/start-position.js'),
    import('./shared/running/run-flags.js'),
  ]);
  const isTail = input.invokedAs === 'tail' && !input.given('offset');
  return consumeWindows(context, windowQuery(input.args.topic, given), {
    from: isTail ? { kind: 'end' } : readStart(given.offset, '-o', context.clock.now()),
    eof: given.exitAtEnd || input.invokedAs === 'cat' || context.stream.wantsEof,
    partitions: readPartitions(given.partition, input.given('partition')) ?? [],
    ...(given.group === undefined ? {} : { group: given.group }),
    ...(maxAhead === undefined ? {} : { maxAheadMs: readMaxAhead(maxAhead) }),
    ...(maxGroups === undefined ? {} : { maxGroups }),
  });
}

/** What a plain consume was asked for, checked. */
interface Reading {
  readonly writers: Pick<PlainConsumeOptions, 'write' | 'writeColumns'>;
  readonly range: OffsetRange;
  readonly partitions: readonly number[] | undefined;
}

async function readingOf(context: Context, input: ConsumeInput): Promise<Reading> {
  const { flags: given } = input;
  if (given.group !== undefined && given.partition.length > 0) {
    throw new StreamctlError('usage', 'with -g the group chooses the partitions: -p cannot');
  }
  const writers = await recordWriters(context, input);
  return {
    writers,
    range: rangeOf(context, input),
    partitions: readPartitions(given.partition, input.given('partition')),
  };
}

async function readPlain(
  context: Context,
  input: ConsumeInput,
  client: KafkaClient,
  { writers, range, partitions: wanted }: Reading,
): Promise<Outcome> {
  const { flags: given } = input;
  const topics = topicNames(input.args.topic);
  const partitions = await assigned(client, topics, wanted);
  const [{ PartitionFetcher }, { fetcherProperties }] = await Promise.all([
    import('../connect/kafka/fetcher.js'),
    import('../connect/kafka/option-properties.js'),
  ]);
  const { comparingWriter } = await import('./shared/records/record-json.js');
  const stopAtEnd = given.exitAtEnd || input.invokedAs === 'cat';
  const bounded = stopAtEnd || range.to !== undefined || context.stream.wantsEof;
  const looksAtColumns = given.where !== undefined || given.fields.length > 0;
  // The end of now: what comes while the columns are still unknown is not behind it.
  const ends =
    range.from.kind === 'end' && looksAtColumns ? await resolvePositions(client, partitions, range.from) : [];
  const selector = await rowSelector(context, input, client, partitions, range, { bounded, ends });
  if (selector === 'no records') {
    if (bounded) context.stream.eof();
    return { reason: bounded ? 'eof' : 'stopped', result: { records: 0 } };
  }
  const fetcher = new PartitionFetcher(client, fetcherProperties(client.settings));
  const reader = new PlainConsume(context, client, fetcher, {
    range,
    beginnings: ends,
    stopAtEnd,
    limit: given.number ?? Number.POSITIVE_INFINITY,
    ...writers,
    write: context.compareRecord ? comparingWriter(writers.write, context.compareRecord) : writers.write,
    selector,
  });
  try {
    const end = await (given.group === undefined
      ? reader.begin(partitions).then(() => reader.run())
      : consumeInGroup(context, client, reader, given.group, topics));
    context.debug(`${reader.written} records`);
    if (selector && selector.leftOut > 0) {
      context.warn(`records that do not fit their columns, or are no JSON objects, were left out: ${selector.leftOut}`);
    }
    return { reason: end, result: { records: reader.written } };
  } finally {
    await fetcher.close();
  }
}

/** What chooses records by columns; undefined where no flag asks for it, `no records` where there is nothing to choose. */
async function rowSelector(
  context: Context,
  { flags: { where, fields } }: ConsumeInput,
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  range: OffsetRange,
  { bounded, ends }: { readonly bounded: boolean; readonly ends: readonly TopicPartitionOffset[] },
): Promise<RowSelector | 'no records' | undefined> {
  const alsoRead = context.stream.wantedColumns;
  if (where === undefined && fields.length === 0 && alsoRead.size === 0) return undefined;
  const [{ openConnection }, { sampleColumns }, { RowSelector }] = await Promise.all([
    import('../run/open-connection.js'),
    import('../run/sample-columns.js'),
    import('./shared/records/row-selector.js'),
  ]);
  const connection = openConnection(client.settings, client.edges);
  try {
    const sample = (from: readonly TopicPartitionOffset[], wait: boolean) =>
      sampleColumns(connection, from, context.signal, wait);
    const placed = (from: OffsetRange['from']) => resolvePositions(client, partitions, from);
    let schema = range.from.kind === 'end' ? [] : await sample(await placed(range.from), false);
    // What begins at the end, or where nothing came yet, learns from what is there already; else from what comes first.
    if (schema.length === 0) schema = await sample(await placed({ kind: 'start' }), false);
    if (schema.length === 0 && (where !== undefined || fields.length > 0)) {
      if (!bounded) {
        context.debug('no records yet: the first one will tell the columns');
        schema = await sample(ends.length > 0 ? ends : await placed(range.from), true);
      }
      if (schema.length === 0) return 'no records';
    }
    return new RowSelector(context, { schema, where, fields, alsoRead });
  } finally {
    await connection.close();
  }
}

function rangeOf(context: Context, input: ConsumeInput): OffsetRange {
  const isTail = input.invokedAs === 'tail' && !input.given('offset');
  const text = isTail ? `-${input.flags.number ?? TAIL_RECORDS}` : input.flags.offset;
  return parseOffsetRange(text, context.clock.now());
}

async function assigned(
  client: KafkaClient,
  topics: readonly string[],
  wanted: readonly number[] | undefined,
): Promise<readonly TopicPartition[]> {
  const all: TopicPartition[] = [];
  for (const topic of topics) all.push(...partitionsOf(await client.topic(topic), wanted));
  return all;
}

async function recordWriters(
  context: Context,
  { flags: given }: ConsumeInput,
): Promise<Pick<PlainConsumeOptions, 'write' | 'writeColumns'>> {
  if (given.envelope && given.format !== undefined) throw new StreamctlError('usage', '-J and -f exclude each other');
  if (given.fields.length > 0 && (given.envelope || given.format !== undefined)) {
    throw new StreamctlError('usage', '--fields says what is written: it goes without -J and -f');
  }
  const json = await import('./shared/records/record-json.js');
  if (given.envelope) return { write: json.writeEnvelope, writeColumns: json.writeColumnsLine };
  if (context.machine) return { write: json.writeTypedRecord, writeColumns: json.writeTypedColumns };
  const writeColumns = context.output === 'tsv' ? json.writeColumnsTsv : json.writeColumnsLine;
  if (given.format !== undefined) return { write: compileFormat(given.format), writeColumns };
  const wide = context.output === 'wide' ? '%t/%p:%o  %d{iso}  %k  %v\\n' : '%v\\n';
  return { write: compileFormat(context.output === 'tsv' ? '%t\\t%p\\t%o\\t%T\\t%k\\t%v\\n' : wide), writeColumns };
}
