import { assert } from '../../base/assert.js';
import type { Vector } from '../../base/row-batch.js';
import type { Emit } from '../../plan/plan.js';
import { GroupResults } from '../aggregation.js';
import { WHOLE } from '../exchange/share.js';
import type { CloseReason } from '../job.js';
import type { Rows } from '../rows.js';
import { KeyIndex } from '../state/key-index.js';
import { type Session, SessionQueue } from '../state/session-index.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { floorTo } from '../windows.js';
import { AggregateBase, type AggregateParts, Assignment } from './aggregate-base.js';
import type { Operator } from './operator.js';

/** How far behind the watermark sessions end. */
const BEHIND_MS = 1;

/**
 * Session windows: rows of one key belong together while no two neighbours are more than the gap apart.
 *
 * State: per key its open sessions, each [first row, last row + gap) with aggregate states. A row opens a session
 * of its own and merges it with every open one that it touches; merging is what makes the order of arrival
 * irrelevant. A session gives its result when the watermark reaches its end, and before that with every change or period
 * when the step says so: at end - 1 ms a row exactly the gap behind the last could still come, and would make one session
 * or two as it comes early or late. So all here happens a millisecond behind the watermark, for those after this step too.
 * A row is late when the session it would open alone has ended and it touches none that is open: no session that is still
 * to fire lacks it.
 */
export class SessionAggregate implements Operator {
  readonly #base: AggregateBase;
  readonly #gapMs: number;
  readonly #index: KeyIndex<Session[]>;
  readonly #queue = new SessionQueue();
  #fired = Number.NEGATIVE_INFINITY;
  readonly #emit: Emit;
  /** Sessions that have changed since their last result, for results before the end. */
  readonly #changed = new Set<Session>();

  constructor(parts: AggregateParts) {
    const { window } = parts.node;
    assert(window?.kind === 'session', 'the window is a session');
    this.#gapMs = window.gapMs;
    this.#emit = parts.node.emit;
    this.#base = new AggregateBase(parts);
    this.#index = new KeyIndex(this.#base.keyColumns);
  }

  get counts(): AggregateBase['counts'] {
    return this.#base.counts;
  }

  rows(incoming: Rows): void {
    const { rows, values } = this.#base.prepare(incoming);
    const { selection, selected, times, watermarks } = rows;
    const keys = this.#base.keyVectors(rows);
    const assignment = new Assignment(selected);
    const take = (): void => {
      this.#base.take(rows, values, assignment);
      assignment.count = 0;
    };
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      const watermark = Math.max(watermarks[row]! - BEHIND_MS, this.#fired);
      // Sessions that ended before this row came would have fired by then.
      const session = this.#sessionOf(keys, row, times[row]!, watermark, take);
      if (session === undefined) {
        assignment.late[assignment.lateCount++] = row;
        continue;
      }
      if (this.#emit.kind !== 'final') this.#changed.add(session);
      assignment.rows[assignment.count] = row;
      assignment.slots[assignment.count++] = session.slot;
    }
    take();
    this.#base.reportLate(rows, assignment);
    if (this.#emit.kind === 'update') this.#emitChanged();
  }

  /** Gives out the open sessions that have changed. */
  #emitChanged(): void {
    const groups = new GroupResults(this.#base.store);
    for (const { open, slot, start, end } of this.#changed) if (open) groups.add([slot], start, end, end - 1);
    this.#base.emit(groups, 'update');
    this.#changed.clear();
  }

  /** The session that a row belongs to, made or merged as needed; undefined when the row is late. */
  #sessionOf(
    keys: readonly Vector[],
    row: number,
    time: number,
    watermark: number,
    take: () => void,
  ): Session | undefined {
    const known = this.#index.find(keys, row);
    const end = time + this.#gapMs;
    const touched =
      known?.filter((session) => session.end - 1 > watermark && session.start <= end && session.end >= time) ?? [];
    const [into, ...others] = touched;
    if (into === undefined) {
      if (end - 1 <= watermark) return undefined;
      const slot = this.#base.store.add(keys, row);
      const session: Session = { start: time, end, key: this.#base.store.key(slot), slot, open: true };
      this.#put(session, known);
      return session;
    }
    into.start = Math.min(into.start, time);
    into.end = Math.max(into.end, end);
    if (others.length > 0) {
      // Rows that were assigned to the slots so far have to be in them before they are merged.
      take();
      for (const other of others) this.#swallow(into, other, known!);
    }
    return into;
  }

  #put(session: Session, known: Session[] | undefined): void {
    if (known) known.push(session);
    else this.#index.set(session.key, [session]);
    this.#queue.push(session);
  }

  #swallow(into: Session, other: Session, known: Session[]): void {
    const { store } = this.#base;
    into.start = Math.min(into.start, other.start);
    into.end = Math.max(into.end, other.end);
    store.merge(into.slot, store, other.slot);
    store.release(other.slot);
    other.open = false;
    known.splice(known.indexOf(other), 1);
  }

  watermark(reached: number, reason: CloseReason): void {
    const ms = reached - BEHIND_MS;
    this.#fire(ms, reason);
    if (this.#emit.kind === 'every') {
      const { everyMs } = this.#emit;
      if (floorTo(ms, everyMs, 0) > floorTo(this.#fired, everyMs, 0)) this.#emitChanged();
    }
    this.#fired = Math.max(this.#fired, ms);
    this.#base.passWatermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    let latest = Number.NEGATIVE_INFINITY;
    for (const session of this.#queue.open()) latest = Math.max(latest, session.end - 1);
    this.#fire(latest, reason);
    this.#fired = Math.max(this.#fired, latest);
    this.#base.passFlush(reason);
  }

  #fire(ms: number, reason: CloseReason): void {
    const { store } = this.#base;
    const due: Session[] = [];
    for (let session = this.#queue.pop(ms); session !== undefined; session = this.#queue.pop(ms)) due.push(session);
    if (due.length === 0) return;
    due.sort((a, b) => a.end - b.end || a.start - b.start);
    const groups = new GroupResults(store);
    for (const { slot, start, end } of due) groups.add([slot], start, end, end - 1);
    this.#base.emit(groups, reason);
    for (const session of due) {
      session.open = false;
      store.release(session.slot);
      const known = this.#index.get(session.key)!;
      known.splice(known.indexOf(session), 1);
      if (known.length === 0) this.#index.delete(session.key);
    }
  }

  held(): { groups: number; windows: number } {
    const groups = this.#base.store.size;
    return { groups, windows: groups };
  }

  save(writer: StateWriter): void {
    writer.number(this.#base.passed);
    writer.number(this.#fired);
    const open = [...this.#queue.open()];
    writer.count(open.length);
    for (const session of open) {
      writer.number(session.start);
      writer.number(session.end);
      writer.byte(this.#changed.has(session) ? 1 : 0);
      this.#base.store.save(session.slot, writer);
    }
  }

  load(reader: StateReader, share = WHOLE): void {
    this.#base.passed = Math.max(this.#base.passed, reader.number());
    this.#fired = Math.max(this.#fired, reader.number());
    const sessions = reader.length();
    for (let at = 0; at < sessions; at++) {
      const start = reader.number();
      const end = reader.number();
      const changed = reader.byte() === 1;
      const slot = this.#base.store.loadOf(share, reader);
      if (slot < 0) continue;
      const session: Session = { start, end, key: this.#base.store.key(slot), slot, open: true };
      this.#put(session, this.#index.get(session.key));
      if (changed) this.#changed.add(session);
    }
  }
}
