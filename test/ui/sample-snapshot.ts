import type { DashboardPage, DashboardSnapshot, ResultRow } from '../../src/plan/snapshot.js';

const START = Date.UTC(2024, 2, 1, 10, 0, 0);
const MAKERS: readonly (readonly [name: string, count: number, mean: number, min: number, max: number])[] = [
  ['audi', 212, 22896.68, 2490, 145000],
  ['bmw', 198, 22733.41, 1200, 123456],
  ['ford', 301, 12280.08, 495, 54995],
  ['hyundai', 96, 12750.13, 1200, 92000],
  ['toyota', 134, 12522.39, 850, 59995],
  ['vw', 287, 16838.95, 899, 69994],
  ['mercedes', 174, 24698.6, 650, 159999],
  ['skoda', 121, 14275.45, 995, 91874],
];

function row([name, count, mean, min, max]: (typeof MAKERS)[number], at: number): ResultRow {
  const trend = Array.from({ length: 14 }, (_, step) => mean * (1 + 0.12 * Math.sin(step / 2 + at)));
  return {
    values: [name, count, mean, min, max],
    windowStartMs: START + 13 * 60_000,
    windowEndMs: START + 14 * 60_000,
    reason: at === 3 ? 'idle' : 'watermark',
    trends: [trend],
  };
}

/** A run in full swing, always the same. */
export function sampleSnapshot(change: Partial<DashboardSnapshot> = {}): DashboardSnapshot {
  const rowsPerSecond = Array.from({ length: 90 }, (_, at) =>
    Math.round(640 + 380 * Math.sin(at / 7) + 160 * Math.sin(at / 2.3)),
  );
  return {
    pipeline: 'cars',
    dashboard: {
      title: 'Used cars: what they cost',
      panels: [
        { kind: 'bars', title: 'Mean price', label: 'manufacturer', value: 'avg_price' },
        { kind: 'table', title: 'Newest window of each manufacturer' },
        { kind: 'sparkline', title: 'Rows per second', metric: 'rowsPerSecond' },
        { kind: 'line', title: 'Mean price, window by window', label: 'manufacturer', values: ['avg_price'] },
      ],
      sort: '-avg_price',
    },
    state: 'running',
    atMs: START + 15 * 60_000,
    elapsedMs: 92_000,
    counts: { rowsIn: 61_234, resultsOut: 112, windowsClosed: 112, late: 3, rejected: 17 },
    rowsPerSecond: 1012,
    lag: 420,
    watermarkMs: START + 14 * 60_000 + 31_000,
    latenessMs: 5000,
    window: '1m tumbling',
    history: {
      rowsPerSecond,
      lag: rowsPerSecond.map((rate) => 1100 - rate),
      latePerSecond: rowsPerSecond.map(() => 0),
    },
    sources: [{ name: 'trafic_cars', partitions: 3, rowsIn: 61_234, lag: 420 }],
    sink: 'prices',
    results: {
      columns: [
        { name: 'manufacturer', type: 'string' },
        { name: 'count', type: 'bigint' },
        { name: 'avg_price', type: 'double', unit: 'GBP' },
        { name: 'min_price', type: 'double', unit: 'GBP' },
        { name: 'max_price', type: 'double', unit: 'GBP' },
      ],
      keys: ['manufacturer'],
      rows: MAKERS.map(row),
      trendColumns: ['avg_price'],
    },
    notes: [
      { atMs: START, level: 'info', text: 'reading trafic_cars from the start, 3 partitions' },
      { atMs: START + 61_000, level: 'warning', text: 'lot 7: 2 rows rejected, year 2060 is in the future' },
      { atMs: START + 75_000, level: 'info', text: 'lot 12: 100 rows, next in 10s' },
    ],
    place: 'embedded broker',
    ...change,
  };
}

/** A page of another sink of the same run. */
export function samplePage(): DashboardPage {
  const models = [
    ['ford Focus', 88, 12_300],
    ['vw Golf', 81, 15_450],
    ['audi A3', 64, 17_020],
    ['bmw 3 Series', 52, 20_880],
  ] as const;
  return {
    sink: 'models',
    window: '1h tumbling',
    dashboard: {
      title: 'Used cars: what they cost',
      panels: [
        { kind: 'table', title: 'Models' },
        { kind: 'bars', title: 'Adverts of each model', label: 'model', value: 'adverts' },
      ],
      sort: '-adverts',
    },
    results: {
      columns: [
        { name: 'model', type: 'string' },
        { name: 'adverts', type: 'bigint' },
        { name: 'avg_price', type: 'double', unit: 'GBP' },
      ],
      keys: ['model'],
      rows: models.map((values) => ({ values, reason: 'update' })),
    },
  };
}
