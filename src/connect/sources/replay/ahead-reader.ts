import type { Line } from '../../../base/thread-line.js';
import { FREE_BYTES, type RowBlock } from '../../codecs/row-block.js';
import { aligned, type FromConverter, type StartConverter, type ToConverter } from './convert-job.js';
import { CsvReader } from './csv-reader.js';
import type { FileShape, RowReader } from './row-reader.js';

type Lots = Extract<FromConverter, { kind: 'lots' }>;

/**
 * The rows of a CSV file, converted ahead by a thread of their own as long as they are good and read in whole lots. What
 * is not, its reader takes up from where the thread's last lot ended: so all that is told of a file is told in one place.
 */
export class AheadReader implements RowReader {
  readonly shape: FileShape;
  readonly #reader: CsvReader;
  readonly #start: StartConverter;
  readonly #batch: number;
  #line: Line<FromConverter, ToConverter> | undefined;
  /** What came from the thread and was not read, in order, and how many lots of the first were. */
  readonly #filled: Lots[] = [];
  #taken = 0;
  #wake: (() => void) | undefined;

  /** @param batch rows of a lot. */
  constructor(reader: CsvReader, start: StartConverter, batch: number) {
    this.shape = reader.shape;
    this.#reader = reader;
    this.#start = start;
    this.#batch = batch;
    this.#begin();
  }

  get row(): number {
    return this.#reader.row;
  }

  read(block: RowBlock, maxRows: number): boolean | Promise<boolean> {
    if (maxRows !== this.#batch || block.count > 0) this.#stop();
    this.#giveBack();
    if (this.#filled.length > 0) {
      this.#give(block);
      return true;
    }
    if (this.#line) return this.#more().then(() => this.read(block, maxRows));
    return this.#reader.read(block, maxRows);
  }

  async rewind(): Promise<boolean> {
    this.#stop();
    if (!(await this.#reader.rewind())) return false;
    this.#begin();
    return true;
  }

  remarks(): readonly string[] {
    return this.#reader.remarks();
  }

  close(): void {
    this.#stop();
  }

  #begin(): void {
    const job = this.#reader.job();
    if (!job) return;
    const line = this.#start();
    this.#line = line;
    const take = (message: FromConverter): void => {
      // What a thread says that was stopped meanwhile is not listened to.
      if (this.#line !== line) return;
      if (message.kind === 'end') this.#line = undefined;
      else this.#filled.push(message);
      this.#wake?.();
    };
    line.listen(take, () => take({ kind: 'end' }));
    line.send({ kind: 'start', job, batch: this.#batch });
  }

  #stop(): void {
    this.#line?.close();
    this.#line = undefined;
    this.#filled.length = 0;
    this.#taken = 0;
    this.#wake?.();
  }

  /** Lets the thread use a buffer again whose last lot was read. */
  #giveBack(): void {
    const [first] = this.#filled;
    if (first === undefined || this.#taken < first.lots.length) return;
    this.#filled.shift();
    this.#taken = 0;
    this.#line?.send({ kind: 'free', buffer: first.buffer }, [first.buffer]);
  }

  /** Resolves when the thread has said something. */
  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #give(block: RowBlock): void {
    const { buffer, lots } = this.#filled[0]!;
    const lot = lots[this.#taken++]!;
    const ends = new Int32Array(buffer, lot.at + aligned(lot.bytes), lot.rows);
    // Behind the texts stand the ends: there are always more bytes.
    const bytes = new Uint8Array(buffer, lot.at, lot.bytes + FREE_BYTES);
    block.borrow(bytes, ends, this.#reader.row + 1, lot.sha256);
    this.#reader.passOver(lot);
  }
}

/** `reader` with a thread that converts ahead, where its file is one for it. */
export function readAhead(reader: RowReader, start: StartConverter, batch: number): RowReader {
  return reader instanceof CsvReader && reader.job() ? new AheadReader(reader, start, batch) : reader;
}
