import type { Column, Schema, Value, ValueType } from '../base/row-batch.js';
import type { Dashboard } from './dashboard.js';
import type { Expression, NamedExpression } from './expression.js';

export type { Dashboard, Panel } from './dashboard.js';

/**
 * A pipeline as frozen data: what it reads, what it does, where results go. Nothing in it is a function,
 * so it can be printed, compared, stored and run by another engine.
 */
export interface Plan {
  readonly name: string;
  /** One sentence for people. */
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly sources: readonly Source[];
  /** Reference data that lookups read. */
  readonly tables: readonly Table[];
  /** In an order in which every node comes after its inputs. */
  readonly nodes: readonly PlanNode[];
  readonly sinks: readonly Sink[];
  /** Topics the pipeline needs: of sources, of sinks and for dead letters. */
  readonly topics: readonly TopicSpec[];
  /** Topic of the rows that were rejected, `<pipeline>-dead-letters` unless said otherwise. */
  readonly deadLetters: string;
  readonly dashboard: Dashboard;
}

/** A value that is given at the start of a run (`--param name=value`) and read as `:name` in expressions. */
export interface Parameter {
  readonly name: string;
  readonly type: ValueType;
  readonly description: string;
  /** Used when nothing is given; null: {@link defaultFrom} says it, or it must be given. */
  readonly default: Value;
  /** A default that the run knows: `year` is the calendar year (UTC) in which it starts. */
  readonly defaultFrom: 'year' | null;
  /** The only texts that it may be given, where there are few. */
  readonly oneOf?: readonly string[];
}

/** A topic of records that are read as rows. */
export interface Source {
  readonly name: string;
  readonly topic: string;
  /** Columns that the records hold, in order. */
  readonly columns: readonly SourceColumn[];
  readonly eventTime: EventTime;
  /** How far a row may be behind the newest one of its partition without being late. */
  readonly latenessMs: number;
  /** A partition that is caught up and silent for so long no longer holds the watermark back. */
  readonly idleTimeoutMs: number;
}

/** A column of a source: a key of the record's JSON object, or a text column with the value of a record header. */
export interface SourceColumn extends Column {
  /** Name of the record header whose text (UTF-8) it is, the last one where several have it; null where none has. */
  readonly header?: string;
}

/**
 * Where the event time of a row comes from: the record's timestamp, a column of type timestamp (or bigint,
 * epoch ms), or an expression over the columns. The first and the last add a timestamp column of that name.
 */
export type EventTime =
  | { readonly kind: 'record'; readonly name: string }
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'computed'; readonly name: string; readonly expression: Expression };

/** Reference data: few rows that change seldom, held in memory whole. */
export interface Table {
  readonly name: string;
  readonly columns: Schema;
  readonly from: TableSource;
}

/**
 * Where the rows of a table are: in a file (csv, ndjson or xlsx, told by its name and content), in a compacted
 * topic (the newest record of each key counts, one without a value takes it away), or in the plan itself.
 */
export type TableSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'topic'; readonly topic: string }
  | { readonly kind: 'rows'; readonly rows: readonly Readonly<Record<string, Value>>[] };

interface NodeBase {
  /** Unique in the plan; names its state and its internal topics. */
  readonly name: string;
  /** Name of the source or node whose rows it takes. */
  readonly input: string;
}

/** Keeps the rows for which `condition` is true. */
export interface FilterNode extends NodeBase {
  readonly kind: 'filter';
  readonly condition: Expression;
}

/** A rule that a good row fulfils; the row is rejected with `reason` when `condition` is false or null. */
export interface Rule {
  readonly reason: string;
  readonly condition: Expression;
}

/** Rejects rows that break a rule: they go to the dead letters with all reasons, never on. */
export interface CheckNode extends NodeBase {
  readonly kind: 'check';
  readonly rules: readonly Rule[];
}

/** Adds columns, or replaces those of the same name. All expressions see the row as it came. */
export interface DeriveNode extends NodeBase {
  readonly kind: 'derive';
  readonly columns: readonly NamedExpression[];
}

/** Keeps only the named columns, in this order. */
export interface SelectNode extends NodeBase {
  readonly kind: 'select';
  readonly columns: readonly NamedExpression[];
}

/**
 * How rows are cut along event time; every window is [start, end), aligned to the epoch plus `offsetMs`. Sessions and sliding
 * windows go by the rows of each group: a sliding window is [end - size, end] with both ends, and there is one for each
 * different set of rows that are at most `sizeMs` apart.
 */
