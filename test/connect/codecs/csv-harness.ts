import { fromUtf8, utf8 } from '../../../src/base/bytes.js';
import { CsvJson } from '../../../src/connect/codecs/csv-json.js';
import type { CsvLayout } from '../../../src/connect/codecs/csv-layout.js';
import { type BadRow, RowBlock } from '../../../src/connect/codecs/row-block.js';

/** A layout of text columns `c0`, `c1`, ... separated by commas. */
export function textLayout(columns: number, extra: Partial<CsvLayout> = {}): CsvLayout {
  return {
    delimiter: 0x2c,
    quote: 0x22,
    rowEnd: 'lf',
    columns: Array.from({ length: columns }, (_, index) => ({ name: `c${index}`, kind: 'text' as const })),
    constants: [],
    keyColumn: -1,
    timeColumn: -1,
    ...extra,
  };
}

export interface Converted {
  /** JSON texts. */
  readonly texts: string[];
  readonly keys: (string | null)[];
  readonly rows: number[];
  readonly bad: (Omit<BadRow, 'bytes'> & { readonly text: string })[];
  readonly misfits: number[];
}

/**
 * Converts `input` (text or bytes), handed over in pieces that end at `cuts`.
 * @param free bytes behind the input: with fewer than four no row is taken for a plain one.
 */
export function convert(
  input: string | Uint8Array,
  layout: CsvLayout,
  cuts: readonly number[] = [],
  batch = 3,
  free = 4,
): Converted {
  const bytes = typeof input === 'string' ? utf8(input) : input;
  const bad: Converted['bad'] = [];
  const csv = new CsvJson(layout, 1, ({ bytes: raw, ...rest }) => void bad.push({ ...rest, text: fromUtf8(raw) }));
  const block = new RowBlock();
  // What stands behind the input must not matter.
  const buffer = new Uint8Array(bytes.length + free).fill(0x37);
  const result: Converted = { texts: [], keys: [], rows: [], bad, misfits: [] };
  let start = 0;
  for (const end of [...new Set([...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort(
    (a, b) => a - b,
  )) {
    buffer.set(bytes.subarray(start, end), start);
    const last = end === bytes.length;
    for (;;) {
      const next = csv.convert(buffer, start, end, last, block, batch);
      for (let index = 0; index < block.count; index++) {
        const key = block.key(index);
        result.texts.push(fromUtf8(block.bytes.subarray(block.start(index), block.ends[index]!)));
        result.keys.push(key === null ? null : fromUtf8(key));
        result.rows.push(block.rows[index]!);
      }
      const full = block.count === batch;
      block.clear();
      start = next;
      if (!full) break;
    }
  }
  result.misfits.push(...csv.misfits);
  return result;
}
