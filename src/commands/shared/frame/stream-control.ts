import type { RowBatch } from '../../../base/row-batch.js';

/**
 * Tells a streaming command when it is over. The command reports what it sees; `--until`, `--timeout`, Ctrl-C and a
 * closed pipe are judged here. When `signal` aborts, finish what is in hand and return `{ reason: stream.reason }`.
 */
export interface StreamControl {
  /** Aborts when the stream has to end. Same as `context.signal`. */
  readonly signal: AbortSignal;
  /** Why it aborted: `until count=100`, `interrupted`, `closed`, `timeout`; undefined before. */
  readonly reason: string | undefined;
  /** Whether `--until` was given. */
  readonly required: boolean;
  /** Rows that may still be emitted under `count=N`; Infinity without one. Never emit more. */
  readonly remaining: number;
  /** `--until eof` (or a command's own `-e`): end offsets are to be read at the start. */
  readonly wantsEof: boolean;
  /** `--until lag=N`: report {@link lag}. */
  readonly wantsLag: boolean;
  /** An expression of `--until` or `--expect` reads columns: report {@link rows} with a batch. */
  readonly wantsRows: boolean;
  /** Columns that expressions read; a batch without others will do. */
  readonly wantedColumns: ReadonlySet<string>;
  /** `count` records were emitted; `batch` holds them decoded where {@link wantsRows}. */
  rows(count: number, batch?: RowBatch): void;
  /** `count` windows were emitted. */
  windows(count: number): void;
  /** The watermark moved to `timeMs`. */
  watermark(timeMs: number): void;
  /** Records not yet read, all partitions together. */
  lag(records: number): void;
  /** All inputs reached the end offsets read at the start. */
  eof(): void;
}
