import type { Line } from '../../../base/thread-line.js';
import type { CsvLayout } from '../../codecs/csv-layout.js';
import type { FileIdentity } from './byte-source.js';

/** A CSV file, and from where on its rows are to be converted. */
export interface ConvertJob {
  /** UTF-8. */
  readonly file: FileIdentity;
  /** Without columns for keys and times. */
  readonly layout: CsvLayout;
  /** Where the next row begins, in bytes. */
  readonly position: number;
  /** Its line, from 1. */
  readonly line: number;
}

/** A lot that was converted: its texts in the buffer that came with it, the ends of them behind. */
export interface ConvertedLot {
  readonly rows: number;
  /** Where the texts begin in the buffer, a multiple of 4. */
  readonly at: number;
  /** Bytes of the texts; their ends follow from the next multiple of 4 on, 32 bits each. */
  readonly bytes: number;
  readonly sha256: string;
  /** Where the row behind the lot begins, and its line. */
  readonly position: number;
  readonly line: number;
  /** Cells of the lot that did not fit, per column; undefined where all did. */
  readonly misfits: Float64Array | undefined;
}

/** What the thread that converts is told. */
export type ToConverter =
  | { readonly kind: 'start'; readonly job: ConvertJob; readonly batch: number }
  /** The buffer of lots that were read: it is to be used again. */
  | { readonly kind: 'free'; readonly buffer: ArrayBuffer };

/** What it tells. */
export type FromConverter =
  | { readonly kind: 'lots'; readonly buffer: ArrayBuffer; readonly lots: readonly ConvertedLot[] }
  /** It does no more: the rest is to be read without it. */
  | { readonly kind: 'end' };

/** Starts a thread that converts. */
export type StartConverter = () => Line<FromConverter, ToConverter>;

/** The next position that is a multiple of 4. */
export function aligned(position: number): number {
  return (position + 3) & ~3;
}
