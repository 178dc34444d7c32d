import type { Compression } from '../../../base/codec-interfaces.js';
import type { FileSystem } from '../../../base/files.js';
import type { Schema } from '../../../base/row-batch.js';
import type { DecimalMark } from '../../codecs/local-number.js';
import type { BadRow, RowBlock } from '../../codecs/row-block.js';
import type { TextEncoding } from '../../codecs/text-encoding.js';
import type { CellRange } from '../../codecs/xlsx/cell-range.js';

/** What unpacking needs, and what goes beyond memory. */
export interface ReadEdges {
  readonly compression: Compression;
  readonly files: FileSystem;
}

/** Which of a file's columns matter, and how. */
export interface RowOptions {
  /** Column whose text becomes the record key. */
  readonly key?: string;
  /** Column whose text is the event time. */
  readonly time?: string;
  readonly parseTime?: (text: Uint8Array) => number;
  /** Makes `parseTime` from a sample of the time column's texts. */
  readonly parseTimeOf?: (sample: readonly string[]) => (text: Uint8Array) => number;
  /** Only these columns. */
  readonly columns?: readonly string[];
  /** Fields that every row gets, as JSON texts. */
  readonly set?: Readonly<Record<string, string>>;
  /** Delimiter of CSV, one byte; undefined to detect it. */
  readonly delimiter?: number;
  /** Quote of CSV, one byte, -1 for none; undefined to detect it. */
  readonly quote?: number;
  /** How the numbers of CSV are written; undefined to detect it. */
  readonly decimal?: DecimalMark;
  /** All columns are text. */
  readonly textOnly?: boolean;
  /** What the named columns are, whatever the sample shows; the others are told from it. */
  readonly types?: Readonly<Record<string, 'text' | 'number'>>;
  readonly onBad: (bad: BadRow) => void;
}

/** How a file is opened. */
export interface OpenOptions extends RowOptions {
  /** Undefined to detect it. */
  readonly encoding?: TextEncoding;
  /** Undefined to tell it from the name, then from the first bytes. */
  readonly format?: 'csv' | 'ndjson' | 'xlsx';
  /** Of a workbook: the sheet's name, the first one by default. */
  readonly sheet?: string;
  /** Of a workbook: only these cells. */
  readonly range?: CellRange;
  /** Without them packed files are refused, and workbooks are held in memory as a whole. */
  readonly edges?: ReadEdges;
}

/** What a reader found out about its file, said once before the first row. */
export interface FileShape {
  readonly format: 'csv' | 'ndjson' | 'xlsx';
  readonly encoding: string;
  /** Of CSV: the character. */
  readonly delimiter?: string;
  /** Of CSV: the quote where it is not `"`. */
  readonly quote?: string;
  /** Of CSV: columns of numbers that have a decimal comma. */
  readonly commaColumns?: readonly string[];
  /** Columns of the records, in order; empty where each row has its own. */
  readonly columns: Schema;
}

/** Rows of one file, in order. */
export interface RowReader {
  readonly shape: FileShape;
  /** Number of the row read last, from 1, bad ones counted. */
  readonly row: number;
  /** Adds up to `maxRows` minus what is there to `block`; false when the file has no more. */
  read(block: RowBlock, maxRows: number): boolean | Promise<boolean>;
  /** Begins again; false where the source cannot. */
  rewind(): Promise<boolean>;
  /**
   * The rows do not come in the order of their numbers, or are of several files: their place in the order of sending is
   * counted. The order is the same each time.
   */
  readonly ownOrder?: boolean;
  /** The names of several files, by the number in a block's `sources`. */
  readonly sources?: readonly string[] | undefined;
  /** How much of the file was read, 0 to 1, where the source cannot tell. */
  readonly share?: number | undefined;
  /** What is worth a remark at the end: cells that did not fit their column. */
  remarks(): readonly string[];
  /** Gives back temporary files; the source is its owner's. */
  close?(): void;
}
