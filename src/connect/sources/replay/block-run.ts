import type { RecordRun } from '../../../wire/record-batch-builder.js';
import { RowBlock } from '../../codecs/row-block.js';
import type { LotHeaders } from './lot-headers.js';

/** The rows of a lot as records that follow each other. One object is used for lot after lot. */
export class BlockRun implements RecordRun {
  headers: Uint8Array = new Uint8Array(0);
  #block = new RowBlock();

  get count(): number {
    return this.#block.count;
  }

  get bytes(): Uint8Array {
    return this.#block.bytes;
  }

  get ends(): Int32Array {
    return this.#block.ends;
  }

  get numbers(): Float64Array {
    return this.#block.rows;
  }

  /** Makes this the run of a lot that `headers` has begun. */
  over(block: RowBlock, headers: LotHeaders): this {
    this.#block = block;
    this.headers = headers.beforeRow;
    return this;
  }
}
