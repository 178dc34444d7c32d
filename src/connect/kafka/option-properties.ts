import { COMPRESSION_NAMES, type CompressionName } from '../../base/codec-interfaces.js';
import { StreamctlError } from '../../base/errors.js';
import type { ClientSettings, FetcherOptions, GroupOptions, ProducerOptions } from './interfaces.js';

/** Every property of `-X` that has an effect. */
const KNOWN = new Set([
  'client.id',
  'security.protocol',
  'sasl.mechanism',
  'sasl.mechanisms',
  'sasl.username',
  'sasl.password',
  'ssl.ca.location',
  'ssl.ca.pem',
  'ssl.truststore.certificates',
  'ssl.certificate.location',
  'ssl.certificate.pem',
  'ssl.keystore.certificate.chain',
  'ssl.key.location',
  'ssl.key.pem',
  'ssl.keystore.key',
  'ssl.key.password',
  'enable.ssl.certificate.verification',
  'socket.connection.setup.timeout.ms',
  'socket.timeout.ms',
  'request.timeout.ms',
  'message.timeout.ms',
  'delivery.timeout.ms',
  'retry.backoff.ms',
  'retry.backoff.max.ms',
  'metadata.max.age.ms',
  'acks',
  'request.required.acks',
  'enable.idempotence',
  'linger.ms',
  'queue.buffering.max.ms',
  'batch.size',
  'queue.buffering.max.kbytes',
  'buffer.memory',
  'compression.type',
  'compression.codec',
  'max.in.flight',
  'max.in.flight.requests.per.connection',
  'transaction.timeout.ms',
  'fetch.wait.max.ms',
  'fetch.max.wait.ms',
  'fetch.min.bytes',
  'fetch.max.bytes',
  'max.partition.fetch.bytes',
  'fetch.message.max.bytes',
  'queued.max.messages.kbytes',
  'isolation.level',
  'auto.offset.reset',
  'session.timeout.ms',
  'max.poll.interval.ms',
  'heartbeat.interval.ms',
  'group.instance.id',
  'partition.assignment.strategy',
]);

/** @throws `usage` for the first property that has no effect here. */
export function checkPropertyNames(properties: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(properties)) {
    if (KNOWN.has(name)) continue;
    const tail = name.split('.').at(-1)!;
    const near = [...KNOWN].filter((known) => known.includes(tail)).slice(0, 3);
    throw new StreamctlError('usage', `-X ${name} is not a client setting`, {
      hint: near.length > 0 ? `did you mean ${near.join(', ')}?` : 'see the reference of client settings',
    });
  }
}

type Properties = Readonly<Record<string, string>>;

function first(properties: Properties, ...names: readonly string[]): string | undefined {
  for (const name of names) if (properties[name] !== undefined) return properties[name];
  return undefined;
}

function whole(properties: Properties, ...names: readonly string[]): number | undefined {
  const text = first(properties, ...names);
  if (text === undefined) return undefined;
  if (!/^-?\d+$/.test(text)) throw new StreamctlError('usage', `${names[0]}: "${text}" is not a whole number`);
  return Number(text);
}

const FLAGS: Readonly<Record<string, boolean>> = { true: true, t: true, 1: true, false: false, f: false, 0: false };

/** A yes or no of `-X`, as librdkafka takes it, in any letter case. @throws `usage` */
export function flagProperty(properties: Properties, name: string): boolean | undefined {
  const text = properties[name]?.toLowerCase();
  if (text === undefined) return undefined;
  if (Object.hasOwn(FLAGS, text)) return FLAGS[text];
  throw new StreamctlError('usage', `${name}: "${text}" is not known`, { hint: 'write true or false' });
}

/** Leaves out what is undefined, so that it can be spread over defaults. */
function given<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

