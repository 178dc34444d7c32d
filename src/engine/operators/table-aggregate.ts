import { type Value, type Vector, valueAt } from '../../base/row-batch.js';
import type { Emit } from '../../plan/plan.js';
import { GroupResults } from '../aggregation.js';
import { WHOLE } from '../exchange/share.js';
import type { CloseReason } from '../job.js';
import type { Receiver, Rows } from '../rows.js';
import { compareAny, RowsBuilder } from '../state/held-row.js';
import { KeyIndex } from '../state/key-index.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { floorTo } from '../windows.js';
import { AggregateBase, type AggregateParts, Assignment, type Computed } from './aggregate-base.js';
import type { Operator } from './operator.js';

const NEVER = Number.POSITIVE_INFINITY;
const ALWAYS = Number.NEGATIVE_INFINITY;

/** A group of a {@link TableAggregate} beside its aggregate states. */
interface Group {
  readonly slot: number;
  /** Rows in it now. */
  live: number;
  /** Event time under which its newest result was given out; NaN before the first. */
  shownAt: number;
}

/**
 * Aggregates over all time of a table that changes, and those that tell every change.
 *
 * State: per group how many rows it has now and aggregate states that can take rows back (sums without rounding, bags of
 * values), so that a result is always that of the rows as they are now. With every change: the old result is taken back and
 * the new one given, for each group that a batch changed; a group without rows is only taken back. Every so often: when the
 * watermark reaches a full period and something has changed since the last one, all groups leave; one that lost its rows
 * leaves once more, empty. At the end: when the stream ends. Rows come in the order in which they become true, so none is
 * late.
 */
export class TableAggregate implements Operator {
  readonly #base: AggregateBase;
  readonly #emit: Emit;
  readonly #next: Receiver;
  readonly #outputs: AggregateParts['outputs'];
  readonly #node: AggregateParts['node'];
  readonly #out: RowsBuilder;
  readonly #index: KeyIndex<Group>;
  readonly #groups = new Map<number, Group>();
  /** Largest event time of a row. */
  #newest = ALWAYS;
  /** Watermark at which changed results are due. */
  #dueAt = NEVER;
  #changed = false;

  constructor(parts: AggregateParts) {
    this.#base = new AggregateBase(parts);
    this.#emit = parts.node.emit;
    this.#node = parts.node;
    this.#next = parts.next;
    this.#outputs = parts.outputs;
    this.#out = new RowsBuilder(parts.output, true);
    this.#index = new KeyIndex(this.#base.keyColumns);
  }

  get counts(): AggregateBase['counts'] {
    return this.#base.counts;
  }

  rows(incoming: Rows): void {
    const { rows, values } = this.#base.prepare(incoming);
    const { selection, selected, watermarks } = rows;
    const assignment = new Assignment(selected);
    const keys = this.#base.keyVectors(rows);
    for (let k = 0; k < selected; ) {
      const touched = new Set<Group>();
      assignment.count = 0;
      for (; k < selected && watermarks[selection[k]!]! < this.#dueAt; k++) {
        const row = selection[k]!;
        const group = this.#index.find(keys, row) ?? this.#open(this.#base.store.add(keys, row));
        touched.add(group);
        assignment.rows[assignment.count] = row;
        assignment.slots[assignment.count++] = group.slot;
        this.#note(rows.times[row]!, watermarks[row]!);
      }
      if (this.#emit.kind === 'update') this.#change(touched, rows, values, assignment);
      else this.#take(rows, values, assignment);
      if (k < selected) this.#fire(watermarks[selection[k]!]!, 'update');
    }
  }

  /** A row changed something: when results are due. */
  #note(time: number, watermark: number): void {
    this.#newest = Math.max(this.#newest, time);
    this.#changed = true;
    if (this.#emit.kind !== 'every') return;
    const { everyMs } = this.#emit;
    // What became true before the watermark is part of the next result that has not left.
    const from = watermark === ALWAYS ? time : Math.max(time, watermark + 1);
    this.#dueAt = Math.min(this.#dueAt, floorTo(from, everyMs, 0) + everyMs - 1);
  }

  #open(slot: number): Group {
    const group: Group = { slot, live: 0, shownAt: Number.NaN };
    this.#groups.set(slot, group);
    this.#index.set(this.#base.store.key(slot), group);
    return group;
  }

