import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { DashboardSnapshot, ResultRow } from '../../../src/plan/snapshot.js';
import { StillDashboard } from '../../../src/ui/dashboard/still-dashboard.js';
import { frameText } from '../../../src/ui/frames/frame-text.js';
import { textWidth } from '../../../src/ui/text/width.js';
import { sampleSnapshot } from '../sample-snapshot.js';

const dashboard = new StillDashboard();
afterAll(() => dashboard.close());

const number = fc.oneof(fc.double(), fc.constantFrom(0, -1, 1e300, Number.NaN, Number.POSITIVE_INFINITY, 12.5));
const label = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom('', '\u001b[31mred\u001b[0m', 'line\nbreak', '日本車メーカー', 'e\u0301te\u0301', '👩‍👩‍👧'),
);
const row: fc.Arbitrary<ResultRow> = fc.record({
  values: fc.tuple(
    label,
    fc.oneof(fc.bigInt(), fc.constant(null)),
    fc.oneof(number, fc.constant(null)),
    number,
    number,
  ),
  windowStartMs: fc.oneof(fc.integer(), number),
  windowEndMs: fc.integer(),
  reason: fc.constantFrom('watermark' as const, 'eof' as const),
  trends: fc.array(fc.array(number, { maxLength: 70 }), { maxLength: 2 }),
});
const snapshot: fc.Arbitrary<DashboardSnapshot> = fc
  .record({
    rows: fc.array(row, { maxLength: 40 }),
    rates: fc.array(number, { maxLength: 240 }),
    state: fc.constantFrom('starting' as const, 'running' as const, 'done' as const, 'failed' as const),
    note: label,
    title: label,
  })
  .map(({ rows, rates, state, note, title }) => {
    const sample = sampleSnapshot();
    return sampleSnapshot({
      state,
      dashboard: { ...sample.dashboard, title },
      history: { rowsPerSecond: rates },
      results: { ...sample.results, rows },
      notes: [{ atMs: 0, level: 'error', text: note }],
    });
  });

describe('a dashboard of anything at any size', () => {
  it('fills the terminal exactly, without a control character', () => {
    fc.assert(
      fc.property(snapshot, fc.nat(220), fc.nat(70), fc.boolean(), (shown, columns, rows, unicode) => {
        const text = frameText(dashboard.frame(shown, { columns, rows }, unicode));
        const lines = text.split('\n').slice(0, -1);
        expect(lines).toHaveLength(rows);
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      }),
      { numRuns: 120 },
    );
  });

  it('keeps the title, the keys and one chart down to 40x10', () => {
    const text = frameText(dashboard.frame(sampleSnapshot(), { columns: 40, rows: 10 }));
    expect(text).toContain('cars');
    expect(text).toContain('£24,699');
    expect(text).toContain('q quit');
  });

  it('is the same for the same arguments, whatever was painted before', () => {
    const first = frameText(dashboard.frame(sampleSnapshot(), { columns: 80, rows: 24 }), 24);
    dashboard.frame(sampleSnapshot({ state: 'failed' }), { columns: 200, rows: 60 });
    expect(frameText(dashboard.frame(sampleSnapshot(), { columns: 80, rows: 24 }), 24)).toBe(first);
  });
});
