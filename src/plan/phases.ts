import { type AggregateStep, changingParts, inputsOf, type Plan, type PlanNode } from './plan.js';

/** Rows, or partial aggregates, that go from the first phase of a plan to the second. */
export interface Exchange {
  /** Unique in the plan: the step's name, and the number of its input from the second one on. Names its topic. */
  readonly name: string;
  /** Step of the second phase, and which of its inputs this is. */
  readonly step: string;
  readonly port: number;
  /** Source or step of the first phase whose rows these are. */
  readonly input: string;
  /** The one source that they come from. */
  readonly source: string;
  /** Columns by which rows are shared out; empty: one worker takes them all. */
  readonly keys: readonly string[];
  /** Rows are aggregated before they are sent. */
  readonly partial: boolean;
}

/** Steps of the second phase that are done together because rows go from one to the other. */
export interface Part {
  /** Name of its first step. */
  readonly name: string;
  readonly steps: ReadonlySet<string>;
  readonly exchanges: readonly Exchange[];
  /** Whether its groups can be shared out by key, or one worker does it all. */
  readonly shared: boolean;
}

/**
 * How several workers do a plan. In the first phase each row is worked on alone, wherever its partition is read; what
 * looks at several rows is the second phase, in parts that know nothing of each other.
 */
export interface Phases {
  /** Names of the steps of the first phase. */
  readonly first: ReadonlySet<string>;
  readonly parts: readonly Part[];
}

/** Steps that look at one row at a time, as long as their rows are never taken back. */
const ROW_BY_ROW: ReadonlySet<PlanNode['kind']> = new Set([
  'filter',
  'check',
  'derive',
  'select',
  'flatten',
  'unpivot',
  'lookup',
]);

/** See {@link Phases}. */
export function phasesOf(plan: Plan): Phases {
  const sourceOf = new Map(plan.sources.map(({ name }) => [name, name]));
  const first = new Set<string>();
  const partOf = new Map<string, PlanNode[]>();
  const exchanges = new Map<string, Omit<Exchange, 'keys' | 'partial'>[]>();
  for (const node of plan.nodes) {
    const source = sourceOf.get(node.input);
    if (source !== undefined && ROW_BY_ROW.has(node.kind)) {
      first.add(node.name);
      sourceOf.set(node.name, source);
      continue;
    }
    const part = [node];
    inputsOf(node).forEach((input, port) => {
      const from = sourceOf.get(input);
      const name = port === 0 ? node.name : `${node.name}-${port + 1}`;
      if (from !== undefined)
        exchanges.set(node.name, [
          ...(exchanges.get(node.name) ?? []),
          { name, step: node.name, port, input, source: from },
        ]);
      else if (partOf.get(input) !== part) part.unshift(...(partOf.get(input) ?? []));
    });
    for (const member of part) partOf.set(member.name, part);
  }
  const changing = changingParts(plan);
  const parts = [...new Set(partOf.values())].map((nodes) => {
    const within = plan.nodes.filter((node) => nodes.includes(node));
    return makePart(
      within,
      within.flatMap(({ name }) => exchanges.get(name) ?? []),
      changing,
    );
  });
  return { first, parts };
}

function makePart(
  nodes: readonly PlanNode[],
  exchanges: readonly Omit<Exchange, 'keys' | 'partial'>[],
  changing: ReadonlySet<string>,
): Part {
  const withState = nodes.filter(
    (node) => !ROW_BY_ROW.has(node.kind) || (node.kind === 'lookup' && changing.has(node.input)),
  );
  const only = withState.length === 1 ? withState[0]! : undefined;
  const shared = only?.kind === 'aggregate' && keysAreEnough(only);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return {
    name: nodes[0]!.name,
    steps: new Set(byName.keys()),
    shared,
    exchanges: exchanges.map((exchange) => {
      const node = byName.get(exchange.step)!;
      return {
        ...exchange,
        keys: shared && node.kind === 'aggregate' ? node.keys : [],
        partial: node.kind === 'aggregate' && isMergedByWindow(node),
      };
    }),
  };
}

/** A result over all time that leaves every so often is due for all groups at once, whichever has changed. */
function keysAreEnough({ keys, window, emit }: AggregateStep): boolean {
  return keys.length > 0 && (window === null ? emit.kind === 'update' : window.kind !== 'sliding');
}

/** Windows that go by the rows, and tables that tell each change, have to see row by row. */
function isMergedByWindow({ window, emit }: AggregateStep): boolean {
  return window === null ? emit.kind !== 'update' : window.kind !== 'session' && window.kind !== 'sliding';
}
