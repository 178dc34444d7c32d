import type { StreamctlError } from '../../base/errors.js';

/** One column of a table in text, wide and tsv output. */
export interface TableColumn {
  /** Key of the row objects. */
  readonly key: string;
  /** Heading; the key in upper case when left out. */
  readonly title?: string;
  readonly align?: 'left' | 'right';
  /** Only with `--output wide` (and tsv). */
  readonly wide?: true;
}

/** Rows for the eyes; machines get {@link Outcome.result}. */
export interface Table {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Said instead of an empty table, on stderr. */
  readonly empty?: string;
}

/** How a command ended. main prints it: nobody else writes an envelope, an end record or an exit code. */
export interface Outcome {
  /** JSON data of a one-shot command (the envelope's `result`), or what a stream's end record carries besides. */
  readonly result?: unknown;
  /** Text output; without it `table`, without that the result as YAML. */
  readonly text?: string;
  readonly table?: Table;
  /** Items that failed while others were done: exit 6; all failed (`succeeded` 0): the first one's own exit. */
  readonly failures?: readonly StreamctlError[];
  /** How many items were done, beside `failures`. */
  readonly succeeded?: number;
  /** Why a stream ended, for the end record: `eof`, `until count=100`, `interrupted`. */
  readonly reason?: string;
  /** Another exit code than these rules give. */
  readonly exit?: number;
}
