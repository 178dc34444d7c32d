import type { Sink } from '../plan/plan.js';
import { pairInOrder, pairUp, sameValue } from './compare-rows.js';
import type { Variant, Watcher } from './play-case.js';
import { shownRow, shownValue } from './record-text.js';
import { type DifferenceLine, differenceOf, timeText } from './row-difference.js';
import { natureOf, type SinkNature, standing } from './sink-state.js';
import type {
  ExpectAside,
  Expectation,
  ExpectedAside,
  ExpectedRow,
  ExpectRows,
  RowValues,
  TestCase,
} from './test-case.js';
import type { CrashDifference, SeenRow, VirtualRun } from './virtual-run.js';

/** An expectation that does not hold. */
export interface Failure {
  /** Line of the step in the file. */
  readonly line: number;
  /** The step, or what happened: `expect: prices`. */
  readonly step: string;
  /** A sentence. */
  readonly message: string;
  readonly lines: readonly DifferenceLine[];
}

/** What came where an expectation looked, for `--update`. */
export interface Received {
  readonly step: Expectation;
  readonly rows: readonly SeenRow[];
  readonly watermarkMs: number;
  readonly holds: boolean;
}

/** Rows of what was set aside that are shown. */
const MAX_SHOWN = 8;

/** Holds what comes out against what the case expects. */
export class ExpectationJudge implements Watcher {
  readonly failures: Failure[] = [];
  readonly received: Received[] = [];
  readonly #case: TestCase;
  readonly #variant: Variant;
  readonly #natures: ReadonlyMap<string, SinkNature>;
  /** Up to where of what came out was looked, by sink; `late` and `rejected` have a space in front. */
  readonly #looked = new Map<string, number>();
  readonly #lastLook = new Map<string, ExpectRows>();

  constructor(testCase: TestCase, variant: Variant) {
    this.#case = testCase;
    this.#variant = variant;
    this.#natures = new Map(testCase.plan.sinks.map((sink) => [sink.name, natureOf(testCase.plan, sink)]));
  }

