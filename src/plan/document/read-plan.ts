import { checkPlan, type PlanProblem } from '../check-plan.js';
import { plannedTopics } from '../draft.js';
import { durationMs } from '../duration-words.js';
import { DEFAULT_IDLE_TIMEOUT } from '../endpoints.js';
import {
  deepFreeze,
  inputsOf,
  type Parameter,
  type Plan,
  type PlanNode,
  type Sink,
  type Source,
  type Table,
  type TopicSpec,
} from '../plan.js';
import { planSchemas } from '../schemas.js';
import type { DocumentEntry, DocumentNode, DocumentProblem } from './node.js';
import {
  readDashboard,
  readParameter,
  readSink,
  readSource,
  readTable,
  readTopicSpec,
  type UntypedSink,
} from './part-format.js';
import { placeInText, Reading } from './reading.js';
import { readStepBody, STEP_KEYS } from './step-format.js';

/** What came of reading a document: a checked plan, or everything that is wrong with it. */
export type ReadPlan =
  | { readonly plan: Plan; readonly problems: readonly [] }
  | { readonly plan: undefined; readonly problems: readonly DocumentProblem[] };

const KEYS = [
  'pipeline',
  'description',
  'parameters',
  'sources',
  'tables',
  'steps',
  'sinks',
  'deadLetters',
  'topics',
  'dashboard',
];

/** Reads a plan out of a document and checks it. All mistakes come at once, in the order of their places. */
export function readPlan(document: DocumentNode): ReadPlan {
  const reader = new PlanReader();
  const plan = reader.plan(document);
  const problems = reader.problems(plan);
  if (problems.length === 0) return { plan: deepFreeze(plan), problems: [] };
  return { plan: undefined, problems: problems.toSorted((a, b) => a.at - b.at) };
}

class PlanReader {
  readonly #reading = new Reading();
  /** Parts of the plan by the words with which the checker names them. */
  readonly #spots = new Map<string, DocumentEntry>();
  /** Names of parts that could not be read as they are meant. */
  readonly #broken = new Set<string>();
  #topicSpecs: TopicSpec[] = [];
  #at = 0;

  plan(document: DocumentNode): Plan {
    const reading = this.#reading;
    const fields = reading.fields(document, 'a pipeline', KEYS);
    this.#at = fields.at;
    const name = reading.text(fields.get('pipeline'), 'the name (pipeline: NAME)', fields.at);
    const parameters = this.#parts(fields.get('parameters'), 'parameter', (entry) => readParameter(reading, entry));
    const sources = this.#parts(fields.get('sources'), 'source', (entry) => this.#source(entry));
    const tables = this.#parts(fields.get('tables'), 'table', (entry) => readTable(reading, entry, this.#topicSpecs));
    reading.tables = tables;
    const nodes = this.#steps(fields.get('steps'), sources);
    const last = nodes.at(-1)?.name ?? (sources.length === 1 ? sources[0]!.name : undefined);
    const sinks = this.#parts(fields.get('sinks'), 'sink', (entry) => readSink(reading, entry, last, this.#topicSpecs));
    const deadLetters = reading.textOr(fields.get('deadLetters'), 'deadLetters', `${name}-dead-letters`);
    const dashboard = readDashboard(reading, fields.get('dashboard'), name, (title, entry) =>
      this.#spots.set(`panel "${title}"`, entry),
    );
    const typed = this.#typedSinks({ sources, tables, nodes, parameters }, sinks);
    return {
      name,
      description: reading.textOr(fields.get('description'), 'description', ''),
      parameters,
      sources,
      tables,
      nodes,
      sinks: typed,
      topics: this.#topics(fields.get('topics'), { sources, tables, sinks: typed, deadLetters }),
      deadLetters,
      dashboard,
    };
  }

  /** What is wrong with the document, and with the plan as far as it could be read. */
  problems(plan: Plan): readonly DocumentProblem[] {
    const whole = this.#reading.problems.length === 0;
    const found = checkPlan(whole ? plan : this.#sound(plan), [...this.#reading.texts.keys()]);
    const told = whole ? found : found.filter((problem) => problem.place !== 'plan');
    return [...this.#reading.problems, ...told.map((problem) => this.#placed(problem))];
  }

  #parts<T>(node: DocumentNode | undefined, kind: string, read: (entry: DocumentEntry) => T): T[] {
    if (node === undefined) return [];
    return this.#reading.entries(node, `${kind}s`).map((entry) => {
      this.#spots.set(`${kind} "${entry.key}"`, entry);
      const before = this.#reading.problems.length;
      const part = read(entry);
      if (this.#reading.problems.length > before) this.#broken.add(`${kind} "${entry.key}"`);
      return part;
    });
  }

  #source(entry: DocumentEntry): Source {
    return readSource(this.#reading, entry, durationMs(DEFAULT_IDLE_TIMEOUT), this.#topicSpecs);
  }

