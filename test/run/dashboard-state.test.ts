import { describe, expect, it } from 'vitest';
import { MAX_HISTORY, MAX_NOTES, MAX_RESULT_ROWS, MAX_TREND } from '../../src/plan/snapshot.js';
import { DashboardState } from '../../src/run/dashboard-state.js';
import { SimClock } from '../support/sim-clock.js';

const frame = {
  pipeline: 'cars',
  sink: 'prices',
  pages: [],
  dashboard: { title: 'Cars', panels: [] },
  columns: [
    { name: 'maker', type: 'string' as const },
    { name: 'mean', type: 'double' as const },
  ],
  keys: ['maker'],
  trendColumns: ['mean'],
  place: 'embedded broker',
};

function result(maker: string, mean: number, windowStartMs: number, reason: 'watermark' | 'update' = 'watermark') {
  return { values: [maker, mean], windowStartMs, windowEndMs: windowStartMs + 60_000, reason };
}

describe('DashboardState', () => {
  it('keeps the newest result of each key in the order of first sight, with its trend', () => {
    const state = new DashboardState(frame, new SimClock());
    state.show('prices', result('ford', 1, 0));
    state.show('prices', result('audi', 5, 0));
    state.show('prices', result('ford', 2, 60_000, 'update'));
    state.show('prices', result('ford', 3, 60_000));
    const { rows } = state.snapshot().results;
    expect(rows.map(({ values }) => values)).toEqual([
      ['ford', 3],
      ['audi', 5],
    ]);
    expect(rows[0]).toMatchObject({ trends: [[1, 3]], windowStartMs: 60_000, reason: 'watermark' });
  });

  it('keeps a trend for each column that is drawn, without windows that have no number', () => {
    const columns = [...frame.columns, { name: 'slow', type: 'double' as const }];
    const state = new DashboardState({ ...frame, columns, trendColumns: ['mean', 'slow'] }, new SimClock());
    const show = (mean: number | null, slow: number | null, minute: number): void =>
      state.show('prices', { ...result('ford', 0, minute * 60_000), values: ['ford', mean, slow] });
    show(1, null, 0);
    show(2, 7, 1);
    show(null, 8, 2);
    show(null, 9, 2);
    show(3, 9, 2);
    expect(state.snapshot().results.rows[0]!.trends).toEqual([
      [1, 2, 3],
      [7, 9],
    ]);
  });

  it('does not let an older window replace a newer one', () => {
    const state = new DashboardState(frame, new SimClock());
    state.show('prices', result('ford', 2, 60_000));
    state.show('prices', result('ford', 1, 0));
    expect(state.snapshot().results.rows[0]!.values).toEqual(['ford', 2]);
  });

  it('measures rows and late rows per second, and sums the lag as long as all of it is known', () => {
    const clock = new SimClock();
    const state = new DashboardState(frame, clock);
    state.source('a', 3);
    state.source('b', 1);
    state.read('a', 100);
    state.read('b', 20);
    state.late(3);
    clock.jump(500);
    expect(state.snapshot().rowsPerSecond).toBe(240);
    clock.jump(500);
    state.tick();
    state.read('a', 30);
    clock.jump(2000);
    state.tick();
    const snapshot = state.snapshot();
    expect(snapshot.rowsPerSecond).toBe(15);
    expect(snapshot.history.rowsPerSecond).toEqual([120, 15]);
    expect(snapshot.history.latePerSecond).toEqual([3, 0]);
    expect(snapshot.counts).toMatchObject({ rowsIn: 150, late: 3 });
    expect(snapshot.lag).toBeNull();
    state.lag('a', 4);
    state.lag('b', 6);
    expect(state.snapshot().lag).toBe(10);
    expect(state.snapshot().sources[0]).toEqual({ name: 'a', partitions: 3, rowsIn: 130, lag: 4 });
  });

  it('holds no more than its bounds', () => {
    const clock = new SimClock();
    const state = new DashboardState(frame, clock);
    for (let i = 0; i < MAX_RESULT_ROWS + 5; i++) state.show('prices', result(`key ${i}`, i, 0));
    for (let i = 1; i < MAX_TREND + 5; i++) state.show('prices', result('key 0', i, i * 60_000));
    for (let i = 0; i < MAX_NOTES + 5; i++) state.note('info', `note ${i}`);
    for (let i = 0; i < MAX_HISTORY + 5; i++) {
      clock.jump(1000);
      state.tick();
    }
    const { results, notes, history } = state.snapshot();
    expect(results.rows).toHaveLength(MAX_RESULT_ROWS);
    expect(results.dropped).toBe(5);
    expect(results.rows[0]!.trends![0]).toHaveLength(MAX_TREND);
    expect(notes).toHaveLength(MAX_NOTES);
    expect(notes[0]!.text).toBe('note 5');
    expect(history.rowsPerSecond).toHaveLength(MAX_HISTORY);
  });

  it('gives looks that later events do not change', () => {
    const state = new DashboardState(frame, new SimClock());
    state.show('prices', result('ford', 1, 0));
    const before = state.snapshot();
    const copy = structuredClone(before);
    state.show('prices', result('ford', 2, 60_000));
    state.show('prices', result('audi', 2, 60_000));
    state.note('info', 'x');
    state.read('a', 3);
    expect(before).toEqual(copy);
  });

  it('keeps a final state', () => {
    const state = new DashboardState(frame, new SimClock());
    state.state = 'running';
    state.state = 'done';
    state.state = 'running';
    expect(state.snapshot().state).toBe('done');
  });

  it('keeps the results of each sink that is shown by themselves, and none of others', () => {
    const models = { ...frame, sink: 'models', dashboard: { title: 'Cars', panels: [], sort: 'mean' }, window: '1h' };
    const state = new DashboardState({ ...frame, pages: [models] }, new SimClock());
    state.show('prices', result('ford', 1, 0));
    state.show('models', result('ford', 2, 0));
    state.show('models', result('audi', 3, 0));
    state.show('else', result('bmw', 4, 0));
    state.hide('models', { values: ['ford', 2] });
    const { sink, results, pages } = state.snapshot();
    expect(sink).toBe('prices');
    expect(results.rows.map(({ values }) => values)).toEqual([['ford', 1]]);
    expect(pages).toHaveLength(1);
    expect(pages![0]).toMatchObject({ sink: 'models', window: '1h', dashboard: { sort: 'mean' } });
    expect(pages![0]!.results.rows.map(({ values }) => values)).toEqual([['audi', 3]]);
  });
});