/** What `-X` says of producing. @throws `usage` */
export function producerProperties(settings: ClientSettings): ProducerOptions {
  const { properties } = settings;
  const acksText = first(properties, 'acks', 'request.required.acks');
  const acks = acksText === undefined ? undefined : acksOf(acksText);
  const kilobytes = whole(properties, 'queue.buffering.max.kbytes');
  return given({
    acks,
    idempotent: flagProperty(properties, 'enable.idempotence'),
    lingerMs: whole(properties, 'linger.ms', 'queue.buffering.max.ms'),
    batchBytes: whole(properties, 'batch.size'),
    bufferBytes: kilobytes === undefined ? whole(properties, 'buffer.memory') : kilobytes * 1024,
    compression: compressionOf(first(properties, 'compression.type', 'compression.codec')),
    maxInFlight: whole(properties, 'max.in.flight', 'max.in.flight.requests.per.connection'),
    deliveryTimeoutMs: whole(properties, 'message.timeout.ms', 'delivery.timeout.ms'),
    transactionTimeoutMs: whole(properties, 'transaction.timeout.ms'),
  });
}

function acksOf(text: string): -1 | 0 | 1 {
  if (text === 'all' || text === '-1') return -1;
  if (text === '0') return 0;
  if (text === '1') return 1;
  throw new StreamctlError('usage', `acks: "${text}" is not known`, { hint: 'write all, 1 or 0' });
}

/** Reads a compression name. @throws `usage` */
export function compressionOf(text: string | undefined): CompressionName | undefined {
  if (text === undefined) return undefined;
  const name = COMPRESSION_NAMES.find((known) => known === text);
  if (name === undefined) {
    throw new StreamctlError('usage', `"${text}" is not a compression`, {
      hint: `one of ${COMPRESSION_NAMES.join(', ')}`,
    });
  }
  return name;
}

/** What `-X` says of fetching. @throws `usage` */
export function fetcherProperties(settings: ClientSettings): FetcherOptions {
  const { properties } = settings;
  const kilobytes = whole(properties, 'queued.max.messages.kbytes');
  return given({
    maxWaitMs: whole(properties, 'fetch.wait.max.ms', 'fetch.max.wait.ms'),
    minBytes: whole(properties, 'fetch.min.bytes'),
    maxBytes: whole(properties, 'fetch.max.bytes'),
    maxPartitionBytes: whole(properties, 'max.partition.fetch.bytes', 'fetch.message.max.bytes'),
    prefetchBytes: kilobytes === undefined ? undefined : kilobytes * 1024,
    isolation: oneOf(properties, 'isolation.level', {
      read_committed: 'read_committed',
      read_uncommitted: 'read_uncommitted',
    }),
    onOffsetGone: oneOf(properties, 'auto.offset.reset', {
      earliest: 'earliest',
      smallest: 'earliest',
      beginning: 'earliest',
      latest: 'latest',
      largest: 'latest',
      end: 'latest',
      none: 'fail',
      error: 'fail',
    }),
  });
}

/** What `-X` says of group membership. @throws `usage` */
export function groupProperties(settings: ClientSettings): Omit<GroupOptions, 'groupId' | 'topics'> {
  const { properties } = settings;
  const strategy = first(properties, 'partition.assignment.strategy');
  return given({
    instanceId: first(properties, 'group.instance.id'),
    sessionTimeoutMs: whole(properties, 'session.timeout.ms'),
    rebalanceTimeoutMs: whole(properties, 'max.poll.interval.ms'),
    heartbeatMs: whole(properties, 'heartbeat.interval.ms'),
    assignors: strategy?.split(',').map((name) => {
      if (name === 'range' || name === 'cooperative-sticky') return name;
      throw new StreamctlError('usage', `partition.assignment.strategy: "${name}" is not offered`, {
        hint: 'one of cooperative-sticky, range',
      });
    }),
  });
}

function oneOf<T extends string>(
  properties: Properties,
  name: string,
  values: Readonly<Record<string, T>>,
): T | undefined {
  const text = properties[name];
  if (text === undefined) return undefined;
  const value = values[text];
  if (value === undefined) {
    throw new StreamctlError('usage', `${name}: "${text}" is not known`, {
      hint: `one of ${Object.keys(values).join(', ')}`,
    });
  }
  return value;
}
