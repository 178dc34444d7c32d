import type { Sink } from '../plan/plan.js';
import { pairUp, sameValue } from './compare-rows.js';
import type { Failure } from './expectation-judge.js';
import type { Watcher } from './play-case.js';
import { recordText, shownRow } from './record-text.js';
import { type Difference, type DifferenceLine, differenceOf, pick, timeText } from './row-difference.js';
import { natureOf, type SinkNature, standing } from './sink-state.js';
import type { Expectation, TestCase } from './test-case.js';
import type { CrashDifference, SeenRow, VirtualRun } from './virtual-run.js';

/** Rows that are late, rejected or different after a crash: as many are shown. */
const MAX_SHOWN = 16;

/** What has to be the same in every way of playing a case, at one moment of it. */
interface Answer {
  /** Of each sink the rows since the moment before, or what is true now where rows take each other's place. */
  readonly sinks: ReadonlyMap<string, readonly SeenRow[]>;
  readonly late: readonly SeenRow[];
  readonly rejected: readonly SeenRow[];
  readonly watermarkMs: number;
  /** Line of the step that looked. */
  readonly line: number;
}

/** Takes down, at every expectation and at the end, what must not depend on order, partitions and crashes. */
export class AnswerRecorder implements Watcher {
  readonly answers: Answer[] = [];
  readonly #case: TestCase;
  readonly #natures: ReadonlyMap<string, SinkNature>;
  #from = 0;

  constructor(testCase: TestCase) {
    this.#case = testCase;
    this.#natures = new Map(testCase.plan.sinks.map((sink) => [sink.name, natureOf(testCase.plan, sink)]));
  }

  look({ line }: Expectation, run: VirtualRun): void {
    this.#take(line, run);
  }

  crashed(): void {
    // The judge beside it says so.
  }

  ended(run: VirtualRun): void {
    this.#take(this.#case.line, run);
  }

  #take(line: number, run: VirtualRun): void {
    const recent = run.seen.slice(this.#from);
    this.#from = run.seen.length;
    const sinks = new Map<string, readonly SeenRow[]>();
    for (const { name } of this.#case.plan.sinks) {
      const { changes, identity } = this.#natures.get(name)!;
      const ofSink = (row: SeenRow): boolean => row.kind === 'result' && row.place === name;
      if (!changes) sinks.set(name, recent.filter(ofSink));
      else if (identity) {
        const all = run.seen.filter(ofSink);
        const now = new Set(standing(all, identity).values());
        sinks.set(
          name,
          all.filter(({ values, deleted }) => !deleted && now.has(values)),
        );
      }
    }
    const aside = (kind: 'late' | 'rejected'): readonly SeenRow[] => recent.filter((row) => row.kind === kind);
    this.answers.push({ sinks, late: aside('late'), rejected: aside('rejected'), watermarkMs: run.watermark(), line });
  }
}

/** Holds one way of playing a case against the answers of another; stops at the first difference. */
export class SamenessJudge implements Watcher {
  failure: Failure | undefined;
  readonly #recorder: AnswerRecorder;
  readonly #case: TestCase;
  readonly #expected: readonly Answer[];

  constructor(testCase: TestCase, expected: readonly Answer[]) {
    this.#case = testCase;
    this.#expected = expected;
    this.#recorder = new AnswerRecorder(testCase);
  }

  look(step: Expectation, run: VirtualRun): void {
    this.#recorder.look(step, run);
    this.#judge();
  }

  crashed(line: number, { before, after }: CrashDifference): void {
    this.failure ??= {
      line,
      step: 'crash',
      message: 'after a crash other rows came out than before it',
      lines: [...before.map((row) => lineOf('-', row)), ...after.map((row) => lineOf('+', row))].slice(0, MAX_SHOWN),
    };
  }

  ended(run: VirtualRun): void {
    this.#recorder.ended(run);
    this.#judge();
  }

