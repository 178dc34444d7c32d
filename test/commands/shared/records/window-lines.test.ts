import fc from 'fast-check';
import { expect, it } from 'vitest';
import { batchOf, type Value } from '../../../../src/base/row-batch.js';
import { ByteWriter } from '../../../../src/commands/shared/frame/byte-writer.js';
import { WindowLines } from '../../../../src/commands/shared/records/window-lines.js';
import { windowRecord } from '../../../../src/commands/shared/records/window-printer.js';
import { stringifyJson } from '../../../../src/ui/output/json.js';

const columns = [
  { name: 'window_start', type: 'timestamp' },
  { name: 'na"me', type: 'string' },
  { name: 'count', type: 'bigint' },
  { name: 'mean', type: 'double' },
  { name: 'at', type: 'timestamp' },
  { name: 'open', type: 'boolean' },
  { name: 'all', type: 'json' },
] as const;
const orNull = (values: fc.Arbitrary<Value>): fc.Arbitrary<Value> => fc.oneof(values, fc.constant(null));
const instant = fc.integer({ min: 0, max: 4_000_000_000_000 });
const windows = fc.constantFrom(
  {},
  { windowStartMs: 0, windowEndMs: 60_000 },
  { windowStartMs: 60_000, windowEndMs: 120_000 },
);

const common = {
  sink: fc.constantFrom('prices', 'models'),
  columns: fc.constantFrom(columns, columns.slice(0)),
  reason: fc.constantFrom('watermark', 'update', 'eof'),
} as const;
const values = fc.tuple(
  orNull(instant),
  orNull(fc.string()),
  orNull(fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))),
  orNull(fc.double()),
  orNull(instant),
  orNull(fc.boolean()),
  orNull(fc.jsonValue() as fc.Arbitrary<Value>),
);

it('writes what the record of a result says, whatever came before', () => {
  const result = fc.record({ ...common, window: windows, values });
  fc.assert(
    fc.property(fc.array(result, { maxLength: 8 }), (results) => {
      const lines = new WindowLines();
      for (const { window, ...rest } of results) {
        const one = { ...rest, ...window } as const;
        expect(lines.text(one)).toBe(`${stringifyJson(windowRecord(one))}\n`);
      }
    }),
  );
});

it('writes results that left together as it writes each of them', () => {
  const row = fc.record({ start: fc.constantFrom(0, 60_000, 120_000), values });
  const together = fc.record({ ...common, windowed: fc.boolean(), rows: fc.array(row, { maxLength: 6 }) });
  fc.assert(
    fc.property(fc.array(together, { maxLength: 4 }), (outputs) => {
      const lines = new WindowLines();
      let written = '';
      const writer = new ByteWriter({
        write: (bytes) => {
          written += typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString();
        },
      });
      let expected = '';
      for (const { rows, windowed, ...rest } of outputs) {
        const objects = rows.map((one) =>
          Object.fromEntries(one.values.map((value, at) => [columns[at]!.name, value])),
        );
        const batch = batchOf(columns, objects);
        const windowStarts = Float64Array.from(rows, ({ start }) => start);
        const windowEnds = windowStarts.map((start) => start + 60_000);
        lines.write({ ...rest, batch, ...(windowed ? { windowStarts, windowEnds } : {}) }, writer);
        for (const { start, values: own } of rows) {
          const window = windowed ? { windowStartMs: start, windowEndMs: start + 60_000 } : {};
          expected += `${stringifyJson(windowRecord({ ...rest, ...window, values: own }))}\n`;
        }
      }
      writer.flush();
      expect(written).toBe(expected);
    }),
  );
});
