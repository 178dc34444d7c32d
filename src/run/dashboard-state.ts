import type { Clock } from '../base/time.js';
import {
  type CloseReason,
  type DashboardSnapshot,
  type HistoryMetric,
  type LocalStateStatus,
  MAX_HISTORY,
  MAX_NOTES,
  type Note,
  type RunState,
  type TableStatus,
} from '../plan/snapshot.js';
import { type PageFrame, type ShownResult, ShownResults } from './dashboard-results.js';

/** What does not change while a run goes on. */
export interface DashboardFrame extends PageFrame {
  readonly pipeline: string;
  /** The other sinks that have panels. */
  readonly pages: readonly PageFrame[];
  readonly latenessMs?: number;
  readonly place?: string;
}

interface SourceCounts {
  partitions: number;
  rowsIn: number;
  lag: number | null;
}

/** Gathers what a dashboard shows while a run goes on; everything it keeps is bounded by plan/snapshot.ts. */
export class DashboardState {
  readonly #frame: DashboardFrame;
  readonly #clock: Clock;
  readonly #startedMs: number;
  /** By sink, the first page first. */
  readonly #pages: ReadonlyMap<string, ShownResults>;
  readonly #sources = new Map<string, SourceCounts>();
  readonly #notes: Note[] = [];
  readonly #history: Record<HistoryMetric, number[]> = { rowsPerSecond: [], lag: [], latePerSecond: [] };
  /** Reference tables as they were told last. */
  tables: readonly TableStatus[] = [];
  /** Copies of states on this machine, where they are kept. */
  localState: LocalStateStatus | undefined;
  #state: RunState = 'starting';
  #resultsOut = 0;
  #windowsClosed = 0;
  #late = 0;
  #rejected = 0;
  #watermarkMs: number | null = null;
  #tickedMs: number;
  #rowsAtTick = 0;
  #lateAtTick = 0;
  #rowsPerSecond = 0;

  constructor(frame: DashboardFrame, clock: Clock) {
    this.#frame = frame;
    this.#clock = clock;
    this.#startedMs = clock.elapsed();
    this.#tickedMs = this.#startedMs;
    this.#pages = new Map([frame, ...frame.pages].map((page) => [page.sink, new ShownResults(page)]));
  }

  /** A final state stays. */
  set state(state: RunState) {
    if (this.#state !== 'done' && this.#state !== 'failed') this.#state = state;
  }

  get state(): RunState {
    return this.#state;
  }

  /** Names a source before its first row. */
  source(name: string, partitions: number): void {
    this.#sourceOf(name).partitions = partitions;
  }

  /** `count` records of `source` were read. */
  read(source: string, count: number): void {
    this.#sourceOf(source).rowsIn += count;
  }

  lag(source: string, lag: number | null): void {
    this.#sourceOf(source).lag = lag;
  }

  late(count: number): void {
    this.#late += count;
  }

  rejected(count: number): void {
    this.#rejected += count;
  }

  watermark(watermarkMs: number | null): void {
    this.#watermarkMs = watermarkMs;
  }

  note(level: Note['level'], text: string): Note {
    const note: Note = { atMs: this.#clock.now(), level, text };
    this.#notes.push(note);
    if (this.#notes.length > MAX_NOTES) this.#notes.shift();
    return note;
  }

  /** `count` results were given out. An update of an open window closes nothing. */
  results(count: number, reason: CloseReason): void {
    this.#resultsOut += count;
    if (reason !== 'update') this.#windowsClosed += count;
  }

  /** Keeps `result` as the newest of its key in its sink, where that one is shown. */
  show(sink: string, result: ShownResult): void {
    this.#pages.get(sink)?.show(result);
  }

  /** Forgets the result of a key that is no longer true. */
  hide(sink: string, result: Pick<ShownResult, 'values'>): void {
    this.#pages.get(sink)?.hide(result);
  }

  /** Closes a second of history. To be called about once a second. */
  tick(): void {
    const nowMs = this.#clock.elapsed();
    const seconds = (nowMs - this.#tickedMs) / 1000;
    if (seconds <= 0) return;
    const rows = this.#rowsIn();
    this.#rowsPerSecond = (rows - this.#rowsAtTick) / seconds;
    this.#remember('rowsPerSecond', this.#rowsPerSecond);
    this.#remember('latePerSecond', (this.#late - this.#lateAtTick) / seconds);
    this.#remember('lag', this.#lag() ?? 0);
    this.#tickedMs = nowMs;
    this.#rowsAtTick = rows;
    this.#lateAtTick = this.#late;
  }

  /** One look; what it holds is not changed afterwards. */
  snapshot(): DashboardSnapshot {
    const { pipeline, dashboard, latenessMs, window, place } = this.#frame;
    const [first, ...others] = this.#pages.values();
    return {
      pipeline,
      dashboard,
      state: this.#state,
      atMs: this.#clock.now(),
      elapsedMs: Math.round(this.#clock.elapsed() - this.#startedMs),
      counts: {
        rowsIn: this.#rowsIn(),
        resultsOut: this.#resultsOut,
        windowsClosed: this.#windowsClosed,
        late: this.#late,
        rejected: this.#rejected,
      },
      rowsPerSecond: this.#currentRate(),
      lag: this.#lag(),
      watermarkMs: this.#watermarkMs,
      ...(latenessMs === undefined ? {} : { latenessMs }),
      ...(window === undefined ? {} : { window }),
      history: {
        rowsPerSecond: [...this.#history.rowsPerSecond],
        lag: [...this.#history.lag],
        latePerSecond: [...this.#history.latePerSecond],
      },
      sources: [...this.#sources].map(([name, counts]) => ({ name, ...counts })),
      ...(this.tables.length > 0 ? { tables: this.tables } : {}),
      ...(this.localState === undefined ? {} : { localState: this.localState }),
      ...(first!.frame.sink === '' ? {} : { sink: first!.frame.sink }),
      results: first!.table(),
      ...(others.length > 0 ? { pages: others.map((page) => page.page()) } : {}),
      notes: [...this.#notes],
      ...(place === undefined ? {} : { place }),
    };
  }

  /** Before the first whole second, the rate of what there was so far. */
  #currentRate(): number {
    if (this.#history.rowsPerSecond.length > 0) return this.#rowsPerSecond;
    const seconds = (this.#clock.elapsed() - this.#startedMs) / 1000;
    return seconds > 0 ? this.#rowsIn() / seconds : 0;
  }

  #remember(metric: HistoryMetric, value: number): void {
    const history = this.#history[metric];
    history.push(value);
    if (history.length > MAX_HISTORY) history.shift();
  }

  #sourceOf(name: string): SourceCounts {
    let counts = this.#sources.get(name);
    if (!counts) {
      counts = { partitions: 0, rowsIn: 0, lag: null };
      this.#sources.set(name, counts);
    }
    return counts;
  }

  #rowsIn(): number {
    let rows = 0;
    for (const counts of this.#sources.values()) rows += counts.rowsIn;
    return rows;
  }

  /** Null as soon as the lag of one source is unknown. */
  #lag(): number | null {
    let lag = 0;
    for (const counts of this.#sources.values()) {
      if (counts.lag === null) return null;
      lag += counts.lag;
    }
    return this.#sources.size > 0 ? lag : null;
  }
}
