import type { Schema, ValueType } from '../base/row-batch.js';
import { durationMs } from './duration-words.js';
import type { EventTime, Source, SourceColumn, TopicSpec } from './plan.js';
import { deepFreeze } from './plan.js';
import { type Row, type RowShape, rowOf, type Typed } from './typed.js';

/** Silence after which a partition no longer holds the watermark back. */
export const DEFAULT_IDLE_TIMEOUT = '30 seconds';
/** How far rows may be out of order unless a source says otherwise. */
export const DEFAULT_LATENESS = '0 seconds';

declare const shape: unique symbol;

/** A topic to read, with the types of its rows for the compiler. */
export interface SourceSpec<S extends RowShape> {
  readonly source: Source;
  readonly topic: TopicSpec;
  readonly [shape]?: S;
}

/** A topic to write; `K` are the columns that rows need for its key. */
export interface SinkSpec<K extends string> {
  readonly name: string;
  readonly topic: TopicSpec;
  readonly keys: readonly K[];
  /** Columns to write, in order; null: all. */
  readonly columns: readonly string[] | null;
}

interface TopicOptions {
  readonly topic: string;
  /** 1 unless said otherwise. */
  readonly partitions?: number;
  /** 1 unless said otherwise. */
  readonly replicas?: number;
  /** Topic settings such as `cleanup.policy`. */
  readonly config?: Readonly<Record<string, string>>;
}

/** What {@link kafka} needs to know of a topic that is read. `T` is the name of the event-time column. */
export interface SourceOptions<S extends RowShape, T extends string, H extends string = never> extends TopicOptions {
  readonly columns: S;
  /** Text columns with the values of record headers: `{ lot: 'streamctl-lot' }`. */
  readonly headers?: Readonly<Record<H, string>>;
  /**
   * A column of type timestamp or bigint (epoch ms); or `{ name, from }`: a new column computed from others;
   * or `{ name }`: a new column with the record's timestamp. Left out: the record's timestamp as `event_time`.
   */
  readonly eventTime?: (keyof S & T) | { readonly name: T; readonly from?: (row: Row<S>) => Typed<'timestamp'> };
  /** How far a row may be behind the newest of its partition: `5 seconds`. */
  readonly lateness?: string;
  readonly idleTimeout?: string;
}

/** What {@link kafka} needs to know of a topic that is written. */
export interface SinkOptions<K extends string> extends TopicOptions {
  /** Columns that make the record key. */
  readonly keys?: readonly K[];
  /** Columns to write, in order; all when left out. */
  readonly write?: readonly string[];
  readonly columns?: never;
}

/** Columns of a shape, in the order in which they are written. */
export function schemaOf(columns: RowShape): Schema {
  return Object.entries(columns).map(([name, type]) => ({ name, type }));
}

function topicSpec({ topic, partitions = 1, replicas = 1, config = {} }: TopicOptions): TopicSpec {
  return { name: topic, partitions, replicas, config };
}

function headerColumns(headers: Readonly<Record<string, string>>): readonly SourceColumn[] {
  return Object.entries(headers).map(([name, header]) => ({ name, type: 'string', header }));
}

function eventTimeOf<S extends RowShape>(given: SourceOptions<S, string>['eventTime']): EventTime {
  if (given === undefined) return { kind: 'record', name: 'event_time' };
  if (typeof given === 'object') {
    const { name, from } = given;
    return from ? { kind: 'computed', name, expression: from(rowOf<S>()) } : { kind: 'record', name };
  }
  return { kind: 'column', name: String(given) };
}

/** A topic of JSON records to read as rows (with `columns`). @throws `usage` for a text that is no duration. */
export function kafka<const S extends RowShape, const T extends string = 'event_time', const H extends string = never>(
  name: string,
  options: SourceOptions<S, T, H>,
): SourceSpec<S & { readonly [K in Exclude<T, keyof S>]: 'timestamp' } & { readonly [K in H]: 'string' }>;
/** A topic to write rows to as JSON records (without `columns`). */
export function kafka<const K extends string = never>(name: string, options: SinkOptions<K>): SinkSpec<K>;
/** Both of the above. */
export function kafka(
  name: string,
  options: SourceOptions<Record<string, ValueType>, string, string> | SinkOptions<string>,
): SourceSpec<RowShape> | SinkSpec<string> {
  if (options.columns === undefined) {
    const { keys = [], write = null } = options;
    return deepFreeze({ name, topic: topicSpec(options), keys, columns: write });
  }
  const source: Source = {
    name,
    topic: options.topic,
    columns: [...schemaOf(options.columns), ...headerColumns(options.headers ?? {})],
    eventTime: eventTimeOf(options.eventTime),
    latenessMs: durationMs(options.lateness ?? DEFAULT_LATENESS),
    idleTimeoutMs: durationMs(options.idleTimeout ?? DEFAULT_IDLE_TIMEOUT),
  };
  return deepFreeze({ source, topic: topicSpec(options) });
}
