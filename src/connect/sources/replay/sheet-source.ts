import type { Compression } from '../../../base/codec-interfaces.js';
import { type SheetContext, SheetCsv } from '../../codecs/xlsx/sheet-csv.js';
import { XmlScanner } from '../../codecs/xlsx/xml-scanner.js';
import type { ZipArchive, ZipEntry } from '../../codecs/xlsx/zip-archive.js';
import type { ByteSource } from './byte-source.js';

/** Bytes of CSV that are made at a time. */
const PIECE_BYTES = 128 * 1024;

/** A sheet of a workbook as a stream of CSV, made while it is read. */
export class SheetSource implements ByteSource {
  readonly name: string;
  readonly size = undefined;
  readonly #archive: ZipArchive;
  readonly #entry: ZipEntry;
  readonly #compression: Compression;
  readonly #context: SheetContext;
  #scanner: XmlScanner;
  #sheet: SheetCsv;
  #taken = 0;
  #more = true;
  #position = 0;
  /** Packed bytes of the sheet that were read. */
  #packedBytes = 0;

  constructor(name: string, archive: ZipArchive, entry: ZipEntry, compression: Compression, context: SheetContext) {
    this.name = name;
    this.#archive = archive;
    this.#entry = entry;
    this.#compression = compression;
    this.#context = context;
    this.#scanner = this.#open();
    this.#sheet = new SheetCsv(this.#scanner, context);
  }

  get position(): number {
    return this.#position;
  }

  /** How much of the sheet was read, 0 to 1. */
  get share(): number {
    return Math.min(1, this.#packedBytes / Math.max(1, this.#entry.packedBytes));
  }

  /** Cells beside the table that were left out so far. */
  get cellsOutside(): number {
    return this.#sheet.outside;
  }

  async read(target: Uint8Array): Promise<number> {
    const { out } = this.#sheet;
    if (this.#taken === out.used) {
      out.used = 0;
      this.#taken = 0;
      if (this.#more) this.#more = await this.#sheet.produce(PIECE_BYTES);
      if (!this.#more) await this.#scanner.close();
    }
    const piece = out.bytes.subarray(this.#taken, Math.min(out.used, this.#taken + target.length));
    target.set(piece);
    this.#taken += piece.length;
    this.#position += piece.length;
    return piece.length;
  }

  peek(): Uint8Array {
    return new Uint8Array(0);
  }

  rewind(): boolean {
    void this.#scanner.close();
    this.#packedBytes = 0;
    this.#scanner = this.#open();
    this.#sheet = new SheetCsv(this.#scanner, this.#context);
    this.#taken = 0;
    this.#position = 0;
    this.#more = true;
    return true;
  }

  close(): void {
    void this.#scanner.close();
    this.#context.strings?.close();
  }

  #open(): XmlScanner {
    const counted = (bytes: number): void => {
      this.#packedBytes += bytes;
    };
    return new XmlScanner(this.#archive.read(this.#entry, this.#compression, counted), this.#entry.name);
  }
}
