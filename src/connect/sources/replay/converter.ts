import type { Crypto } from '../../../base/codec-interfaces.js';
import type { FileSystem } from '../../../base/files.js';
import type { Line } from '../../../base/thread-line.js';
import { CsvJson } from '../../codecs/csv-json.js';
import { RowBlock } from '../../codecs/row-block.js';
import { FileSource } from './byte-source.js';
import { aligned, type ConvertedLot, type ConvertJob, type FromConverter, type ToConverter } from './convert-job.js';
import { TextInput } from './text-input.js';

/** How much the thread holds. */
export interface ConverterBounds {
  /** Of one buffer: some lots, few enough to stay in the processor's cache on their way. */
  readonly bufferBytes: number;
  /** A larger lot is left to the reader, which needs memory for one only. */
  readonly lotBytes: number;
}

const BOUNDS: ConverterBounds = { bufferBytes: 512 * 1024, lotBytes: 4 * 1024 * 1024 };
/** So far it reads ahead. */
const BUFFERS = 4;
/** After so many rows a lot's size is looked at. */
const STEP_ROWS = 1000;

/** What the thread needs of the machine. */
export interface ConverterEdges {
  readonly files: FileSystem;
  readonly crypto: Pick<Crypto, 'hashHex'>;
}

/**
 * Converts whole lots of good rows ahead of the reader at the other end of `line`. Whatever else the file holds, a bad row,
 * its end, a failure, ends it: the reader comes to the same place by itself, and does what is to be done.
 */
export function serveConverter(
  line: Line<ToConverter, FromConverter>,
  edges: ConverterEdges,
  bounds: ConverterBounds = BOUNDS,
): void {
  const free: ArrayBuffer[] = Array.from({ length: BUFFERS }, () => new ArrayBuffer(bounds.bufferBytes));
  let lots: LotConverter | undefined;
  const work = (): void => {
    while (lots && free.length > 0) {
      const filled = lots.fill(free.pop()!);
      if (filled.lots.length > 0) line.send({ kind: 'lots', ...filled }, [filled.buffer]);
      if (!lots.hasEnded) continue;
      lots.close();
      lots = undefined;
      line.send({ kind: 'end' });
      line.close();
    }
  };
  line.listen(
    (message) => {
      if (message.kind === 'start') lots = new LotConverter(message.job, message.batch, bounds.lotBytes, edges);
      else free.push(message.buffer);
      work();
    },
    () => undefined,
  );
}

/** The lots of a file, one after the other, up to the first that is not a whole lot of good rows. */
class LotConverter {
  hasEnded = false;
  readonly #batch: number;
  readonly #lotBytes: number;
  readonly #crypto: ConverterEdges['crypto'];
  readonly #source: FileSource;
  readonly #input: TextInput;
  readonly #csv: CsvJson;
  readonly #block = new RowBlock();
  /** A lot stands in the block and in no buffer yet. */
  #isPending = false;
  /** Of the file up to the lot in the block. */
  readonly #misfits: Float64Array;

  constructor(job: ConvertJob, batch: number, lotBytes: number, { files, crypto }: ConverterEdges) {
    const { file, layout, position, line } = job;
    this.#batch = batch;
    this.#lotBytes = lotBytes;
    this.#crypto = crypto;
    this.#source = new FileSource(files, file.path, file.path);
    this.hasEnded = this.#source.file().id !== file.id;
    this.#input = new TextInput(this.#source, 'utf-8');
    this.#input.seek(position);
    this.#csv = new CsvJson(layout, line, ({ reason }) => {
      throw new Error(reason);
    });
    this.#misfits = new Float64Array(layout.columns.length);
  }

  close(): void {
    this.#source.close();
  }

  /** Puts as many lots into `buffer` as it holds; a lot that is larger gets a buffer of its own. */
  fill(buffer: ArrayBuffer): { readonly buffer: ArrayBuffer; readonly lots: readonly ConvertedLot[] } {
    const lots: ConvertedLot[] = [];
    let target = buffer;
    let used = 0;
    while (this.#isPending || this.#next()) {
      const size = aligned(this.#block.used) + this.#batch * Int32Array.BYTES_PER_ELEMENT;
      if (used + size > target.byteLength) {
        if (lots.length > 0) break;
        target = new ArrayBuffer(size);
      }
      lots.push(this.#put(target, used));
      used += size;
    }
    return { buffer: target, lots };
  }

  /** Converts the next lot; false where there is none. */
  #next(): boolean {
    if (this.hasEnded) return false;
    this.#block.clear();
    try {
      this.#isPending = this.#convert();
    } catch {
      // The reader comes upon it too, and says what it is.
      this.#isPending = false;
    }
    this.hasEnded = !this.#isPending;
    return this.#isPending;
  }

  /** Whether a whole lot stands in the block. */
  #convert(): boolean {
    const input = this.#input;
    const block = this.#block;
    for (;;) {
      const maxRows = Math.min(this.#batch, block.count + STEP_ROWS);
      if (input.start < input.end)
        input.start = this.#csv.convert(input.bytes, input.start, input.end, input.ended, block, maxRows);
      if (block.count === this.#batch) return true;
      if (block.used > this.#lotBytes) return false;
      if (block.count < maxRows && !input.fill()) return false;
    }
  }

  #put(buffer: ArrayBuffer, at: number): ConvertedLot {
    const { used, ends, count } = this.#block;
    const texts = this.#block.bytes.subarray(0, used);
    new Uint8Array(buffer, at, used).set(texts);
    new Int32Array(buffer, at + aligned(used), count).set(ends.subarray(0, count));
    this.#isPending = false;
    return {
      rows: count,
      at,
      bytes: used,
      sha256: this.#crypto.hashHex('sha256', texts),
      position: this.#input.position,
      line: this.#csv.line,
      misfits: this.#newMisfits(),
    };
  }

  #newMisfits(): Float64Array | undefined {
    const { misfits } = this.#csv;
    if (misfits.every((count, column) => count === this.#misfits[column])) return undefined;
    const fresh = misfits.map((count, column) => count - this.#misfits[column]!);
    this.#misfits.set(misfits);
    return fresh;
  }
}