  #judge(): void {
    if (this.failure) return;
    const at = this.#recorder.answers.length - 1;
    const [expected, found] = [this.#expected[at]!, this.#recorder.answers[at]!];
    this.failure = this.#difference(expected, found);
  }

  #difference(expected: Answer, found: Answer): Failure | undefined {
    // Rows that are late or rejected come first: they are why results differ.
    const parts = [
      ...(['rejected', 'late'] as const).map((kind) => asideDifference(kind, expected[kind], found[kind])),
      ...this.#case.plan.sinks.map((sink) => this.#sinkDifference(sink, expected, found)),
      watermarkDifference(expected.watermarkMs, found.watermarkMs),
    ].filter((part) => part !== undefined);
    if (parts.length === 0) return undefined;
    return {
      line: expected.line,
      step: 'answer',
      message: parts.map(({ summary }) => summary).join('; '),
      lines: parts.flatMap(({ lines }) => lines),
    };
  }

  #sinkDifference(sink: Sink, expected: Answer, found: Answer): Difference | undefined {
    const wanted = sorted(expected.sinks.get(sink.name) ?? []);
    const received = sorted(found.sinks.get(sink.name) ?? []);
    const pairs = pairUp(wanted, received, (a, b) => sameRow(a, b, sink));
    if (pairs.missing.length + pairs.extra.length === 0) return undefined;
    const { summary, lines } = differenceOf({
      expected: wanted,
      received,
      pairs,
      columns: sink.columns.map((column) => column.name),
      identity: natureOf(this.#case.plan, sink).identity ?? [],
      extras: true,
      schema: sink.columns,
    });
    return { summary: `${sink.name}: ${summary}`, lines };
  }
}

function asideDifference(
  kind: 'late' | 'rejected',
  expected: readonly SeenRow[],
  found: readonly SeenRow[],
): Difference | undefined {
  const [wanted, received] = [sorted(expected), sorted(found)];
  const { missing, extra } = pairUp(wanted, received, sameRow);
  const count = Math.max(missing.length, extra.length);
  if (count === 0) return undefined;
  const lines = [
    ...missing.map((item) => lineOf('-', wanted[item]!)),
    ...extra.map((item) => lineOf('+', received[item]!)),
  ];
  const rows = count === 1 ? '1 other row is' : `${count} other rows are`;
  return { summary: `${rows} ${kind}`, lines: lines.slice(0, MAX_SHOWN) };
}

function watermarkDifference(expectedMs: number, foundMs: number): Difference | undefined {
  if (expectedMs === foundMs) return undefined;
  const lines: DifferenceLine[] = [
    { sign: '-', text: timeText(expectedMs) },
    { sign: '+', text: timeText(foundMs) },
  ];
  return { summary: 'the watermark is another', lines };
}

/** In an order that does not depend on how they came: equal rows then mostly stand side by side. */
function sorted(rows: readonly SeenRow[]): readonly SeenRow[] {
  const keyed = rows.map((row) => ({ row, text: recordText(row.values) }));
  keyed.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
  return keyed.map(({ row }) => row);
}

function sameRow(a: SeenRow, b: SeenRow, sink?: Sink): boolean {
  if (a.deleted !== b.deleted || a.text !== b.text) return false;
  if (a.kind === 'rejected' && a.reason !== b.reason) return false;
  // Of a deleted row only its key counts.
  const keysOnly = a.deleted && sink;
  return sameValue(keysOnly ? pick(a.values, sink.keys) : a.values, keysOnly ? pick(b.values, sink.keys) : b.values);
}

function lineOf(sign: '-' | '+', { place, text, values, kind, reason }: SeenRow): DifferenceLine {
  const shown = Object.keys(values).length > 0 ? shownRow(values) : (text ?? '{}');
  return { sign, text: `${kind === 'result' ? place : kind}: ${shown}${kind === 'rejected' ? `: ${reason}` : ''}` };
}
