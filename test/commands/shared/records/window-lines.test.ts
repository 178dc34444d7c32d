import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Value } from '../../../../src/base/row-batch.js';
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

it('writes what the record of a result says, whatever came before', () => {
  const result = fc.record({
    sink: fc.constantFrom('prices', 'models'),
    columns: fc.constantFrom(columns, columns.slice(0)),
    reason: fc.constantFrom('watermark', 'update', 'eof'),
    window: windows,
    values: fc.tuple(
      orNull(instant),
      orNull(fc.string()),
      orNull(fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))),
      orNull(fc.double()),
      orNull(instant),
      orNull(fc.boolean()),
      orNull(fc.jsonValue() as fc.Arbitrary<Value>),
    ),
  });
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
