import { StreamctlError } from '../base/errors.js';

/** Types of settings in Kafka's numbering (DescribeConfigs). */
export const CONFIG_TYPES = { boolean: 1, string: 2, int: 3, short: 4, long: 5, double: 6, list: 7, class: 8 } as const;

/** What is known about one setting. */
export interface ConfigRow {
  readonly type: keyof typeof CONFIG_TYPES;
  readonly fallback: string;
  /** Kafka's name of the broker-wide default of a topic setting. */
  readonly synonym?: string;
  readonly min?: number;
  /** Values that are allowed; of a list, its items. */
  readonly oneOf?: readonly string[];
  /** Accepted and reported, without an effect on one node. */
  readonly inert?: true;
  readonly about: string;
}

const LONG_MAX = '9223372036854775807';

/** Every topic setting of Kafka 4.x, with the default of this broker. Replayed history must not be deleted: no retention. */
export const TOPIC_CONFIGS: Readonly<Record<string, ConfigRow>> = {
  'cleanup.policy': {
    type: 'list',
    fallback: 'delete',
    synonym: 'log.cleanup.policy',
    oneOf: ['delete', 'compact'],
    about: 'delete old segments, or keep the newest record of each key, or both',
  },
  'compression.gzip.level': {
    type: 'int',
    fallback: '-1',
    synonym: 'compression.gzip.level',
    min: -1,
    inert: true,
    about: 'batches keep the compression of their producer',
  },
  'compression.lz4.level': {
    type: 'int',
    fallback: '9',
    synonym: 'compression.lz4.level',
    min: 1,
    inert: true,
    about: 'batches keep the compression of their producer',
  },
  'compression.type': {
    type: 'string',
    fallback: 'producer',
    synonym: 'compression.type',
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    inert: true,
    about: 'batches keep the compression of their producer',
  },
  'compression.zstd.level': {
    type: 'int',
    fallback: '3',
    synonym: 'compression.zstd.level',
    inert: true,
    about: 'batches keep the compression of their producer',
  },
  'delete.retention.ms': {
    type: 'long',
    fallback: '86400000',
    synonym: 'log.cleaner.delete.retention.ms',
    min: 0,
    about: 'how long a tombstone is kept in a compacted topic',
  },
  'file.delete.delay.ms': {
    type: 'long',
    fallback: '60000',
    synonym: 'log.segment.delete.delay.ms',
    min: 0,
    inert: true,
    about: 'files are removed at once',
  },
  'flush.messages': {
    type: 'long',
    fallback: LONG_MAX,
    synonym: 'log.flush.interval.messages',
    min: 1,
    inert: true,
    about: 'the sync policy of the broker decides',
  },
  'flush.ms': {
    type: 'long',
    fallback: LONG_MAX,
    synonym: 'log.flush.interval.ms',
    min: 0,
    inert: true,
    about: 'the sync policy of the broker decides',
  },
  'follower.replication.throttled.replicas': { type: 'list', fallback: '', inert: true, about: 'there is one replica' },
  'index.interval.bytes': {
    type: 'int',
    fallback: '4096',
    synonym: 'log.index.interval.bytes',
    min: 0,
    inert: true,
    about: 'indexes have a fixed density',
  },
  'leader.replication.throttled.replicas': { type: 'list', fallback: '', inert: true, about: 'there is one replica' },
  'local.retention.bytes': { type: 'long', fallback: '-2', min: -2, inert: true, about: 'there is no remote storage' },
  'local.retention.ms': { type: 'long', fallback: '-2', min: -2, inert: true, about: 'there is no remote storage' },
  'max.compaction.lag.ms': {
    type: 'long',
    fallback: LONG_MAX,
    synonym: 'log.cleaner.max.compaction.lag.ms',
    min: 1,
    about: 'a record is compacted at the latest after this time',
  },
  'max.message.bytes': {
    type: 'int',
    fallback: '1048588',
    synonym: 'message.max.bytes',
    min: 0,
    about: 'largest record batch',
  },
  'message.timestamp.after.max.ms': {
    type: 'long',
    fallback: '3600000',
    synonym: 'log.message.timestamp.after.max.ms',
    min: 0,
    about: 'how far in the future a record may lie',
  },
  'message.timestamp.before.max.ms': {
    type: 'long',
    fallback: LONG_MAX,
    synonym: 'log.message.timestamp.before.max.ms',
    min: 0,
    about: 'how far in the past a record may lie',
  },
  'message.timestamp.type': {
    type: 'string',
    fallback: 'CreateTime',
    synonym: 'log.message.timestamp.type',
    oneOf: ['CreateTime', 'LogAppendTime'],
    about: 'whether a record keeps its time or gets the time of its arrival',
  },
  'min.cleanable.dirty.ratio': {
    type: 'double',
    fallback: '0.5',
    synonym: 'log.cleaner.min.cleanable.ratio',
    min: 0,
    about: 'share of uncompacted bytes that starts a compaction',
  },
  'min.compaction.lag.ms': {
    type: 'long',
    fallback: '0',
    synonym: 'log.cleaner.min.compaction.lag.ms',
    min: 0,
    about: 'a record is not compacted before this time',
  },
  'min.insync.replicas': {
    type: 'int',
    fallback: '1',
    synonym: 'min.insync.replicas',
    min: 1,
    inert: true,
    about: 'there is one replica',
  },
  preallocate: {
    type: 'boolean',
    fallback: 'false',
    synonym: 'log.preallocate',
    inert: true,
    about: 'segments grow as they are written',
  },
  'remote.log.copy.disable': { type: 'boolean', fallback: 'false', inert: true, about: 'there is no remote storage' },
  'remote.log.delete.on.disable': {
    type: 'boolean',
    fallback: 'false',
    inert: true,
    about: 'there is no remote storage',
  },
  'remote.storage.enable': { type: 'boolean', fallback: 'false', inert: true, about: 'there is no remote storage' },
  'retention.bytes': {
    type: 'long',
    fallback: '-1',
    synonym: 'log.retention.bytes',
    about: 'bytes of a partition to keep; -1: all',
  },
  'retention.ms': {
    type: 'long',
    fallback: '-1',
    synonym: 'log.retention.ms',
    min: -1,
    about: 'how long records are kept; -1: for ever',
  },
  'segment.bytes': {
    type: 'int',
    fallback: '268435456',
    synonym: 'log.segment.bytes',
    min: 14,
    about: 'largest segment file',
  },
  'segment.index.bytes': {
    type: 'int',
    fallback: '10485760',
    synonym: 'log.index.size.max.bytes',
    min: 4,
    inert: true,
    about: 'indexes grow as needed',
  },
  'segment.jitter.ms': {
    type: 'long',
    fallback: '0',
    synonym: 'log.roll.jitter.ms',
    min: 0,
    inert: true,
    about: 'there is one node',
  },
  'segment.ms': {
    type: 'long',
    fallback: '604800000',
    synonym: 'log.roll.ms',
    min: 1,
    about: 'a segment is closed after this time',
  },
  'unclean.leader.election.enable': {
    type: 'boolean',
    fallback: 'false',
    synonym: 'unclean.leader.election.enable',
    inert: true,
    about: 'there is one replica',
  },
};

