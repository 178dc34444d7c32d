import { utf8 } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import type { KafkaClient } from '../connect/kafka/client.js';
import type { Acknowledged, TopicInfo } from '../connect/kafka/interfaces.js';
import type { RecordProducer } from '../connect/kafka/producer.js';
import { withClient } from './shared/broker/kafka.js';
import { readBlocks } from './shared/frame/byte-sources.js';
import { defineCommand, type Input } from './shared/frame/command.js';
import type { Context } from './shared/frame/context.js';
import type { Outcome } from './shared/frame/outcome.js';
import { compileInputFormat, type InputFormat } from './shared/records/input-format.js';
import {
  envelopeReader,
  type InputRecord,
  type PlainOptions,
  plainReader,
  readHeaders,
  splitRecords,
} from './shared/records/input-records.js';
import { unescapeText } from './shared/records/record-format.js';
import { topicNames } from './shared/settings/names.js';

const flags = {
  key: { type: 'string', short: 'k', placeholder: 'KEY', help: 'key of every record' },
  keyDelimiter: { type: 'string', short: 'K', placeholder: 'TEXT', help: 'splits each record into key and value' },
  delimiter: {
    type: 'string',
    short: 'D',
    placeholder: 'TEXT',
    default: '\\n',
    help: 'ends a record; empty: one record per file',
  },
  header: { type: 'list', short: 'H', placeholder: 'NAME=VALUE', help: 'header of every record, repeat for more' },
  emptyAsNull: { type: 'boolean', short: 'Z', help: 'empty keys and values become null (tombstones)' },
  compression: {
    type: 'choice',
    short: 'z',
    choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    help: 'codec of the batches',
  },
  partition: {
    type: 'number',
    short: 'p',
    integer: true,
    min: -1,
    help: 'partition of every record; -1: by key, also with -J',
  },
  format: { type: 'string', short: 'f', placeholder: 'FORMAT', help: "fields of a record: '%k %v\\n'" },
  envelope: { type: 'boolean', short: 'J', help: 'records as consume -J writes them, a line of JSON each' },
} as const;
const args = [
  { name: 'topic', help: 'where the records go' },
  { name: 'file', optional: true, variadic: true, help: 'files to read, - for standard input' },
] as const;
type ProduceInput = Input<typeof flags, typeof args>;

/** `produce` */
export const produce = defineCommand({
  path: 'produce',
  summary: 'send lines or files as records',
  description: 'Reads standard input when no file is named. Every line is a record.',
  arguments: args,
  flags,
  examples: [
    { line: 'echo hello | streamctl produce greetings', note: 'one record' },
    { line: 'streamctl produce prices -K : prices.txt', note: 'lines of the form key:value' },
    {
      line: 'streamctl consume a -e -J | streamctl produce b -J',
      note: 'copies a topic: keys, headers, times, partitions',
    },
  ],
  exits: [0, 2, 3, 5, 6],
  resultSchema: {
    type: 'object',
    properties: {
      topic: { type: 'string' },
      records: { type: 'number' },
      partitions: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            partition: { type: 'number' },
            records: { type: 'number' },
            firstOffset: { type: 'number', description: '-1 where the broker was not asked (acks=0)' },
            lastOffset: { type: 'number' },
          },
          required: ['partition', 'records', 'firstOffset', 'lastOffset'],
        },
      },
    },
    required: ['topic', 'records', 'partitions'],
  },
  mutating: true,
  interruptible: true,
  async run(context, input) {
    // What was typed is checked before anything is dialled or started.
    const format = inputFormat(input);
    return withClient(context, (client) => send(context, input, client, format));
  },
});

async function send(context: Context, input: ProduceInput, client: KafkaClient, format: InputFormat): Promise<Outcome> {
  const topic = topicNames([input.args.topic])[0]!;
  const info = await client.topic(topic);
  const tally = new Tally();
  const sources = input.args.file.length > 0 ? input.args.file : ['-'];
  if (context.dryRun) {
    let records = 0;
    for (const source of sources) {
      for await (const some of recordsOf(context, source, format)) {
        for (const record of some) {
          partitionOf(record, input, info);
          records++;
        }
      }
    }
    context.note(`${count(records)} would go to ${topic}`);
    return { result: { topic, records, partitions: [] }, view: { kind: 'lines', lines: [] } };
  }
  const [{ RecordProducer }, { producerProperties }] = await Promise.all([
    import('../connect/kafka/producer.js'),
    import('../connect/kafka/option-properties.js'),
  ]);
  const { compression } = input.flags;
  const producer = new RecordProducer(client, {
    ...producerProperties(client.settings),
    ...(compression ? { compression } : {}),
    onAcknowledged: (batch) => tally.add(batch),
  });
  try {
    await producer.prepare(topic);
    for (const source of sources) await sendAll(context, source, format, producer, input, info);
    await producer.close();
  } catch (error) {
    throw await afterFailure(error, producer, tally, topic);
  }
  context.note(`${count(tally.records)} to ${topic}${tally.where()}`);
  return {
    result: { topic, records: tally.records, partitions: tally.partitions() },
    view: { kind: 'lines', lines: [] },
  };
}

