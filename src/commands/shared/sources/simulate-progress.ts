import { batchOf, type RowBatch, type Schema, type Value } from '../../../base/row-batch.js';
import type { SimulatedRecord, SimulationSink } from '../../../connect/sources/simulate/play-simulation.js';
import type { SimulationCounts, SimulationTally } from '../../../connect/sources/simulate/tally.js';
import { openProgress, type Progress } from '../../../ui/output/progress.js';
import { formatCount, groupDigits } from '../../../ui/text/numbers.js';
import type { Context } from '../frame/context.js';
import type { SimulationPlan, TopicListener } from './simulation.js';

/** Between two lines where no terminal is. */
const LINE_EVERY_MS = 5_000;

/** Tells of a simulation that goes on: a line in place on a terminal, a line now and then elsewhere, records for machines. */
export class SimulationProgress implements TopicListener {
  readonly #context: Context;
  readonly #plan: SimulationPlan;
  readonly #bar: Progress;
  readonly #showsBar: boolean;
  #toldMs: number;

  constructor(context: Context, plan: SimulationPlan) {
    this.#context = context;
    this.#plan = plan;
    // Lines of records on the same terminal would be torn by it.
    this.#showsBar = context.stderr.isTerminal && !context.machine && !context.quiet && plan.topic !== '-';
    this.#bar = openProgress({
      clock: context.clock,
      write: (text) => context.stderr.write(text),
      style: { ...context.style, terminal: this.#showsBar },
      unit: 'records',
    });
    this.#toldMs = context.clock.elapsed();
  }

  readonly remaining = (): number => this.#context.stream.remaining;

  created(topic: string): void {
    this.#context.note(this.#context.say('topic {1} was created', topic));
  }

  movedTo(startMs: number): void {
    this.#context.note(
      `${this.#plan.topic} holds newer rows already: it goes on at ${minuteText(startMs)} UTC (--start)`,
    );
  }

  trouble({ message }: Error): void {
    this.#bar.clear();
    this.#context.warn(`${message}; trying again`);
  }

  sent(records: readonly SimulatedRecord[], tally: SimulationTally): void {
    const { stream, clock, machine } = this.#context;
    stream.rows(records.length, stream.wantsRows ? batchOfRecords(records, stream.wantedColumns) : undefined);
    const at = minuteText(tally.lastMs);
    if (this.#showsBar) {
      const { limit } = this.#plan;
      const total = Number.isFinite(limit) ? { total: limit } : {};
      this.#bar.update({ done: tally.records, ...total, note: at });
      return;
    }
    const nowMs = clock.elapsed();
    if (nowMs - this.#toldMs < LINE_EVERY_MS) return;
    this.#toldMs = nowMs;
    if (machine) this.#context.record({ type: 'progress', records: tally.records, last: timeText(tally.lastMs) });
    else if (this.#plan.topic !== '-') this.#context.note(`${formatCount(tally.records)} records, it is ${at}`);
  }

  close(): void {
    this.#bar.close();
  }
}

/** `velib: 0.38 rows/s of event time at 60x, from 2026-11-21 11:55 on, seed 7` */
export function openingText({ simulator, options, speed }: SimulationPlan): string {
  const pace = Number.isFinite(speed) ? `at ${speed}x` : 'as fast as it goes';
  const { perSecond, startMs, seed } = options;
  const density = perSecond >= 0.1 ? `${shortNumber(perSecond)} rows/s` : `${shortNumber(perSecond * 3600)} rows/h`;
  return `${simulator.name}: ${density} of event time ${pace}, from ${minuteText(startMs)} UTC on, seed ${seed}`;
}

/** One closing line. */
export function closingText({ simulator, topic }: SimulationPlan, counts: SimulationCounts): string {
  const { records, duplicates, late, anomalies } = counts;
  const parts = [`${groupDigits(String(records))} records${topic === '-' ? '' : ` to ${topic}`}`];
  const bad = Object.values(anomalies).reduce((sum, count) => sum + count, 0);
  if (bad > 0) parts.push(`${groupDigits(String(bad))} with a mistake`);
  if (duplicates > 0) parts.push(`${groupDigits(String(duplicates))} twice`);
  if (late > 0) parts.push(`${groupDigits(String(late))} late`);
  const until = counts.lastMs === undefined ? '' : `; it is ${minuteText(counts.lastMs)}`;
  return `${simulator.name}: ${parts.join(', ')}${until}`;
}

/** Event times of the first and the last row, for the end record. */
export function span(firstMs: number | undefined, lastMs: number | undefined) {
  return { first: timeText(firstMs), last: timeText(lastMs) };
}

/** `-t -`: records as lines, the value alone for people. */
export function outputSink(context: Context): SimulationSink {
  return {
    async write(records) {
      for (const { key, timestampMs, text, fields } of records) {
        context.record({ type: 'record', key, timestamp: timestampMs, value: fields }, text);
        await context.stdout.ready();
      }
    },
  };
}

/** Columns that expressions read; records that are no objects have none. */
function batchOfRecords(records: readonly SimulatedRecord[], wanted: ReadonlySet<string>): RowBatch {
  const objects = records.map(({ fields }) => (typeof fields === 'string' ? {} : fields));
  const schema: Schema = [...wanted].map((name) => {
    const values = objects.map((object) => object[name]).filter((value) => value !== undefined && value !== null);
    const isDouble = values.length > 0 && values.every((value) => typeof value === 'number');
    const isBoolean = values.length > 0 && values.every((value) => typeof value === 'boolean');
    return { name, type: isDouble ? 'double' : isBoolean ? 'boolean' : 'string' };
  });
  const rows = objects.map((object) =>
    Object.fromEntries(
      schema.map(({ name, type }) => {
        const value = object[name] ?? null;
        return [name, value === null || type !== 'string' ? value : String(value)];
      }),
    ),
  ) as readonly Readonly<Record<string, Value>>[];
  return batchOf(schema, rows, { timestamps: Float64Array.from(records, ({ timestampMs }) => timestampMs) });
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(2)));
}

function timeText(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function minuteText(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}
