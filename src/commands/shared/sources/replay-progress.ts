import { formatDuration } from '../../../base/time.js';
import type { ByteSource } from '../../../connect/sources/replay/byte-source.js';
import type { LotProgress } from '../../../connect/sources/replay/interfaces.js';
import type { RowReader } from '../../../connect/sources/replay/row-reader.js';
import { openProgress, type Progress } from '../../../ui/output/progress.js';
import type { Context } from '../frame/context.js';

/** Lots that come faster are told of together, */
const LINE_EVERY_MS = 500;
/** unless there is a pause of at least so much between them. */
const LOT_PAUSE_MS = 50;

/** Tells of the lots of one file: a bar on a terminal, a line per lot elsewhere, records for machines. */
export class ReplayProgress {
  readonly #context: Context;
  readonly #source: ByteSource;
  readonly #reader: RowReader;
  readonly #limit: number;
  readonly #bar: Progress;
  #toldMs = Number.NEGATIVE_INFINITY;
  #firstUntold = 0;
  #untoldRows = 0;
  #last: LotProgress | undefined;

  constructor(context: Context, source: ByteSource, reader: RowReader, limit: number) {
    this.#context = context;
    this.#source = source;
    this.#reader = reader;
    this.#limit = limit;
    this.#bar = openProgress({
      clock: context.clock,
      write: (text) => context.stderr.write(text),
      style: { ...context.style, terminal: context.stderr.isTerminal && !context.machine && !context.quiet },
      unit: 'rows',
    });
  }

  /** A lot was handed over. */
  lot(progress: LotProgress): void {
    const { clock, machine, stderr } = this.#context;
    if (this.#untoldRows === 0) this.#firstUntold = progress.lot;
    this.#untoldRows += progress.rows - progress.alreadyThere;
    this.#last = progress;
    if (stderr.isTerminal && !machine) {
      this.#bar.update({ done: progress.sentRows, total: this.#total(progress.sentRows), note: `lot ${progress.lot}` });
      return;
    }
    const nowMs = clock.elapsed();
    if (progress.nextInMs >= LOT_PAUSE_MS || nowMs - this.#toldMs >= LINE_EVERY_MS) this.#tell(nowMs);
  }

  /** Says what is not said yet, and takes the bar away. */
  close(): void {
    this.#bar.close();
    if (this.#untoldRows > 0 && !this.#context.stderr.isTerminal) this.#tell(this.#context.clock.elapsed());
  }

  #tell(nowMs: number): void {
    const last = this.#last!;
    const lots = this.#firstUntold === last.lot ? `lot ${last.lot}` : `lots ${this.#firstUntold}-${last.lot}`;
    const rows = this.#untoldRows === 1 ? '1 row' : `${this.#untoldRows} rows`;
    const next = last.nextInMs > 0 ? `, next in ${formatDuration(last.nextInMs)}` : '';
    if (this.#context.machine) {
      this.#context.record({
        type: 'progress',
        source: this.#source.name,
        lot: last.lot,
        rows: last.sentRows,
        acknowledgedRows: last.acknowledgedRows,
        badRows: last.badRows,
        nextInMs: last.nextInMs,
      });
    } else this.#context.note(`${lots}: ${rows}${next}`);
    this.#toldMs = nowMs;
    this.#untoldRows = 0;
  }

  /** Rows in all, reckoned from how much of the file was read. */
  #total(rows: number): number | undefined {
    const { size, position } = this.#source;
    const share = this.#reader.share ?? (size === undefined ? 0 : position / size);
    if (!(share > 0)) return Number.isFinite(this.#limit) ? this.#limit : undefined;
    return Math.min(this.#limit, Math.max(rows, Math.round(rows / share)));
  }
}
