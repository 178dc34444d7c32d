import type { Tone } from '../text/style.js';

/** How a command's result is written. */
export type OutputMode = 'text' | 'wide' | 'json' | 'ndjson' | 'yaml' | 'tsv';

/** One column of a result table. */
export interface OutputColumn {
  /** Key of the row objects; header of tsv. */
  readonly key: string;
  /** Heading; the key in upper case when left out. */
  readonly title?: string;
  /** Columns of numbers go right by themselves. */
  readonly align?: 'left' | 'right';
  /** Only in the modes wide and tsv. */
  readonly wide?: boolean;
  /** Colour by value: `{ ready: 'good', failed: 'bad' }`. */
  readonly tones?: Readonly<Record<string, Tone>>;
}

/** Rows for the eyes. */
export interface OutputTable {
  readonly columns: readonly OutputColumn[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Said on stderr instead of an empty table. */
  readonly empty?: string;
}

/** What a one-shot command hands over; the part of its outcome that is printed. */
export interface Printable {
  /** JSON data. */
  readonly result?: unknown;
  /** For people; without it the table, without that the result as YAML. */
  readonly text?: string;
  readonly table?: OutputTable;
}

/** What goes to each stream, ending in a line feed where not empty. */
export interface Written {
  readonly stdout: string;
  readonly stderr: string;
}
