import type { Node } from 'yaml';
import type { Value } from '../base/row-batch.js';
import { resolveParameters } from '../plan/parameters.js';
import type { Plan } from '../plan/plan.js';
import { MAX_PARTITIONS, timeOf } from './read-rows.js';
import { readStep, readTable, type TestPlaces } from './read-step.js';
import { hasOwnPartitions, type TestCase, type TestFile, type TestStep } from './test-case.js';
import { type Field, type FileProblem, YamlReader } from './yaml-reader.js';

/** Settings of a case; the file can have them for all its cases. */
const SETTINGS = ['pipeline', 'params', 'tables', 'now', 'disorder', 'orders', 'partitions', 'crashes'];
/** Numbers of partitions that a case is tried over. */
const PARTITIONS = [1, 2, 3];
/** Virtual time at which cases begin unless they say otherwise: 2024-01-01. */
const DEFAULT_NOW_MS = Date.UTC(2024, 0, 1);

/** A file that was read: what is wrong with it, or its cases. */
export interface ReadFile {
  readonly file: TestFile;
  /** In the order of the file; empty when it can be run. */
  readonly problems: readonly FileProblem[];
}

/**
 * Reads a test file and checks it against the pipelines it names.
 * @param path as people name it. @param text YAML or JSON.
 */
export async function readTestFile(path: string, text: string, places: TestPlaces): Promise<ReadFile> {
  const reader = new YamlReader(text);
  const cases: TestCase[] = [];
  if (reader.problems.length === 0) {
    const top = reader.fields(reader.root, 'a test file', [...SETTINGS, 'cases', 'rows']);
    const list = top.find(({ name }) => name === 'cases');
    // Anchors of rows that are used again may stand under "rows".
    const settings = top.filter(({ name }) => name !== 'cases' && name !== 'rows');
    if (!list) reader.problem(reader.root, 'the file has no cases', 'cases: [{ name: ..., steps: [...] }]');
    for (const item of list ? reader.items(list.value, 'cases') : []) {
      const read = await new CaseReader(reader, places, settings).read(item, cases);
      if (read) cases.push(read);
    }
    if (list && cases.length === 0 && reader.problems.length === 0) reader.problem(list.value, 'the file has no cases');
  }
  const problems = reader.problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { file: { path, text, cases }, problems };
}

/** Reads one case. */
class CaseReader {
  readonly #reader: YamlReader;
  readonly #places: TestPlaces;
  readonly #shared: readonly Field[];
  #own: readonly Field[] = [];

  constructor(reader: YamlReader, places: TestPlaces, shared: readonly Field[]) {
    this.#reader = reader;
    this.#places = places;
    this.#shared = shared;
  }