  #close(group: Group): void {
    this.#index.delete(this.#base.store.key(group.slot));
    this.#groups.delete(group.slot);
    this.#base.store.release(group.slot);
  }

  #take(rows: Rows, values: readonly Vector[][], assignment: Assignment): void {
    const { rows: numbers, slots, count } = assignment;
    const signs = rows.changes;
    this.#base.take(rows, values, assignment, signs);
    for (let k = 0; k < count; k++) this.#groups.get(slots[k]!)!.live += signs ? signs[numbers[k]!]! : 1;
  }

  /** Takes rows, and gives out what changed: results before are taken back. */
  #change(touched: ReadonlySet<Group>, rows: Rows, values: readonly Vector[][], assignment: Assignment): void {
    const groups = [...touched];
    const old = groups.filter((group) => group.live > 0);
    const before = this.#base.compute(this.#results(old, (group) => group.shownAt));
    const times = new Map(groups.map((group) => [group.slot, group.shownAt]));
    for (let k = 0; k < assignment.count; k++) {
      const slot = assignment.slots[k]!;
      const known = times.get(slot)!;
      const time = rows.times[assignment.rows[k]!]!;
      if (!(known >= time)) times.set(slot, time);
    }
    this.#take(rows, values, assignment);
    const now = groups.filter((group) => group.live > 0);
    const after = this.#base.compute(this.#results(now, (group) => times.get(group.slot)!));
    const newPlace = new Map(now.map((group, at) => [group, at]));
    const oldPlace = new Map(old.map((group, at) => [group, at]));
    const last = rows.selected > 0 ? rows.watermarks[rows.selection[rows.selected - 1]!]! : ALWAYS;
    this.#base.passed = Math.max(this.#base.passed, last);
    for (const group of groups) {
      const was = this.#valuesOf(before, oldPlace.get(group));
      const is = this.#valuesOf(after, newPlace.get(group));
      if (was && is && was.every((value, at) => compareAny(value, is[at]!) === 0)) continue;
      if (was) this.#out.add({ time: group.shownAt, values: was }, this.#base.passed, -1);
      group.shownAt = times.get(group.slot)!;
      if (is) this.#out.add({ time: group.shownAt, values: is }, this.#base.passed);
      if (group.live === 0) this.#close(group);
    }
    this.#reportFailed(after);
    const changed = this.#out.take('update');
    if (changed === undefined) return;
    this.counts.rowsOut += changed.selected;
    this.#next.rows(changed);
  }

  #results(groups: readonly Group[], timeOf: (group: Group) => number): GroupResults {
    const results = new GroupResults(this.#base.store);
    for (const group of groups) results.add([group.slot], ALWAYS, NEVER, timeOf(group));
    return results;
  }

  #valuesOf({ vectors, failed }: Computed, at: number | undefined): Value[] | undefined {
    if (at === undefined || failed.has(at)) return undefined;
    const { schema } = this.#base.aggregation;
    return vectors.map((vector, column) => valueAt(vector, schema[column]!.type, at));
  }

  #reportFailed({ groups, vectors, failed }: Computed): void {
    if (failed.size === 0) return;
    this.counts.rejected += failed.size;
    const batch = { schema: this.#base.aggregation.schema, length: groups.length, vectors, partition: 0 };
    this.#outputs.rejected(this.#node.name, { source: null, batch }, failed);
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#fire(ms, ms === NEVER ? reason : 'update');
    this.#base.passWatermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    // What is asked for at the end stays while rows may still come.
    if (this.#emit.kind === 'every' || reason !== 'idle') this.#fire(NEVER, reason);
    this.#base.passFlush(reason);
  }

  /** Gives out all groups when they are due at this watermark and something has changed. */
  #fire(ms: number, reason: CloseReason): void {
    if (this.#emit.kind === 'update' || !this.#changed || (ms < this.#dueAt && ms !== NEVER)) return;
    const time = this.#dueAt === NEVER ? this.#newest : this.#dueAt;
    const groups = [...this.#groups.values()];
    const shown = groups.filter((group) => group.live > 0 || !Number.isNaN(group.shownAt));
    this.#base.passed = Math.max(this.#base.passed, Math.min(ms, time));
    this.#base.emit(
      this.#results(shown, () => time),
      reason,
    );
    for (const group of groups) {
      group.shownAt = time;
      if (group.live === 0) this.#close(group);
    }
    this.#changed = false;
    this.#dueAt = NEVER;
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#groups.size, windows: 0 };
  }

  save(writer: StateWriter): void {
    for (const number of [this.#base.passed, this.#newest, this.#dueAt]) writer.number(number);
    writer.byte(this.#changed ? 1 : 0);
    writer.count(this.#groups.size);
    for (const { slot, live, shownAt } of this.#groups.values()) {
      writer.count(live);
      writer.number(shownAt);
      this.#base.store.save(slot, writer);
    }
  }

  load(reader: StateReader, share = WHOLE): void {
    this.#base.passed = Math.max(this.#base.passed, reader.number());
    this.#newest = Math.max(this.#newest, reader.number());
    this.#dueAt = Math.min(this.#dueAt, reader.number());
    this.#changed = reader.byte() === 1 || this.#changed;
    for (let left = reader.length(); left > 0; left--) {
      const live = reader.count();
      const shownAt = reader.number();
      const slot = this.#base.store.loadOf(share, reader);
      if (slot < 0) continue;
      const group = this.#open(slot);
      group.live = live;
      group.shownAt = shownAt;
    }
  }
}