async function sendAll(
  context: Context,
  source: string,
  format: InputFormat,
  producer: RecordProducer,
  input: ProduceInput,
  info: TopicInfo,
): Promise<void> {
  const topic = info.name;
  // No step per record waits for anything unless the buffer is full: that is what makes it fast.
  for await (const records of recordsOf(context, source, format)) {
    for (const record of records) {
      const partition = partitionOf(record, input, info);
      const { key, value, headers, timestampMs } = record;
      if (!producer.append(topic, partition, key, value, headers, timestampMs)) await producer.ready();
    }
  }
}

function partitionOf(record: InputRecord, input: ProduceInput, info: TopicInfo): number | undefined {
  const partition = input.flags.partition ?? record.partition;
  if (partition === undefined || partition === -1) return undefined;
  if (partition < info.partitions.length) return partition;
  throw new StreamctlError('not-found', `topic "${info.name}" has no partition ${partition}`, {
    detail: `its partitions are 0 to ${info.partitions.length - 1}`,
    hint: '-p -1 lets keys decide',
  });
}

function inputFormat({
  flags: { key, keyDelimiter, delimiter, header, emptyAsNull, format, envelope },
}: ProduceInput): InputFormat {
  if (envelope && (format !== undefined || keyDelimiter !== undefined)) {
    throw new StreamctlError('usage', '-J says all about a record: it goes without -f and -K');
  }
  const options: PlainOptions = {
    key: key === undefined ? null : utf8(key),
    keyDelimiter: utf8(unescapeText(keyDelimiter ?? '')),
    emptyAsNull,
    headers: readHeaders(header),
  };
  if (format !== undefined) return compileInputFormat(format, options);
  return {
    delimiter: utf8(envelope ? '\n' : unescapeText(delimiter)),
    read: envelope ? envelopeReader : plainReader(options),
  };
}

/** The records of one source, some at a time, read one by one as they are asked for. */
async function* recordsOf(
  context: Context,
  source: string,
  format: InputFormat,
): AsyncGenerator<Iterable<InputRecord>, void> {
  let number = 0;
  for await (const pieces of splitRecords(readBlocks(context, source), format.delimiter)) {
    yield readPieces(pieces, source, format, number);
    number += pieces.length;
  }
}

function* readPieces(
  pieces: readonly Uint8Array[],
  source: string,
  { read }: InputFormat,
  before: number,
): Generator<InputRecord, void> {
  let number = before;
  try {
    for (const piece of pieces) {
      number++;
      // A blank line between lines of JSON says nothing; between plain records it is an empty one.
      if (piece.length > 0 || read !== envelopeReader) yield read(piece);
    }
  } catch (error) {
    if (!(error instanceof StreamctlError) || error.code !== 'bad-data') throw error;
    const place = `${source === '-' ? 'standard input' : source}:${number}`;
    throw new StreamctlError('bad-data', `${place}: ${error.message}`, {
      ...(error.detail ? { detail: error.detail } : {}),
      ...(error.hint ? { hint: error.hint } : {}),
      cause: error,
    });
  }
}

/** What was read before the failure is still sent; once something was acknowledged, that is said with the error. */
async function afterFailure(error: unknown, producer: RecordProducer, tally: Tally, topic: string): Promise<unknown> {
  await producer.close().catch(() => undefined);
  if (tally.records === 0 || !(error instanceof StreamctlError)) return error;
  return new StreamctlError('partial', `${count(tally.records)} went to ${topic}, then: ${error.message}`, {
    detail: [...(error.detail ? [error.detail] : []), `acknowledged${tally.where()}`].join('\n'),
    ...(error.hint ? { hint: error.hint } : {}),
    cause: error,
  });
}

function count(records: number): string {
  return records === 1 ? '1 record' : `${records} records`;
}

/** What was acknowledged, per partition. */
class Tally {
  records = 0;
  readonly #byPartition = new Map<number, { records: number; firstOffset: number; lastOffset: number }>();

  add({ partition, baseOffset, count: added }: Acknowledged): void {
    this.records += added;
    const entry = this.#byPartition.get(partition) ?? { records: 0, firstOffset: baseOffset, lastOffset: -1 };
    entry.records += added;
    entry.lastOffset = baseOffset < 0 ? -1 : baseOffset + added - 1;
    this.#byPartition.set(partition, entry);
  }

  partitions(): readonly Readonly<Record<string, number>>[] {
    return [...this.#byPartition]
      .map(([partition, entry]) => ({ partition, ...entry }))
      .sort((a, b) => a.partition - b.partition);
  }

  /** `, partition 0 offsets 5-9, partition 1 ...` */
  where(): string {
    const parts = this.partitions().map(
      (entry) => `partition ${entry.partition}: offsets ${entry.firstOffset}-${entry.lastOffset}`,
    );
    return parts.length === 0 || parts.length > 8 ? '' : ` (${parts.join(', ')})`;
  }
}
