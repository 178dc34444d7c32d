import type { Value } from '../../base/row-batch.js';
import type { Tone } from '../text/style.js';

/** How a command's result is written. */
export const OUTPUT_MODES = ['text', 'wide', 'json', 'ndjson', 'yaml', 'tsv'] as const;
export type OutputMode = (typeof OUTPUT_MODES)[number];

/** A value of a table; with `text` or `tone` where people should see more than machines. */
export type Cell = Value | undefined | ToneCell;

export interface ToneCell {
  readonly value: Value;
  /** What people read instead of the value. */
  readonly text?: string;
  readonly tone?: Tone;
}

export interface TableColumn {
  /** Name for machines: header of tsv. */
  readonly key: string;
  /** Header for people; the key in capitals when absent. */
  readonly title?: string;
  /** Columns of numbers go right by themselves. */
  readonly align?: 'left' | 'right';
  /** Shown in the modes `wide` and `tsv` only. */
  readonly wide?: boolean;
}

export interface TableView {
  readonly kind: 'table';
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly Cell[])[];
  /** Said on stderr instead of a table without rows. */
  readonly empty?: string;
  /** A line under the table, for people. */
  readonly footer?: string;
}

/** Name and value pairs, one a line. */
export interface DetailsView {
  readonly kind: 'details';
  readonly entries: readonly (readonly [name: string, value: Cell])[];
}

/** Ready lines. */
export interface LinesView {
  readonly kind: 'lines';
  readonly lines: readonly string[];
}

/** Several views under their titles. */
export interface SectionsView {
  readonly kind: 'sections';
  readonly sections: readonly { readonly title?: string; readonly view: View }[];
}

/** What people see of a result, as data. */
export type View = TableView | DetailsView | LinesView | SectionsView;

/** The part of a one-shot command's outcome that is printed. */
export interface Printable {
  /** For machines: JSON data. */
  readonly result?: unknown;
  /** For people; the result as indented JSON when absent. */
  readonly view?: View;
}

/** What goes to each stream, ending in a line feed where not empty. */
export interface Written {
  readonly stdout: string;
  readonly stderr: string;
}