/** Names an unusable setting or value in Kafka's manner. @returns undefined when it is fine. */
export function checkConfig(
  name: string,
  value: string,
  table: Readonly<Record<string, ConfigRow>>,
): string | undefined {
  const row = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!row) return `Unknown topic config name: ${name}`;
  const bad = (why: string): string => `Invalid value ${value} for configuration ${name}: ${why}`;
  if (row.type === 'boolean')
    return /^(true|false)$/i.test(value) ? undefined : bad('Expected value to be either true or false');
  if (row.oneOf) {
    const items = row.type === 'list' ? value.split(',').map((item) => item.trim()) : [value];
    const wrong = items.find((item) => !row.oneOf!.includes(item));
    return wrong === undefined ? undefined : bad(`String must be one of: ${row.oneOf.join(', ')}`);
  }
  if (row.type === 'string' || row.type === 'list' || row.type === 'class') return undefined;
  if (!/^[+-]?\d+(\.\d+)?$/.test(value) || (row.type !== 'double' && value.includes('.'))) {
    return bad(`Not a number of type ${row.type.toUpperCase()}`);
  }
  if (outOfRange(row, value)) return bad(`Not a number of type ${row.type.toUpperCase()}`);
  if (row.min !== undefined && Number(value) < row.min) return bad(`Value must be at least ${row.min}`);
  return undefined;
}