export type Window =
  | { readonly kind: 'tumble'; readonly sizeMs: number; readonly offsetMs: number }
  | { readonly kind: 'hop'; readonly sizeMs: number; readonly hopMs: number; readonly offsetMs: number }
  | { readonly kind: 'cumulate'; readonly sizeMs: number; readonly stepMs: number; readonly offsetMs: number }
  | { readonly kind: 'session'; readonly gapMs: number }
  | { readonly kind: 'sliding'; readonly sizeMs: number };

/** Windows whose bounds do not depend on the rows. */
export type AlignedWindow = Exclude<Window, { readonly kind: 'session' | 'sliding' }>;

/** When results leave an aggregate: once when the window closes, with every change, or every so often of event time. */
export type Emit =
  | { readonly kind: 'final' }
  | { readonly kind: 'update' }
  | { readonly kind: 'every'; readonly everyMs: number };

/**
 * Groups rows by `keys` (null is a group) and by window, and aggregates each group.
 * Rows that come out: `window_start`, `window_end` (timestamps, with a window only), the keys, the aggregates.
 */
export interface AggregateStep extends NodeBase {
  readonly kind: 'aggregate';
  readonly window: Window | null;
  readonly keys: readonly string[];
  /** Each holds at least one aggregate function; what surrounds it is computed once per group. */
  readonly columns: readonly NamedExpression[];
  readonly emit: Emit;
  /** Column with the time up to which a periodic result holds; null: none. */
  readonly asOf: string | null;
  /** How long after its end a window still takes late rows and emits corrections; 0: never. */
  readonly allowedLatenessMs: number;
}

/**
 * Keeps the newest row by event time of each key (null is a key), for ever. Its rows are a table that changes: a newer row takes
 * the place of the one before. Repeats (same key, same time) and rows older than what is kept are dropped and counted.
 */
export interface LatestByNode extends NodeBase {
  readonly kind: 'latest-by';
  readonly keys: readonly string[];
}

/** A column of the row and the column of the other side that it has to equal; null equals nothing. */
export interface KeyPair {
  readonly left: string;
  readonly right: string;
}

/** A column under another name. */
export interface TakenColumn {
  readonly name: string;
  readonly from: string;
}

/**
 * Adds columns of the row of a {@link Table} that fits: at most one, so rows are never multiplied. Of several rows
 * with equal keys the last one counts; with a range the one with the latest start, then the narrowest, then the last.
 */
export interface LookupNode extends NodeBase {
  readonly kind: 'lookup';
  readonly table: string;
  readonly keys: readonly KeyPair[];
  /** `from <= value <= to`, `value` of the row, the others of the table; empty ones are open. Null: no range. */
  readonly range: { readonly value: string; readonly from: string; readonly to: string } | null;
  /** Rows that find nothing: dropped and counted (inner), or kept with nulls (left). */
  readonly join: 'inner' | 'left';
  readonly columns: readonly TakenColumn[];
  /** Column that takes the version of the table, null for none. */
  readonly version: string | null;
}

/**
 * Keeps the first row by event time of each key (null is a key) and drops and counts the others: for ever, or those less than
 * `withinMs` after one that was kept.
 */
export interface DeduplicateNode extends NodeBase {
  readonly kind: 'deduplicate';
  readonly keys: readonly string[];
  readonly withinMs: number | null;
}

/** A column computed from a row and its neighbours in the order of event time. Exactly one of `rows` and `withinMs` is set. */
export interface OverColumn {
  readonly name: string;
  readonly function: 'lag' | 'lead' | 'avg' | 'sum' | 'min' | 'max' | 'count' | 'exponential';
  readonly column: string;
  readonly rows: number | null;
  readonly withinMs: number | null;
}

/** Adds columns computed from the neighbours of each row among the rows of its key. */
export interface OverNode extends NodeBase {
  readonly kind: 'over';
  readonly keys: readonly string[];
  readonly columns: readonly OverColumn[];
}

/** All rows of several inputs that have the same columns, in the order of the first one's. */
export interface UnionNode extends NodeBase {
  readonly kind: 'union';
  readonly others: readonly string[];
}

/** A field of an array's elements that becomes a column. */
export interface ElementField extends Column {
  /** Key in the element; null: the element itself. */
  readonly from: string | null;
}

/**
 * One row per element of an array, in place of the array's column; values that do not fit their column reject the row. A row
 * without elements is gone, or with `outer` stays with nulls.
 */
