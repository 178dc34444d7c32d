import type { Value, ValueType } from '../base/row-batch.js';
import { requireGoodPlan } from './check-plan.js';
import {
  type Dashboard,
  deepFreeze,
  inputsOf,
  type Parameter,
  type Plan,
  type PlanNode,
  type Sink,
  type Source,
  type Table,
  type TopicSpec,
} from './plan.js';
import { withInputs } from './step-inputs.js';

/** What is said of a pipeline beside its steps. */
export interface PipelineOptions {
  /** One sentence for people. */
  readonly description?: string;
  readonly parameters?: Readonly<Record<string, ParameterOptions>>;
  /** Topic of rejected rows, `<name>-dead-letters` when left out. */
  readonly deadLetters?: string;
  readonly dashboard?: Dashboard;
}

/** A parameter; without `default` and `defaultFrom` it must be given. */
export interface ParameterOptions {
  readonly type: ValueType;
  readonly description: string;
  readonly default?: Value;
  readonly defaultFrom?: 'year';
  /** The only texts that may be given. */
  readonly oneOf?: readonly string[];
}

/** What is known of a pipeline while it is being said; every step makes a new one. */
export interface Draft {
  readonly name: string;
  readonly options: PipelineOptions;
  readonly sources: readonly Source[];
  readonly tables: readonly Table[];
  readonly nodes: readonly PlanNode[];
  readonly sinks: readonly Sink[];
  readonly topics: readonly TopicSpec[];
}

/** `wanted`, or with a number behind it when the draft has that name already. */
export function freeName(draft: Draft, wanted: string): string {
  const taken = new Set([...draft.sources, ...draft.nodes].map((part) => part.name));
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!taken.has(name)) return name;
  }
}

/** The parameters as a plan says them. */
export function parametersOf(options: PipelineOptions): readonly Parameter[] {
  return Object.entries(options.parameters ?? {}).map(([name, given]) => ({
    name,
    type: given.type,
    description: given.description,
    default: given.default ?? null,
    defaultFrom: given.defaultFrom ?? null,
    ...(given.oneOf === undefined ? {} : { oneOf: given.oneOf }),
  }));
}

/** What a step with another name or other inputs was made from, so that it is the same step wherever it is met again. */
const originals = new WeakMap<PlanNode, PlanNode>();

function originalOf(node: PlanNode): PlanNode {
  return originals.get(node) ?? node;
}

/**
 * Adds the steps that `other` has beyond `draft`; those whose name is taken by another step get a number. A step that both
 * have is there once, under the name that it has in `draft`.
 */
function withSteps(draft: Draft, other: Pick<Draft, 'nodes'>): { draft: Draft; place: (name: string) => string } {
  const renamed = new Map<string, string>();
  const place = (name: string): string => renamed.get(name) ?? name;
  const known = new Map(draft.nodes.map((node) => [originalOf(node), node.name]));
  let result = draft;
  for (const node of other.nodes) {
    const name = known.get(originalOf(node)) ?? freeName(result, node.name);
    if (name !== node.name) renamed.set(node.name, name);
    if (known.has(originalOf(node))) continue;
    const same = name === node.name && inputsOf(node).every((input) => place(input) === input);
    const made = same ? node : deepFreeze({ ...withInputs(node, place), name } as PlanNode);
    if (!same) originals.set(made, originalOf(node));
    result = { ...result, nodes: [...result.nodes, made] };
  }
  return { draft: result, place };
}

/** Both drafts as one, and where the other's rows are then. */
export function withOther(draft: Draft, other: Draft, at: string): { readonly draft: Draft; readonly at: string } {
  const sources = together(draft.sources, other.sources);
  const { draft: both, place } = withSteps({ ...draft, sources }, other);
  const tables = together(draft.tables, other.tables);
  return { draft: { ...both, tables, topics: together(draft.topics, other.topics) }, at: place(at) };
}

/** Adds what `branch` has beyond `draft`; steps whose name is taken by another step get a number. */
export function withBranch(draft: Draft, branch: Plan): Draft {
  const { draft: result, place } = withSteps(draft, branch);
  const sinks = branch.sinks.map((sink) => ({ ...sink, input: place(sink.input) }));
  const topics = branch.topics.filter((topic) => topic.name !== branch.deadLetters);
  return {
    ...result,
    sources: together(result.sources, branch.sources),
    tables: together(result.tables, branch.tables),
    sinks: [...result.sinks, ...sinks],
    topics: [...result.topics, ...topics],
  };
}

/**
 * The topics of a plan in their order: of sources, of tables, of sinks, for dead letters.
 * @param specs what is said of them; the first of a name counts, those of which nothing is said have one partition.
 */
export function plannedTopics(
  plan: Pick<Plan, 'sources' | 'tables' | 'sinks' | 'deadLetters'>,
  specs: readonly TopicSpec[],
): readonly TopicSpec[] {
  const inTopics = plan.tables.flatMap(({ from }) => (from.kind === 'topic' ? [from.topic] : []));
  const names = [
    ...plan.sources.map(({ topic }) => topic),
    ...inTopics,
    ...plan.sinks.map(({ topic }) => topic),
    plan.deadLetters,
  ];
  return [...new Set(names)].map(
    (name) => specs.find((spec) => spec.name === name) ?? { name, partitions: 1, replicas: 1, config: {} },
  );
}

/** The plan of a draft, checked and frozen. @throws `bad-plan` that lists every mistake. */
export function finish(draft: Draft): Plan {
  const { name, options, sources, tables, nodes, sinks } = draft;
  const deadLetters = options.deadLetters ?? `${name}-dead-letters`;
  const plan: Plan = {
    name,
    description: options.description ?? '',
    parameters: parametersOf(options),
    sources,
    tables,
    nodes,
    sinks,
    topics: plannedTopics({ sources, tables, sinks, deadLetters }, draft.topics),
    deadLetters,
    dashboard: options.dashboard ?? { title: name, panels: [] },
  };
  return requireGoodPlan(deepFreeze(plan));
}

/** Parts of both; one that both have, once. */
export function together<T>(some: readonly T[], more: readonly T[]): readonly T[] {
  return [...some, ...more.filter((part) => !some.includes(part))];
}
