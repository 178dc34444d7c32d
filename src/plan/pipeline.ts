import { StreamctlError } from '../base/errors.js';
import type { Schema, ValueType } from '../base/row-batch.js';
import {
  type Draft,
  finish,
  freeName,
  type PipelineOptions,
  parametersOf,
  together,
  withBranch,
  withOther,
} from './draft.js';
import { durationMs } from './duration-words.js';
import type { SinkSpec, SourceSpec } from './endpoints.js';
import { type JoinColumns, type JoinOptions, type JoinWindow, joinNode, windowJoinNode } from './join.js';
import type { OverCall } from './over.js';
import {
  type AggregateStep,
  deepFreeze,
  type ElementField,
  type Emit,
  type JoinNode,
  type Plan,
  type PlanNode,
  type Sink,
  type Window,
} from './plan.js';
import { planSchemas } from './schemas.js';
import { type LookupOptions, lookupNode, type TableSpec, type Take, type Taken, tableTopics } from './table.js';
import { type Operand, type Row, type RowShape, rowOf, type Typed, toNode } from './typed.js';

type Named = Readonly<Record<string, Operand>>;
/** Value types of named expressions. */
type Made<C> = {
  readonly [N in keyof C]: C[N] extends Typed<infer T> ? T : C[N] extends string ? 'string' : ValueType;
};
type Bounds = { readonly window_start: 'timestamp'; readonly window_end: 'timestamp' };
/** `A` with the columns of `B` added or replaced. */
type With<A, B> = Omit<A, keyof B> & B;
type Plain<A> = { readonly [K in keyof A]: A[K] };

/** A plan as it is being built, on the way through {@link pipeline}'s steps. */
export interface Head {
  /** Reads the rows of `spec`. */
  from<S extends RowShape>(spec: SourceSpec<S>): Stream<S>;
}

/**
 * Begins a pipeline: `pipeline('cars').from(cars).where((row) => greater(row.price, 0))....into(prices)`.
 * Every step gives a new stream; {@link Stream.into} and {@link Stream.fork} give the frozen plan.
 */
export function pipeline(name: string, options: PipelineOptions = {}): Head {
  return {
    from: (spec) =>
      new Stream(
        { name, options, sources: [spec.source], tables: [], nodes: [], sinks: [], topics: [spec.topic] },
        spec.source.name,
      ),
  };
}

function namedExpressions(columns: Named): { name: string; expression: ReturnType<typeof toNode> }[] {
  return Object.entries(columns).map(([name, operand]) => ({ name, expression: toNode(operand) }));
}

type WithoutPlace<N> = N extends PlanNode ? Omit<N, 'name' | 'input'> : never;

/** Rows on their way; `S` are their columns. Methods take an optional last argument that names the step. */
export class Stream<S extends RowShape> {
  readonly #draft: Draft;
  readonly #at: string;

  /** Made by {@link pipeline} and by the steps. */
  constructor(draft: Draft, at: string) {
    this.#draft = draft;
    this.#at = at;
  }