  look(step: Expectation, run: VirtualRun): void {
    const failed = this.failures.length;
    let rows: readonly SeenRow[] = [];
    switch (step.kind) {
      case 'rows':
      case 'state':
        rows = this.#rows(step, run);
        break;
      case 'late':
      case 'rejected':
        rows = this.#aside(step, run);
        break;
      case 'nothing':
        this.#nothing(step.sink, step.line, run);
        break;
      case 'watermark':
        if (run.watermark() !== step.watermarkMs) {
          this.#fail(step.line, 'expect watermark', 'the watermark is another', [
            { sign: '-', text: timeText(step.watermarkMs) },
            { sign: '+', text: timeText(run.watermark()) },
          ]);
        }
    }
    this.received.push({ step, rows, watermarkMs: run.watermark(), holds: this.failures.length === failed });
  }

  crashed(line: number, difference: CrashDifference): void {
    this.#fail(line, 'crash', 'after the crash other rows came out than before it', crashLines(difference));
  }

  /** Rows that nobody looked at: of sinks that the case looks at, late and rejected ones of all. */
  ended(run: VirtualRun): void {
    for (const [name, step] of this.#lastLook) {
      const rows = step.match === 'contains' ? [] : this.#since(name, run);
      if (rows.length === 0) continue;
      this.#fail(step.line, `expect: ${name}`, `${count(rows.length)} came out after the last look`, this.#shown(rows));
    }
    for (const kind of ['late', 'rejected'] as const) {
      const rows = this.#since(` ${kind}`, run);
      if (rows.length === 0) continue;
      const what = `${count(rows.length)} ${rows.length === 1 ? 'was' : 'were'} ${kind}, and no step expects that`;
      this.#fail(this.#case.line, `expect ${kind}`, what, asideLines(rows));
    }
  }

  #fail(line: number, step: string, message: string, lines: readonly DifferenceLine[]): void {
    this.failures.push({ line, step, message, lines });
  }

  /** What came since the last look, which is now. */
  #since(name: string, run: VirtualRun): readonly SeenRow[] {
    const from = this.#looked.get(name) ?? 0;
    this.#looked.set(name, run.seen.length);
    const kind = name === ' late' ? 'late' : name === ' rejected' ? 'rejected' : 'result';
    return run.seen.slice(from).filter((row) => row.kind === kind && (kind !== 'result' || row.place === name));
  }

  #rows(step: ExpectRows, run: VirtualRun): readonly SeenRow[] {
    const sink = this.#case.plan.sinks.find(({ name }) => name === step.sink)!;
    const identity = this.#natures.get(step.sink)!.identity;
    let received: readonly SeenRow[];
    if (step.kind === 'rows') {
      received = this.#since(step.sink, run);
      this.#lastLook.set(step.sink, step);
    } else {
      const all = run.seen.filter((row) => row.kind === 'result' && row.place === step.sink);
      const now = identity ? new Set(standing(all, identity).values()) : undefined;
      received = now ? all.filter(({ values, deleted }) => !deleted && now.has(values)) : all;
    }
    this.#compare(step, sink, identity ?? [], received);
    return received;
  }

  #compare(step: ExpectRows, sink: Sink, identity: readonly string[], received: readonly SeenRow[]): void {
    const expected = step.rows ?? [];
    const all = sink.columns.map((column) => column.name);
    const columns = step.columns ?? (step.match === 'contains' ? null : all);
    const same = (wanted: ExpectedRow, found: SeenRow): boolean => {
      if (wanted.deleted !== found.deleted) return false;
      const compared = wanted.deleted ? sink.keys : (columns ?? Object.keys(wanted.values));
      return compared.every((name) => sameValue(wanted.values[name], found.values[name]));
    };
    const asWritten = this.#variant.seed === 0 && this.#variant.partitions === 1;
    const inOrder = step.match === 'exact' && asWritten;
    let pairs = (inOrder ? pairInOrder : pairUp)(expected, received, same);
    const title = `${step.kind === 'rows' ? 'expect' : 'expect state'}: ${step.sink}`;
    const extras = step.match !== 'contains';
    if (pairs.missing.length > 0 || (extras && pairs.extra.length > 0)) {
      // Rows that only stand in another place are no missing rows.
      if (inOrder) pairs = pairUp(expected, received, same);
      const input = { expected, received, pairs, columns, identity, extras, schema: sink.columns };
      const { summary, lines } = differenceOf(input);
      if (summary !== '') this.#fail(step.line, title, summary, lines);
      else this.#fail(step.line, title, 'the rows are as expected, in another order', this.#shown(received));
      return;
    }
    if (step.reason === undefined || this.#variant.partitions > 1) return;
    const other = received.find(({ reason }) => reason !== step.reason);
    if (!other) return;
    this.#fail(step.line, title, `the rows came out for another reason`, [
      { sign: '-', text: step.reason },
      { sign: '+', text: other.reason },
    ]);
  }

  #aside(step: ExpectAside, run: VirtualRun): readonly SeenRow[] {
    const received = this.#since(` ${step.kind}`, run);
    const { missing, extra } = pairUp(step.rows ?? [], received, sameAside);
    if (missing.length + extra.length > 0) {
      const lines = [
        ...missing.map((item): DifferenceLine => ({ sign: '-', text: expectedAsideText(step.rows![item]!) })),
        ...asideLines(extra.map((at) => received[at]!)),
      ];
      const parts = [
        missing.length > 0 ? `${count(missing.length)} missing` : '',
        extra.length > 0 ? `${count(extra.length)} too many` : '',
      ];
      this.#fail(step.line, `expect ${step.kind}`, parts.filter((part) => part !== '').join(', '), lines);
    }
    return received;
  }

  #nothing(sink: string | undefined, line: number, run: VirtualRun): void {
    const names = sink === undefined ? this.#case.plan.sinks.map(({ name }) => name) : [sink];
    const title = sink === undefined ? 'expect nothing' : `expect nothing: ${sink}`;
    const rows = names.flatMap((name) => this.#since(name, run));
    const aside = sink === undefined ? [' late', ' rejected'].flatMap((name) => this.#since(name, run)) : [];
    if (rows.length + aside.length === 0) return;
    this.#fail(line, title, `${count(rows.length + aside.length)} came out`, [
      ...this.#shown(rows),
      ...asideLines(aside),
    ]);
  }

  #shown(rows: readonly SeenRow[]): readonly DifferenceLine[] {
    const { plan } = this.#case;
    return rows.slice(0, MAX_SHOWN).flatMap((row) => {
      const sink = plan.sinks.find(({ name }) => name === row.place)!;
      const columns = sink.columns.map((column) => column.name);
      const pairs = { places: [], missing: [], extra: [0] };
      const input = { expected: [], received: [row], pairs, columns, identity: [], extras: true, schema: sink.columns };
      const [line] = differenceOf(input).lines;
      return line ? [{ ...line, text: `${row.place}: ${line.text}` }] : [];
    });
  }
}

function sameAside({ reason, row }: ExpectedAside, found: SeenRow): boolean {
  if (reason !== undefined && !found.reason.includes(reason)) return false;
  if (row === undefined) return true;
  if (typeof row === 'string') return found.text?.trim() === row.trim();
  return Object.entries(row).every(([name, value]) => sameValue(value, found.values[name]));
}

function expectedAsideText({ reason, row }: ExpectedAside): string {
  const shown = row === undefined ? 'any row' : typeof row === 'string' ? shownValue(row) : shownRow(row);
  return reason === undefined ? shown : `${shown}: ${reason}`;
}

function asideLines(rows: readonly SeenRow[]): readonly DifferenceLine[] {
  const lines = rows.slice(0, MAX_SHOWN).map(({ kind, values, text, reason }): DifferenceLine => {
    const shown = Object.keys(values).length > 0 ? shownRow(values as RowValues) : (text ?? '{}');
    return { sign: '+', text: kind === 'late' ? `late ${shown}` : `${shown}: ${reason}` };
  });
  if (rows.length > MAX_SHOWN) lines.push({ sign: ' ', text: `and ${rows.length - MAX_SHOWN} more` });
  return lines;
}

function crashLines({ before, after }: CrashDifference): readonly DifferenceLine[] {
  const line = (sign: '-' | '+', row: SeenRow): DifferenceLine => ({
    sign,
    text: `${row.place}: ${row.deleted ? 'deleted ' : ''}${row.text ?? shownRow(row.values)}`,
  });
  const { missing, extra } = pairUp(
    before,
    after,
    (a, b) => a.kind === b.kind && a.place === b.place && a.deleted === b.deleted && sameValue(a.values, b.values),
  );
  return [
    ...missing.slice(0, MAX_SHOWN).map((at) => line('-', before[at]!)),
    ...extra.slice(0, MAX_SHOWN).map((at) => line('+', after[at]!)),
  ];
}

function count(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}