export interface FlattenNode extends NodeBase {
  readonly kind: 'flatten';
  readonly column: string;
  readonly fields: readonly ElementField[];
  /** Column that takes the element's place in the array, from 0; null: none. */
  readonly position: string | null;
  readonly outer: boolean;
}

/** A column whose values become rows. */
export interface LabeledColumn {
  /** What its rows are called. */
  readonly label: string;
  readonly column: string;
}

/**
 * Columns to rows: for each of `columns`, which have one type, a row with its label and its value in their place; where it is
 * null there is none.
 */
export interface UnpivotNode extends NodeBase {
  readonly kind: 'unpivot';
  readonly columns: readonly LabeledColumn[];
  /** Column that takes the label. */
  readonly label: string;
  /** Column that takes the value. */
  readonly value: string;
}

/** A column to order by. */
export interface OrderColumn {
  readonly column: string;
  readonly descending: boolean;
}

/**
 * The first `limit` rows of each key by an order (null is the smallest; of equal ones the earlier, then the larger values).
 * Of windows: they leave when the window closes. Else they are a table that changes.
 */
export interface TopNode extends NodeBase {
  readonly kind: 'top';
  readonly keys: readonly string[];
  readonly order: readonly OrderColumn[];
  readonly limit: number;
  /** Column that takes the place, from 1; null: none. */
  readonly rank: string | null;
  /** Whether the rows are results of windows, which have their own top rows each. */
  readonly perWindow: boolean;
}

/**
 * Which rows of two streams belong together: times near each other, `left + lower <= right <= left + upper`; the same window;
 * or the newest row of the right that is not younger than the one of the left.
 */
export type JoinWhen =
  | { readonly kind: 'interval'; readonly lowerMs: number; readonly upperMs: number }
  | { readonly kind: 'window'; readonly window: AlignedWindow }
  | { readonly kind: 'temporal' };

/**
 * Pairs of rows of `input` (left) and `right` with equal keys; null equals nothing. Rows without a partner are kept with nulls:
 * none (inner), those of the left (left), all (full). A join of windows adds their bounds in front.
 */
export interface JoinNode extends NodeBase {
  readonly kind: 'join';
  readonly right: string;
  readonly keys: readonly KeyPair[];
  readonly when: JoinWhen;
  readonly join: 'inner' | 'left' | 'full';
  /** Columns taken of the right. */
  readonly columns: readonly TakenColumn[];
}

/** What happens to rows between a source and a sink. */
export type PlanNode =
  | FilterNode
  | CheckNode
  | DeriveNode
  | SelectNode
  | LatestByNode
  | LookupNode
  | DeduplicateNode
  | OverNode
  | UnionNode
  | FlattenNode
  | UnpivotNode
  | TopNode
  | JoinNode
  | AggregateStep;

/** Names of everything whose rows `node` takes. */
export function inputsOf(node: PlanNode): readonly string[] {
  if (node.kind === 'join') return [node.input, node.right];
  return node.kind === 'union' ? [node.input, ...node.others] : [node.input];
}

/**
 * Names of the sources and steps whose rows are a table that changes: rows are added to it and taken back. Every row of the
 * others stays true once it was given.
 */
export function changingParts(plan: Pick<Plan, 'nodes'>): ReadonlySet<string> {
  const changing = new Set<string>();
  for (const node of plan.nodes) {
    const made = node.kind === 'aggregate' && node.window === null && node.emit.kind === 'update';
    const passes = node.kind !== 'aggregate' && inputsOf(node).some((name) => changing.has(name));
    const makes = node.kind === 'latest-by' || (node.kind === 'top' && !node.perWindow);
    if (makes || made || passes) changing.add(node.name);
  }
  return changing;
}

/** A topic that takes the rows of one node, as JSON objects. */
export interface Sink {
  readonly name: string;
  /** Name of the node (or source) whose rows it takes. */
  readonly input: string;
  readonly topic: string;
  /** Columns whose values make the record key; empty: no key. */
  readonly keys: readonly string[];
  /** What a record holds, in order. */
  readonly columns: Schema;
}

/** A topic as it should be made where it is missing. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  /** Topic settings such as `cleanup.policy`. */
  readonly config: Readonly<Record<string, string>>;
}

/** Names of the columns that a windowed aggregate adds. */
export const WINDOW_START = 'window_start';
/** See {@link WINDOW_START}. */
export const WINDOW_END = 'window_end';

/** Freezes `value` and everything inside it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
