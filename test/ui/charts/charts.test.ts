import { describe, expect, it } from 'vitest';
import { paintBars } from '../../../src/ui/charts/bars.js';
import { paintLines } from '../../../src/ui/charts/line.js';
import { makeLook } from '../../../src/ui/charts/look.js';
import { paintSparkline, sparkText } from '../../../src/ui/charts/sparkline.js';
import { paintTable } from '../../../src/ui/charts/table.js';
import { frameText } from '../../../src/ui/frames/frame-text.js';
import type { CellGrid } from '../../../src/ui/terminal/cells.js';

const look = makeLook(true);
const ascii = makeLook(false);
const lines = (grid: CellGrid): string[] => frameText(grid).split('\n').slice(0, -1);

describe('paintBars', () => {
  it('draws lengths to an eighth of a cell, in proportion', () => {
    const bars = [
      { label: 'a', value: 8 },
      { label: 'bb', value: 4.5 },
      { label: 'c', value: 0 },
      { label: 'd', value: null },
    ];
    expect(lines(paintBars({ bars, digits: 1 }, { columns: 16, rows: 7 }, look))).toEqual([
      ' a █████████ 8.0',
      '',
      'bb █████▏ 4.5',
      '',
      ' c  0.0',
      '',
      ' d  -',
    ]);
    expect(lines(paintBars({ bars: bars.slice(0, 2) }, { columns: 14, rows: 2 }, ascii))).toEqual([
      ' a ====== 8',
      'bb === 4.50',
    ]);
  });

  it('counts what finds no room', () => {
    const bars = Array.from({ length: 9 }, (_, at) => ({ label: `k${at}`, value: 1 }));
    expect(lines(paintBars({ bars }, { columns: 20, rows: 3 }, look))[2]).toBe('   … 7 more');
  });

  it('cuts long labels and shows negative values', () => {
    const bars = [{ label: 'a very long label indeed', value: -5 }];
    expect(lines(paintBars({ bars, unit: '£' }, { columns: 30, rows: 1 }, look))).toEqual([
      'a very l… ████████████████ -£5',
    ]);
  });
});

describe('paintSparkline', () => {
  it('fills columns to an eighth, newest at the right', () => {
    const grid = paintSparkline({ values: [0, 2, 4, 8] }, { columns: 4, rows: 1 }, look);
    expect(lines(grid)).toEqual(['▁▂▄█']);
    const high = paintSparkline({ values: [1, 2, 3, 4] }, { columns: 4, rows: 2 }, look);
    expect(lines(high)).toEqual(['  ▄█', '▄███']);
  });

  it('shows the last values where there are more than columns, and stretches few', () => {
    expect(lines(paintSparkline({ values: [9, 9, 1, 1] }, { columns: 2, rows: 1 }, look))).toEqual(['██']);
    expect(lines(paintSparkline({ values: [1, 2] }, { columns: 6, rows: 1 }, look))).toEqual(['▄▄▄███']);
    expect(lines(paintSparkline({ values: [] }, { columns: 3, rows: 1 }, look))).toEqual(['']);
  });

  it('writes a line of levels', () => {
    expect(sparkText([1, 2, 3], 5, true)).toBe('▁▅█');
    expect(sparkText([5, 5], 5, true)).toBe('▅▅');
    expect(sparkText([], 5, true)).toBe('');
  });
});

describe('paintLines', () => {
  it('ends all lines together: a shorter one begins later', () => {
    const long = { label: 'long', values: [0, 0, 0, 0, 0, 0, 0, 0, 0] };
    const short = { label: 'short', values: [9, 9, 9] };
    const grid = paintLines({ series: [long, short] }, { columns: 16, rows: 4 }, { ...look, unicode: false });
    const rows = lines(grid).map((line) => line.slice(7));
    expect(rows[0]).toBe('      ***');
    expect(rows.at(-1)).toBe('*********');
  });

  it('draws a line from the lower left to the upper right', () => {
    const grid = paintLines({ series: [{ label: 'x', values: [0, 10] }] }, { columns: 12, rows: 2 }, look);
    expect(lines(grid)).toEqual(['    10   ⢀⠤⠊', '     0 ⡠⠒⠁']);
  });

  it('leaves out what is no number', () => {
    const series = [{ label: 'x', values: [Number.NaN, Number.POSITIVE_INFINITY] }];
    expect(lines(paintLines({ series }, { columns: 20, rows: 3 }, look))).toEqual(['', '', '']);
  });
});

describe('paintTable', () => {
  const data = {
    columns: [
      { title: 'name', align: 'left', sorted: 'down' },
      { title: 'count', align: 'right' },
      { title: 'far away', align: 'left' },
    ],
    rows: Array.from({ length: 5 }, (_, at) => [`key ${at}`, String(10 ** at), 'x']),
  } as const;

  it('aligns, leaves out columns from the right and counts rows', () => {
    expect(lines(paintTable(data, { columns: 14, rows: 4 }, look))).toEqual([
      'name▼    count',
      'key 0        1',
      'key 1       10',
      '1-2 of 5',
    ]);
    expect(lines(paintTable({ ...data, scroll: 99 }, { columns: 14, rows: 4 }, look))[3]).toBe('4-5 of 5');
    expect(lines(paintTable(data, { columns: 40, rows: 6 }, look))[5]).toMatch(/^key 4 +10000 +x$/);
  });
});