  async read(item: Node | null, before: readonly TestCase[]): Promise<TestCase | undefined> {
    const reader = this.#reader;
    this.#own = reader.fields(item, 'a case', ['name', 'steps', ...SETTINGS]);
    if (this.#own.length === 0) return undefined;
    const name = this.#name(item, before);
    const plan = await this.#plan(item);
    const steps = this.#own.find((field) => field.name === 'steps');
    if (!steps) reader.problem(item, 'a case has steps', 'steps: [{ feed: ... }, { expect: ... }]');
    if (!plan || !steps) return undefined;
    const now = this.#setting('now');
    const nowMs = now ? timeOf(reader, now, reader.value(now)) : DEFAULT_NOW_MS;
    const read: TestStep[] = [];
    for (const node of reader.items(steps.value, 'steps')) {
      const step = await readStep({ reader, plan, places: this.#places }, node);
      if (step) read.push(step);
    }
    const order = this.#setting('orders');
    const disorder = this.#setting('disorder');
    const crashes = this.#setting('crashes');
    return {
      name,
      line: reader.lineOf(item),
      plan,
      parameters: await this.#parameters(plan, nowMs, item),
      tables: await this.#tables(plan, read),
      nowMs,
      hasNow: now !== undefined,
      disorderMs: disorder ? reader.duration(disorder, 'disorder') : undefined,
      anyOrder: !order || reader.choice(order, 'orders', ['any', 'as-written']) === 'any',
      partitions: this.#partitions(read),
      crashes: !crashes || reader.yesOrNo(crashes, 'crashes') === true,
      steps: read,
    };
  }

  /** What the case says, else the file. */
  #setting(name: string): Node | null | undefined {
    const named = (field: Field): boolean => field.name === name;
    return (this.#own.find(named) ?? this.#shared.find(named))?.value;
  }

  #name(item: Node | null, before: readonly TestCase[]): string {
    const node = this.#own.find((field) => field.name === 'name')?.value;
    if (!node) {
      this.#reader.problem(item, 'a case has a name');
      return '';
    }
    const name = this.#reader.text(node, 'the name of a case') ?? '';
    if (before.some((other) => other.name === name)) {
      this.#reader.problem(node, `two cases are called "${name}"`);
    }
    return name;
  }

  async #plan(item: Node | null): Promise<Plan | undefined> {
    const node = this.#setting('pipeline');
    if (!node) {
      this.#reader.problem(item, 'no pipeline is named', 'pipeline: cars, or pipeline: ./mine.pipeline.yaml');
      return undefined;
    }
    const name = this.#reader.text(node, 'pipeline');
    return name === undefined ? undefined : this.#reader.attempt(node, () => this.#places.loadPlan(name));
  }

  async #parameters(plan: Plan, nowMs: number, item: Node | null): Promise<Readonly<Record<string, Value>>> {
    const node = this.#setting('params');
    const texts: Record<string, string> = {};
    for (const { name, value } of node ? this.#reader.fields(node, 'params', undefined) : []) {
      const text = this.#reader.text(value, `parameter "${name}"`);
      if (text !== undefined) texts[name] = text;
    }
    const resolved = await this.#reader.attempt(node ?? item, async () => resolveParameters(plan, texts, nowMs));
    return resolved ?? {};
  }

  /** Editions of all tables that are not in the plan itself. */
  async #tables(plan: Plan, steps: readonly TestStep[]): Promise<TestCase['tables']> {
    const reader = this.#reader;
    const node = this.#setting('tables');
    const names = plan.tables.map((table) => table.name);
    const given = node ? reader.fields(node, 'tables', names) : [];
    const tables: Record<string, TestCase['tables'][string]> = {};
    for (const table of plan.tables) {
      const { from } = table;
      const field = given.find(({ name }) => name === table.name);
      const place = field?.value ?? this.#setting('pipeline') ?? null;
      if (!field && from.kind === 'rows') continue;
      if (!field && from.kind === 'topic') {
        if (steps.some((step) => step.kind === 'table' && step.table === table.name)) continue;
        reader.problem(
          place,
          `table "${table.name}" lives in topic ${from.topic}: a test has to give its rows`,
          `tables: { ${table.name}: [...] }`,
        );
        continue;
      }
      const edition = field
        ? await readTable({ reader, places: this.#places }, table, field.value)
        : await reader.attempt(place, () => this.#places.readTable(table, from.kind === 'file' ? from.path : ''));
      if (edition) tables[table.name] = edition;
    }
    return tables;
  }

  #partitions(steps: readonly TestStep[]): readonly number[] {
    const reader = this.#reader;
    const node = this.#setting('partitions');
    if (hasOwnPartitions(steps)) {
      if (node && this.#own.some(({ name }) => name === 'partitions')) {
        reader.problem(node, 'the steps say which partitions there are: leave this out');
      }
      return [partitionCount(steps)];
    }
    if (!node) return PARTITIONS;
    const items = reader.items(node, 'partitions');
    const counts = items.flatMap((item) => reader.whole(item, 'a number of partitions', 1, MAX_PARTITIONS) ?? []);
    if (items.length === 0) reader.problem(node, 'partitions is a list of numbers', 'partitions: [1, 2, 3]');
    return counts;
  }
}

/** One more than the largest partition that the steps name. */
function partitionCount(steps: readonly TestStep[]): number {
  let count = 1;
  for (const step of steps) {
    const named =
      step.kind === 'feed'
        ? step.records.map(({ partition = 0 }) => partition)
        : step.kind === 'idle' || step.kind === 'end'
          ? [step.partition ?? 0]
          : [];
    for (const partition of named) count = Math.max(count, partition + 1);
  }
  return count;
}