function outOfRange(row: ConfigRow, value: string): boolean {
  if (row.type === 'double') return false;
  const limit = row.type === 'int' ? 2n ** 31n : row.type === 'short' ? 2n ** 15n : 2n ** 63n;
  const whole = BigInt(value);
  return whole >= limit || whole < -limit;
}

/** The settings of one topic that the log acts on, as numbers. `Infinity` stands for "no bound". */
export interface LogSettings {
  readonly compact: boolean;
  readonly deleteOld: boolean;
  readonly maxMessageBytes: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly appendTime: boolean;
  readonly timestampBeforeMs: number;
  readonly timestampAfterMs: number;
  readonly deleteRetentionMs: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly minDirtyRatio: number;
}

/** Reads the settings of a topic from what was set for it. */
export function logSettings(configs: ReadonlyMap<string, string>): LogSettings {
  const text = (name: string): string => configs.get(name) ?? TOPIC_CONFIGS[name]!.fallback;
  const bound = (name: string): number => {
    const value = Number(text(name));
    return value < 0 || value >= 2 ** 63 ? Number.POSITIVE_INFINITY : value;
  };
  const policies = text('cleanup.policy')
    .split(',')
    .map((item) => item.trim());
  return {
    compact: policies.includes('compact'),
    deleteOld: policies.includes('delete'),
    maxMessageBytes: bound('max.message.bytes'),
    segmentBytes: bound('segment.bytes'),
    segmentMs: bound('segment.ms'),
    retentionMs: bound('retention.ms'),
    retentionBytes: bound('retention.bytes'),
    appendTime: text('message.timestamp.type') === 'LogAppendTime',
    timestampBeforeMs: bound('message.timestamp.before.max.ms'),
    timestampAfterMs: bound('message.timestamp.after.max.ms'),
    deleteRetentionMs: bound('delete.retention.ms'),
    minCompactionLagMs: bound('min.compaction.lag.ms'),
    maxCompactionLagMs: bound('max.compaction.lag.ms'),
    minDirtyRatio: bound('min.cleanable.dirty.ratio'),
  };
}

const TOPIC_NAME = /^[a-zA-Z0-9._-]+$/;

/** Largest length of a topic name. */
export const TOPIC_NAME_MAX = 249;

/** Why a topic cannot have this name; undefined when it can. */
export function checkTopicName(name: string): string | undefined {
  if (name.length === 0) return 'Topic name is invalid: the empty string is not allowed';
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is not allowed`;
  if (name.length > TOPIC_NAME_MAX) {
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${TOPIC_NAME_MAX}`;
  }
  if (TOPIC_NAME.test(name)) return undefined;
  return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
}

/** Settings of a topic as `name=value` pairs of its journal entry. @throws `internal` for a pair that is not text. */
export function configsFromJson(value: unknown): Map<string, string> {
  const configs = new Map<string, string>();
  for (const [name, text] of Object.entries(value as Record<string, unknown>)) {
    if (typeof text !== 'string') throw new StreamctlError('internal', `setting ${name} is not text`);
    configs.set(name, text);
  }
  return configs;
}
