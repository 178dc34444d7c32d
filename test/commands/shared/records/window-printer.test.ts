import { describe, expect, it } from 'vitest';
import { WindowPrinter, windowRecord } from '../../../../src/commands/shared/records/window-printer.js';
import type { WindowResult } from '../../../../src/run/interfaces.js';
import { PLAIN_STYLE } from '../../../../src/ui/text/style.js';

const columns = [
  { name: 'window_start', type: 'timestamp' as const },
  { name: 'window_end', type: 'timestamp' as const },
  { name: 'maker', type: 'string' as const },
  { name: 'count', type: 'bigint' as const },
  { name: 'mean', type: 'double' as const },
];

function result(maker: string, count: number | bigint, mean: number | null, startMs = 60_000): WindowResult {
  const windowEndMs = startMs + 60_000;
  return {
    sink: 'prices',
    columns,
    values: [startMs, windowEndMs, maker, count, mean],
    windowStartMs: startMs,
    windowEndMs,
    reason: 'watermark',
  };
}

function printed(output: 'text' | 'tsv' | 'ndjson', whole: boolean, results: readonly WindowResult[]): string[] {
  const lines: string[] = [];
  const context = {
    output,
    machine: output === 'ndjson',
    style: PLAIN_STYLE,
    compareRecord: undefined,
    stdout: { write: (text: string | Uint8Array) => void lines.push(String(text).trimEnd()) },
    record: (record: object, text?: string) => void lines.push(text ?? JSON.stringify(record)),
  };
  const printer = new WindowPrinter(context, whole);
  for (const one of results) printer.result(one);
  printer.flush();
  return lines;
}

describe('WindowPrinter', () => {
  it('aligns lines as they come; a wider cell moves the later ones', () => {
    expect(printed('text', false, [result('audi', 3, 22896.685), result('volkswagen', 10, null)])).toEqual([
      'window                        maker  count       mean  closed by',
      '1970-01-01 00:01:00-00:02:00  audi       3  22,896.69  watermark',
      '1970-01-01 00:01:00-00:02:00  volkswagen     10          -  watermark',
    ]);
  });

  it('prints one aligned table at the end', () => {
    expect(printed('text', true, [result('audi', 3, 1), result('volkswagen', 10, 2, 86_340_000)])).toEqual([
      'window                        maker       count  mean  closed by',
      '1970-01-01 00:01:00-00:02:00  audi            3     1  watermark',
      '1970-01-01 23:59:00-00:00:00  volkswagen     10     2  watermark',
    ]);
  });

  it('gives programs the window apart from the row, with all digits', () => {
    expect(windowRecord(result('audi', 2n ** 60n, 0.1))).toEqual({
      type: 'window',
      sink: 'prices',
      window_start: '1970-01-01T00:01:00.000Z',
      window_end: '1970-01-01T00:02:00.000Z',
      reason: 'watermark',
      row: { maker: 'audi', count: 1152921504606846976n, mean: 0.1 },
    });
  });

  it('writes tab-separated values with a heading', () => {
    expect(printed('tsv', false, [result('a\tb', 3, 1.5)])).toEqual([
      'window_start\twindow_end\tmaker\tcount\tmean\treason',
      '1970-01-01T00:01:00.000Z\t1970-01-01T00:02:00.000Z\ta b\t3\t1.5\twatermark',
    ]);
  });
});
