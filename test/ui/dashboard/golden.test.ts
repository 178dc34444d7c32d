import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { DashboardSnapshot } from '../../../src/plan/snapshot.js';
import { StillDashboard } from '../../../src/ui/dashboard/still-dashboard.js';
import { initialView, type ViewState } from '../../../src/ui/dashboard/view-state.js';
import { frameSvg } from '../../../src/ui/frames/frame-svg.js';
import { frameText } from '../../../src/ui/frames/frame-text.js';
import { sayIn } from '../../../src/ui/text/say.js';
import { samplePage, sampleSnapshot } from '../sample-snapshot.js';

const dashboard = new StillDashboard();
afterAll(() => dashboard.close());

/** Compares with the recording; `UPDATE_GOLDEN=1` writes it anew. */
function expectGolden(name: string, text: string): void {
  const path = new URL(`../../golden/${name}`, import.meta.url);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(new URL('.', path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(existsSync(path), `${name} is missing: run with UPDATE_GOLDEN=1`).toBe(true);
  expect(text).toBe(readFileSync(path, 'utf8'));
}

const SIZES = [
  [80, 24],
  [200, 60],
  [120, 28],
  [40, 10],
] as const;

describe('the dashboard as text', () => {
  for (const [columns, rows] of SIZES) {
    it(`is as recorded at ${columns}x${rows}`, () => {
      expectGolden(`dashboard-${columns}x${rows}.txt`, frameText(dashboard.frame(sampleSnapshot(), { columns, rows })));
    });
  }

  it('is as recorded in ASCII', () => {
    const text = frameText(dashboard.frame(sampleSnapshot(), { columns: 80, rows: 24 }, false));
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expectGolden('dashboard-80x24-ascii.txt', text);
  });

  it('is as recorded before the first window', () => {
    const empty: DashboardSnapshot = sampleSnapshot({
      state: 'starting',
      counts: { rowsIn: 0, resultsOut: 0, windowsClosed: 0, late: 0, rejected: 0 },
      rowsPerSecond: 0,
      lag: null,
      watermarkMs: null,
      history: {},
      results: { ...sampleSnapshot().results, rows: [] },
      notes: [],
    });
    expectGolden('dashboard-80x24-starting.txt', frameText(dashboard.frame(empty, { columns: 80, rows: 24 })));
  });

  it('is as recorded with the help, a filter being typed and other order', () => {
    const view: ViewState = {
      ...initialView('manufacturer'),
      filter: 'o',
      draft: 'oy',
      help: true,
      paused: true,
    };
    const text = frameText(dashboard.frame(sampleSnapshot(), { columns: 80, rows: 24 }, true, view));
    expectGolden('dashboard-80x24-help.txt', text);
  });

  it.each([
    [80, 24],
    [200, 60],
    [40, 10],
  ])('turns to the results of another sink, as recorded at %ix%i', (columns, rows) => {
    const snapshot = sampleSnapshot({ pages: [samplePage()] });
    const first = frameText(dashboard.frame(snapshot, { columns, rows }));
    const view = initialView(samplePage().dashboard.sort, undefined, 1);
    const second = frameText(dashboard.frame(snapshot, { columns, rows }, true, view));
    expect(first).not.toContain('Golf');
    expectGolden(`dashboard-pages-${columns}x${rows}.txt`, `${first}\n${second}`);
  });

  it('is as recorded in French, with its help and without', () => {
    const french = new StillDashboard(sayIn('fr'));
    const size = { columns: 80, rows: 24 };
    const text = frameText(french.frame(sampleSnapshot({ pages: [samplePage()] }), size));
    const help = frameText(french.frame(sampleSnapshot(), size, true, { ...initialView(), help: true }));
    french.close();
    expectGolden('dashboard-80x24-fr.txt', `${text}\n${help}`);
  });

  it('says the day of a watermark that is not of today', () => {
    const dayMs = 86_400_000;
    const text = (watermarkMs: number): string =>
      frameText(dashboard.frame(sampleSnapshot({ watermarkMs }), { columns: 80, rows: 24 }));
    const { watermarkMs } = sampleSnapshot();
    expect(text(watermarkMs!)).toContain('  10:14:31 watermark');
    expect(text(watermarkMs! - dayMs)).toContain('02-29 10:14 watermark');
    expect(text(watermarkMs! - 366 * dayMs)).toContain('2023-03-01 10:14 watermark');
  });

  it('is as recorded as a picture', () => {
    expectGolden('dashboard-80x24.svg', frameSvg(dashboard.frame(sampleSnapshot(), { columns: 80, rows: 24 }), 'cars'));
  });
});