  #then<T extends RowShape>(node: WithoutPlace<PlanNode>, name: string): Stream<T> {
    const made = deepFreeze({ ...node, name, input: this.#at } as PlanNode);
    return new Stream<T>({ ...this.#draft, nodes: [...this.#draft.nodes, made] }, name);
  }

  #name(given: string | undefined, wanted: string): string {
    return given ?? freeName(this.#draft, wanted);
  }

  /** Keeps the rows for which the condition is true. */
  where(condition: (row: Row<S>) => Operand<'boolean'>, name?: string): Stream<S> {
    return this.#then({ kind: 'filter', condition: toNode(condition(rowOf<S>())) }, this.#name(name, 'where'));
  }

  /** Rejects rows that break a rule: each is a reason and the condition that good rows fulfil (null breaks it). */
  check(rules: (row: Row<S>) => Readonly<Record<string, Operand<'boolean'>>>, name?: string): Stream<S> {
    const made = namedExpressions(rules(rowOf<S>()));
    const list = made.map(({ name: reason, expression }) => ({ reason, condition: expression }));
    return this.#then({ kind: 'check', rules: list }, this.#name(name, 'check'));
  }

  /** Adds columns, or replaces those of the same name. All expressions see the row as it came. */
  derive<C extends Named>(columns: (row: Row<S>) => C, name?: string): Stream<Plain<With<S, Made<C>>>> {
    const made = namedExpressions(columns(rowOf<S>()));
    return this.#then({ kind: 'derive', columns: made }, this.#name(name, 'derive'));
  }

  /** Keeps only the columns that are named, in this order. */
  select<C extends Named>(columns: (row: Row<S>) => C, name?: string): Stream<Made<C>> {
    const made = namedExpressions(columns(rowOf<S>()));
    return this.#then({ kind: 'select', columns: made }, this.#name(name, 'select'));
  }

  /**
   * Keeps the newest row of each key, by event time: a table that changes. What follows it works on the rows as they are
   * now: an aggregate over all time takes a replaced row back before it adds the new one.
   */
  latestBy<K extends keyof S & string>(...keys: readonly K[]): Stream<S> {
    return this.#then({ kind: 'latest-by', keys }, this.#name(undefined, 'latest'));
  }

  /**
   * Adds columns of the row of `table` that fits, at most one: `.lookup(stations, { on: ['stationCode'] })`. Columns of the
   * table beside those of `on` and `between` are taken, or the ones that `take` names.
   */
  lookup<T extends RowShape, K extends Take<T> = readonly [], V extends string = never>(
    table: TableSpec<T>,
    options: LookupOptions<S, T, K, V>,
    name?: string,
  ): Stream<Plain<With<S, Taken<T, K> & { readonly [N in V]: 'string' }>>> {
    const node = lookupNode(table, options);
    const tables = together(this.#draft.tables, [table.table]);
    const draft = { ...this.#draft, tables, topics: [...this.#draft.topics, ...tableTopics(table)] };
    return new Stream<S>(draft, this.#at).#then(node, this.#name(name, `with-${table.table.name}`));
  }

  /**
   * Keeps the first row by event time of each key, and drops and counts the others: `.deduplicate(['symbol', 'ts'])`. With
   * `within`, only those so soon after one that was kept; without, keys are remembered for ever.
   */
  deduplicate<K extends keyof S & string>(
    keys: readonly K[],
    { within, name }: { readonly within?: string; readonly name?: string } = {},
  ): Stream<S> {
    const withinMs = within === undefined ? null : durationMs(within);
    return this.#then({ kind: 'deduplicate', keys, withinMs }, this.#name(name, 'deduplicate'));
  }

  /**
   * Adds columns computed from neighbouring rows of the same key, in the order of event time:
   * `.over(['symbol'], (row) => ({ sma_5: movingAvg(row.close, { rows: 5 }), before: lag(row.close) }))`.
   */
  over<K extends keyof S & string, C extends Readonly<Record<string, OverCall<ValueType>>>>(
    keys: readonly K[],
    columns: (row: Row<S>) => C,
    name?: string,
  ): Stream<Plain<With<S, { readonly [N in keyof C]: C[N] extends OverCall<infer T> ? T : never }>>> {
    const made = Object.entries(columns(rowOf<S>())).map(([column, call]) => ({ ...call, name: column }));
    return this.#then({ kind: 'over', keys, columns: made }, this.#name(name, 'over'));
  }

  /**
   * Pairs with rows of another stream: `.join(orders, { on: ['id'], within: ['-1 minute', '5 minutes'], take: ['price'] })`, or
   * `{ ..., asOf: 'row' }` for the newest row of the other one that is not younger.
   */
  join<T extends RowShape, const K extends Take<T>>(
    other: Stream<T>,
    options: JoinOptions<S, T, K>,
    name?: string,
  ): Stream<Plain<With<S, Taken<T, K>>>> {
    return this.#join(other, joinNode(options), name);
  }

  /** Pairs with rows of another stream in the same window: `.joinWindows(orders, { tumble: '1 minute' }, { on, take })`. */
  joinWindows<T extends RowShape, const K extends Take<T>>(
    other: Stream<T>,
    window: JoinWindow,
    options: JoinColumns<S, T, K>,
    name?: string,
  ): Stream<Plain<With<With<S, Bounds>, Taken<T, K>>>> {
    return this.#join(other, windowJoinNode(window, options), name);
  }

  #join<T extends RowShape, R extends RowShape>(
    other: Stream<T>,
    node: Omit<JoinNode, 'name' | 'input' | 'right'>,
    name: string | undefined,
  ): Stream<R> {
    const { draft, at } = withOther(this.#draft, other.#draft, other.#at);
    return new Stream<S>(draft, this.#at).#then({ ...node, right: at }, name ?? freeName(draft, `with-${at}`));
  }

  /** The rows of this stream and of another one, or of several others, which all have the same columns. */
  union(other: Stream<S> | readonly Stream<S>[], name?: string): Stream<S> {
    const others: string[] = [];
    let draft = this.#draft;
    for (const one of other instanceof Stream ? [other] : other) {
      const both = withOther(draft, one.#draft, one.#at);
      draft = both.draft;
      others.push(both.at);
    }
    const wanted = name ?? freeName(draft, 'union');
    return new Stream<S>(draft, this.#at).#then({ kind: 'union', others }, wanted);
  }

  /**
   * One row per element of a JSON array, in place of its column: `fields` names what is taken of each element,
   * `{ bikes: { from: 'available', type: 'bigint' } }`, with `from: null` for the element itself; `position` names a column
   * for its place in the array, from 0. Rows without elements are gone, or stay with `outer`.
   */
  flatten<
    C extends keyof S & string,
    const F extends Readonly<Record<string, Omit<ElementField, 'name'>>>,
    P extends string = never,
  >(
    column: C,
    fields: F,
    options: { readonly outer?: boolean; readonly position?: P; readonly name?: string } = {},
  ): Stream<Plain<Omit<S, C> & { readonly [N in P]: 'bigint' } & { readonly [N in keyof F]: F[N]['type'] }>> {
    const list = Object.entries(fields).map(([field, { from, type }]) => ({ name: field, from, type }));
    return this.#then(
      { kind: 'flatten', column, fields: list, position: options.position ?? null, outer: options.outer ?? false },
      this.#name(options.name, 'flatten'),
    );
  }

  /**
   * Columns to rows: `.unpivot({ PH: 'ph', TEMP: 'temperature' }, { label: 'measure', value: 'value' })` gives for each of the
   * columns, which have one type, a row with its label and its value in their place; where it is null there is none.
   */
  unpivot<C extends keyof S & string, L extends string, V extends string>(
    columns: Readonly<Record<string, C>>,
    { label, value, name }: { readonly label: L; readonly value: V; readonly name?: string },
  ): Stream<Plain<Omit<S, C> & { readonly [N in L]: 'string' } & { readonly [N in V]: S[C] }>> {
    const list = Object.entries(columns).map(([text, column]) => ({ label: text, column }));
    return this.#then({ kind: 'unpivot', columns: list, label, value }, this.#name(name, 'unpivot'));
  }

  /**
   * The first `limit` rows of each key by the columns of `by` (`-name` for the largest first); for results of windows with
   * `perWindow` those of each window, when it closes. `rank` names a column for the place.
   */
  top<K extends keyof S & string, R extends string = never>(
    limit: number,
    options: {
      readonly by: readonly (`-${keyof S & string}` | (keyof S & string))[];
      readonly of?: readonly K[];
      readonly perWindow?: boolean;
      readonly rank?: R;
    },
    name?: string,
  ): Stream<Plain<With<S, { readonly [N in R]: 'bigint' }>>> {
    const { by, of = [], perWindow = false, rank } = options;
    const order = by.map((text) => {
      const descending = text.startsWith('-');
      return { column: descending ? text.slice(1) : text, descending };
    });
    const node = { kind: 'top', keys: of, order, limit, rank: rank ?? null, perWindow } as const;
    return this.#then(node, this.#name(name, `top-${limit}`));
  }

  /** Windows of `size` one after the other: `.tumble('1 minute')`. @throws `usage` for a text that is no duration. */
  tumble(size: string, offset = '0'): Windowed<S, Bounds> {
    return this.#windowed({ kind: 'tumble', sizeMs: durationMs(size), offsetMs: durationMs(offset) });
  }

  /** Windows of `size`, one beginning every `hop`. @throws `usage` for a text that is no duration. */
  hop(size: string, hop: string, offset = '0'): Windowed<S, Bounds> {
    const window: Window = {
      kind: 'hop',
      sizeMs: durationMs(size),
      hopMs: durationMs(hop),
      offsetMs: durationMs(offset),
    };
    return this.#windowed(window);
  }

  /** Windows that grow by `step` up to `size` and then begin anew. @throws `usage` for a text that is no duration. */
  cumulate(size: string, step: string, offset = '0'): Windowed<S, Bounds> {
    const window: Window = {
      kind: 'cumulate',
      sizeMs: durationMs(size),
      stepMs: durationMs(step),
      offsetMs: durationMs(offset),
    };
    return this.#windowed(window);
  }

  /** Windows that last, per group, until no row came for `gap`. @throws `usage` for a text that is no duration. */
  session(gap: string): Windowed<S, Bounds> {
    return this.#windowed({ kind: 'session', gapMs: durationMs(gap) });
  }

  /**
   * A window per group for each different set of rows that are at most `size` apart: `.sliding('5 minutes')`. Each ends with
   * a row, or begins just after one. As Kafka Streams has them.
   */
  sliding(size: string): Windowed<S, Bounds> {
    return this.#windowed({ kind: 'sliding', sizeMs: durationMs(size) });
  }

  /** One group per value of the columns, over all time. */
  groupBy<K extends keyof S & string>(...keys: K[]): Grouped<S, Pick<S, K>> {
    return this.#windowed<unknown>(null).groupBy(...keys) as Grouped<S, Pick<S, K>>;
  }

  #windowed<B>(window: Window | null): Windowed<S, B> {
    const grouped = <K extends keyof S & string>(keys: readonly K[]): Grouped<S, B & Pick<S, K>> => ({
      aggregate: (columns, name) => {
        const made = namedExpressions(columns(rowOf()));
        const wanted = keys.length === 0 ? 'total' : `by-${keys.join('-')}`;
        // Over all time there is no end to wait for.
        const emit: Emit = { kind: window === null ? 'update' : 'final' };
        return this.#then(
          { kind: 'aggregate', window, keys, columns: made, emit, asOf: null, allowedLatenessMs: 0 },
          this.#name(name, wanted),
        );
      },
    });
    return {
      groupBy: (...keys) => grouped(keys),
      aggregate: (columns, name) => grouped([]).aggregate(columns as never, name),
    };
  }

  /**
   * When the aggregate just before gives results: `'update'`, with every change; `{ every: '1 minute' }`, with the rows
   * before each full minute of event time, and with `as` a column that says before which; `'final'`, when its window
   * closes or the stream ends. Windows begin with `final`, aggregates over all time with `update`.
   * @throws `bad-plan` when the step before is no aggregate.
   */
  emit<N extends string = never>(
    when: 'final' | 'update' | { readonly every: string; readonly as?: N },
  ): Stream<Plain<With<S, { readonly [K in N]: 'timestamp' }>>> {
    const emit: Emit = typeof when === 'string' ? { kind: when } : { kind: 'every', everyMs: durationMs(when.every) };
    return this.#changeLast({ emit, asOf: typeof when === 'string' ? null : (when.as ?? null) });
  }

  /**
   * Lets the aggregate just before take rows so long after the end of their window, and correct its result.
   * @throws `bad-plan` when the step before is no aggregate.
   */
  allowLateness(duration: string): Stream<S> {
    return this.#changeLast({ allowedLatenessMs: durationMs(duration) });
  }

  #changeLast<T extends RowShape>(change: Partial<AggregateStep>): Stream<T> {
    const last = this.#draft.nodes.at(-1);
    if (last?.kind !== 'aggregate' || last.name !== this.#at) {
      throw new StreamctlError('bad-plan', `step "${this.#at}" of pipeline "${this.#draft.name}" is no aggregate`, {
        hint: 'call emit and allowLateness right after aggregate',
      });
    }
    const nodes = [...this.#draft.nodes.slice(0, -1), deepFreeze({ ...last, ...change })];
    return new Stream<T>({ ...this.#draft, nodes }, this.#at);
  }

  /** Ends the pipeline: rows go to the topic of `sink`. @throws `bad-plan` that lists every mistake. */
  into<K extends keyof S & string>(sink: SinkSpec<K>): Plan {
    const input = this.#at;
    const draft = this.#draft;
    const schema: Schema = planSchemas({ ...draft, parameters: parametersOf(draft.options) }).get(input) ?? [];
    const columns =
      sink.columns === null
        ? schema
        : sink.columns.map(
            (name) => schema.find((column) => column.name === name) ?? { name, type: 'string' as const },
          );
    const made: Sink = { name: sink.name, input, topic: sink.topic.name, keys: sink.keys, columns };
    return finish({ ...draft, sinks: [...draft.sinks, made], topics: [...draft.topics, sink.topic] });
  }

  /** Several ends for the same rows: each branch goes on from here and ends with {@link into}. */
  fork(branches: (rows: Stream<S>) => readonly Plan[]): Plan {
    let merged = this.#draft;
    // A branch alone does not have all the sinks that the dashboard names.
    const { dashboard: _, ...options } = this.#draft.options;
    const start = new Stream<S>({ ...this.#draft, options }, this.#at);
    for (const branch of branches(start)) merged = withBranch(merged, branch);
    return finish(merged);
  }
}

/** Rows cut into windows, before they are grouped; `B` are the columns that the window adds. */
export interface Windowed<S extends RowShape, B> {
  /** One group per window and value of the columns. */
  groupBy<K extends keyof S & string>(...keys: K[]): Grouped<S, B & Pick<S, K>>;
  /** One group per window. */
  aggregate<C extends Named>(columns: (row: Row<S>) => C, name?: string): Stream<Plain<B & Made<C>>>;
}

/** Rows in groups; `G` are the columns that tell the groups apart. */
export interface Grouped<S extends RowShape, G> {
  /** One row per group: the window, the keys and these columns. */
  aggregate<C extends Named>(columns: (row: Row<S>) => C, name?: string): Stream<Plain<G & Made<C>>>;
}
