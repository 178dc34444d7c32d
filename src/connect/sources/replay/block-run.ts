import { type ByteSpan, emptySpan, spanOver } from '../../../base/byte-span.js';
import { RowBlock } from '../../codecs/row-block.js';
import type { RecordRun } from '../../kafka/producer.js';
import { LotHeaders } from './lot-headers.js';

/** The rows of a lot as records that follow each other. One object is used for lot after lot. */
export class BlockRun implements RecordRun {
  readonly value: ByteSpan = emptySpan();
  #block = new RowBlock();
  #headers = new LotHeaders('');

  get count(): number {
    return this.#block.count;
  }

  get headers(): ByteSpan {
    return this.#headers.span;
  }

  /** Makes this the run of a lot that `headers` has begun. */
  over(block: RowBlock, headers: LotHeaders): this {
    this.#block = block;
    this.#headers = headers;
    spanOver(this.value, block.bytes);
    return this;
  }

  take(index: number): void {
    const block = this.#block;
    this.value.start = block.start(index);
    this.value.end = block.ends[index]!;
    this.#headers.row(block.rows[index]!);
  }
}
