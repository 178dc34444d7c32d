import { fromUtf8 } from '../../base/bytes.js';
import type { ObjectVector, Vector } from '../../base/row-batch.js';
import type { RecordCursor } from '../../wire/record-cursor.js';

/** Fills the columns of a schema that hold texts of record headers. */
export class HeaderColumns {
  readonly #wanted: readonly { readonly at: number; readonly header: string }[];
  #vectors: readonly ObjectVector[] = [];

  /** @param schema columns with `header` are filled, the others left alone. */
  constructor(schema: readonly { readonly header?: string }[]) {
    this.#wanted = schema.flatMap(({ header }, at) => (header === undefined ? [] : [{ at, header }]));
  }

  /** Sets the vectors that values go to, in the order of the schema. */
  into(vectors: readonly Vector[]): void {
    this.#vectors = this.#wanted.map(({ at }) => vectors[at] as ObjectVector);
  }

  /** Writes the headers of the record at `cursor` into `row`: the last one of each name, null where there is none. */
  read(cursor: RecordCursor, row: number): void {
    const headers = cursor.headers();
    this.#wanted.forEach(({ header }, index) => {
      const value = headers.findLast(({ key }) => key === header)?.value;
      this.#vectors[index]!.data[row] = value ? fromUtf8(value) : null;
    });
  }
}
