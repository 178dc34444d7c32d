import { RowBlock } from '../../codecs/row-block.js';
import { Heap } from './row-heap.js';
import type { FileShape, RowReader } from './row-reader.js';

const READ_ROWS = 128;

interface Input {
  readonly reader: RowReader;
  readonly source: number;
  readonly block: RowBlock;
  at: number;
  more: boolean;
}

/**
 * Several files as one stream, by event time; rows of the same time in the order of the files. Each file is taken as it
 * stands: its own rows keep their order.
 */
export class MergedReader implements RowReader {
  readonly shape: FileShape;
  readonly ownOrder = true;
  readonly sources: readonly string[];
  row = 0;
  readonly #inputs: readonly Input[];
  readonly #next: Heap<Input>;
  #begun = false;

  /** @param names of the files, in the order of `readers`: one at least. */
  constructor(readers: readonly RowReader[], names: readonly string[]) {
    this.sources = names;
    this.shape = readers[0]!.shape;
    this.#inputs = readers.map((reader, source) => ({ reader, source, block: new RowBlock(), at: 0, more: true }));
    this.#next = new Heap((a, b) => {
      const [timeA, timeB] = [a.block.times[a.at]!, b.block.times[b.at]!];
      return timeA < timeB || (timeA === timeB && a.source < b.source);
    });
  }

  get share(): number {
    const shares = this.#inputs.map(({ reader, more }) => (more ? (reader.share ?? 0) : 1));
    return shares.reduce((sum, share) => sum + share, 0) / shares.length;
  }

  async read(block: RowBlock, maxRows: number): Promise<boolean> {
    if (!this.#begun) {
      this.#begun = true;
      for (const input of this.#inputs) if (await advance(input)) this.#next.push(input);
    }
    while (block.count < maxRows) {
      const input = this.#next.first;
      if (!input) return false;
      const { block: from, source } = input;
      block.add({ ...from.hold(input.at), source });
      this.row++;
      input.at++;
      if (input.at < from.count || (await advance(input))) this.#next.replace(input);
      else this.#next.pop();
    }
    return this.#next.size > 0;
  }

  async rewind(): Promise<boolean> {
    for (const input of this.#inputs) {
      if (!(await input.reader.rewind())) return false;
      input.block.clear();
      input.at = 0;
      input.more = true;
    }
    this.#next.clear();
    this.#begun = false;
    this.row = 0;
    return true;
  }

  remarks(): readonly string[] {
    return this.#inputs.flatMap(({ reader, source }) =>
      reader.remarks().map((remark) => `${this.sources[source]}: ${remark}`),
    );
  }

  close(): void {
    for (const { reader } of this.#inputs) reader.close?.();
  }
}

/** Reads the next rows of a file; false at its end. */
async function advance(input: Input): Promise<boolean> {
  input.block.clear();
  input.at = 0;
  while (input.more && input.block.count === 0) input.more = await input.reader.read(input.block, READ_ROWS);
  return input.block.count > 0;
}
