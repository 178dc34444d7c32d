import type { Value } from '../base/row-batch.js';
import { schemaOf } from './endpoints.js';
import {
  deepFreeze,
  type KeyPair,
  type LookupNode,
  type Table,
  type TableSource,
  type TakenColumn,
  type TopicSpec,
} from './plan.js';
import type { RowShape } from './typed.js';

declare const shape: unique symbol;

/** Reference data, with the types of its rows for the compiler. */
export interface TableSpec<T extends RowShape> {
  readonly table: Table;
  readonly [shape]?: T;
}

/** What {@link table} needs to know; exactly one of `file`, `topic` and `rows`. */
export type TableOptions<T extends RowShape> = { readonly columns: T } & (
  | { readonly file: string }
  | { readonly topic: string }
  | { readonly rows: readonly { readonly [K in keyof T]?: Value }[] }
);

/** Columns that a lookup takes: by name, or `{ newName: 'column' }`. */
export type Take<T extends RowShape> = readonly (keyof T & string)[] | Readonly<Record<string, keyof T & string>>;

/** Types of the columns that `K` takes of `T`; with an empty list all of them. */
export type Taken<T extends RowShape, K> = K extends readonly []
  ? T
  : K extends readonly (infer N extends string)[]
    ? { readonly [C in N]: T[C & keyof T] }
    : { readonly [C in keyof K]: T[K[C] & keyof T] };

/** How a lookup finds its row. */
export interface LookupOptions<S extends RowShape, T extends RowShape, K extends Take<T>, V extends string> {
  /** Columns that are equal: of the same name, or `{ columnOfTheRow: 'columnOfTheTable' }`. */
  readonly on: readonly (keyof S & keyof T & string)[] | Readonly<Partial<Record<keyof S & string, keyof T & string>>>;
  /** `from <= value <= to`; empty `from` and `to` are open. The latest start wins, then the narrowest period. */
  readonly between?: {
    readonly value: keyof S & string;
    readonly from: keyof T & string;
    readonly to: keyof T & string;
  };
  /** `inner` (the default) drops and counts rows that find nothing, `left` keeps them with nulls. */
  readonly join?: 'inner' | 'left';
  /** All but those of `on` and `between` when left out. */
  readonly take?: K;
  /** Adds a column with the version of the table. */
  readonly version?: V;
}

/**
 * Reference data for {@link Stream.lookup}: `table('stations', { file: 'stations.csv', columns: { ... } })`. A run can
 * be told another file for it.
 */
export function table<const T extends RowShape>(name: string, options: TableOptions<T>): TableSpec<T> {
  const from: TableSource =
    'file' in options
      ? { kind: 'file', path: options.file }
      : 'topic' in options
        ? { kind: 'topic', topic: options.topic }
        : { kind: 'rows', rows: options.rows as readonly Readonly<Record<string, Value>>[] };
  return deepFreeze({ table: { name, columns: schemaOf(options.columns), from } });
}

/** The topic of a table, when it is in one. */
export function tableTopics({ table: { from } }: Pick<TableSpec<RowShape>, 'table'>): readonly TopicSpec[] {
  if (from.kind !== 'topic') return [];
  return [{ name: from.topic, partitions: 1, replicas: 1, config: { 'cleanup.policy': 'compact' } }];
}

/** `on` as pairs. */
export function keyPairs(on: readonly string[] | Readonly<Partial<Record<string, string>>>): readonly KeyPair[] {
  if (Array.isArray(on)) return on.map((name: string) => ({ left: name, right: name }));
  return Object.entries(on as Record<string, string>).map(([left, right]) => ({ left, right }));
}

/** What is taken, as pairs of names. */
export function takenColumns(take: readonly string[] | Readonly<Record<string, string>>): readonly TakenColumn[] {
  if (Array.isArray(take)) return take.map((name: string) => ({ name, from: name }));
  return Object.entries(take as Record<string, string>).map(([name, from]) => ({ name, from }));
}

/** The node of a lookup, without its place in a plan. */
export function lookupNode<S extends RowShape, T extends RowShape, K extends Take<T>, V extends string>(
  { table: spec }: TableSpec<T>,
  { on, between, join = 'inner', take, version }: LookupOptions<S, T, K, V>,
): Omit<LookupNode, 'name' | 'input'> {
  const keys = keyPairs(on);
  const used = new Set<string>([...keys.map((key) => key.right), ...(between ? [between.from, between.to] : [])]);
  const names = take ?? spec.columns.map((column) => column.name).filter((name) => !used.has(name));
  const columns = takenColumns(names);
  return {
    kind: 'lookup',
    table: spec.name,
    keys,
    range: between ?? null,
    join,
    columns,
    version: version ?? null,
  };
}