  #steps(node: DocumentNode | undefined, sources: readonly Source[]): PlanNode[] {
    let before = sources.length === 1 ? sources[0]!.name : undefined;
    return this.#parts(node, 'step', (entry) => {
      const step = this.#step(entry, before);
      before = entry.key;
      return step;
    });
  }

  #step({ key: name, at, value }: DocumentEntry, before: string | undefined): PlanNode {
    const reading = this.#reading;
    const fields = reading.fields(value, `step "${name}"`, ['from', ...STEP_KEYS]);
    const kinds = STEP_KEYS.filter((key) => fields.get(key) !== undefined);
    const input = this.#input(fields.get('from'), before, at, `step "${name}"`);
    const [kind] = kinds;
    if (kind !== undefined && kinds.length === 1) {
      return { ...readStepBody(kind, fields.get(kind)!, reading), name, input } as PlanNode;
    }
    if (kinds.length > 1) {
      reading.add(
        at,
        `step "${name}" does ${kinds.join(' and ')}`,
        'a step does one thing: make them steps of their own',
      );
    } else if (value.kind === 'map' && value.entries.every(({ key }) => key === 'from')) {
      reading.add(at, `step "${name}" does nothing`, `it says one of ${STEP_KEYS.join(', ')}`);
    }
    return { kind: 'union', others: [], name, input };
  }

  #input(node: DocumentNode | undefined, before: string | undefined, at: number, what: string): string {
    if (node !== undefined) return this.#reading.text(node, `from of ${what}`, at);
    if (before === undefined) this.#reading.add(at, `${what} does not say whose rows it takes`, 'write from: NAME');
    return before ?? '';
  }

  #typedSinks(
    plan: Pick<Plan, 'sources' | 'tables' | 'nodes' | 'parameters'>,
    sinks: readonly UntypedSink[],
  ): readonly Sink[] {
    const schemas = planSchemas(plan);
    return sinks.map(({ columns, ...sink }) => {
      const schema = schemas.get(sink.input) ?? [];
      if (columns === null) return { ...sink, columns: schema };
      return {
        ...sink,
        columns: columns.map(({ name, type }) => ({
          name,
          type: type ?? schema.find((column) => column.name === name)?.type ?? ('string' as const),
        })),
      };
    });
  }

  #topics(
    node: DocumentNode | undefined,
    plan: Pick<Plan, 'sources' | 'tables' | 'sinks' | 'deadLetters'>,
  ): readonly TopicSpec[] {
    if (node === undefined) return plannedTopics(plan, this.#topicSpecs);
    return this.#parts(node, 'topic', (entry) => readTopicSpec(this.#reading, entry));
  }

  /** `plan` without the parts that could not be read and what depends on them. */
  #sound(plan: Plan): Plan {
    const good = new Set<string>();
    const is = (kind: string, name: string): boolean => !this.#broken.has(`${kind} "${name}"`);
    const parameters: readonly Parameter[] = plan.parameters;
    const tables: readonly Table[] = plan.tables.filter(({ name }) => is('table', name));
    const brokenTables = plan.tables.filter(({ name }) => !is('table', name)).map(({ name }) => name);
    for (const { name } of plan.sources) if (is('source', name)) good.add(name);
    const all = new Set([...plan.sources, ...plan.nodes].map(({ name }) => name));
    const nodes = plan.nodes.filter((node) => {
      const sound = inputsOf(node).every((name) => good.has(name) || !all.has(name));
      const onBroken = node.kind === 'lookup' && brokenTables.includes(node.table);
      if (!sound || onBroken || !is('step', node.name)) return false;
      good.add(node.name);
      return true;
    });
    const sinks = plan.sinks.filter(({ name, input }) => is('sink', name) && (good.has(input) || !all.has(input)));
    const gone = new Set(plan.sinks.filter((sink) => !sinks.includes(sink)).map(({ name }) => name));
    const panels = plan.dashboard.panels.filter((panel) => panel.kind === 'sparkline' || !gone.has(panel.sink));
    return {
      ...plan,
      parameters,
      sources: plan.sources.filter(({ name }) => good.has(name)),
      tables,
      nodes,
      sinks,
      dashboard: { ...plan.dashboard, panels },
    };
  }

  /** A problem of the plan at its place in the document. */
  #placed(problem: PlanProblem): DocumentProblem {
    const written = problem.written && this.#reading.texts.get(problem.written);
    const at = written ? placeInText(written, problem.position ?? 0) : this.#placeOf(problem);
    const hint = problem.hint === undefined ? {} : { hint: problem.hint };
    return { at, message: `${problem.place}: ${problem.message}`, ...hint };
  }

  #placeOf({ place, subject }: PlanProblem): number {
    const names = [...this.#spots.keys()].filter((name) => place.includes(name));
    const longest = names.toSorted((a, b) => b.length - a.length)[0];
    const spot = longest === undefined ? undefined : this.#spots.get(longest)!;
    if (!spot) return this.#at;
    return (subject === undefined ? undefined : placeOfName(spot.value, subject)) ?? spot.at;
  }
}

/** Where `name` stands in a part: as a value, else as a key. */
function placeOfName(node: DocumentNode, name: string): number | undefined {
  if (node.kind === 'scalar') return node.value === name ? node.at : undefined;
  const parts = node.kind === 'list' ? node.items : node.entries.map(({ value }) => value);
  for (const part of parts) {
    const found = placeOfName(part, name);
    if (found !== undefined) return found;
  }
  return node.kind === 'map' ? node.entries.find(({ key }) => key === name)?.at : undefined;
}
