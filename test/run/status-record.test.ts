import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { MAX_RESULT_ROWS } from '../../src/plan/snapshot.js';
import { type CheckpointMark, decodeMark, encodeMark } from '../../src/run/checkpoint-mark.js';
import { DashboardState } from '../../src/run/dashboard-state.js';
import { decodeStatus, encodeStatus, MAX_STATUS_BYTES } from '../../src/run/status-record.js';
import { SimClock } from '../support/sim-clock.js';

const page = {
  dashboard: { title: 'P', panels: [] },
  columns: [
    { name: 'k', type: 'string' as const },
    { name: 'v', type: 'bigint' as const },
  ],
  keys: ['k'],
  trendColumns: ['v'],
};

function stateOf(rows: number, trend: number, nameLength = 10, pages: readonly string[] = []): DashboardState {
  const state = new DashboardState(
    {
      pipeline: 'p',
      pages: pages.map((sink) => ({ ...page, sink })),
      ...page,
      sink: 's',
    },
    new SimClock(),
  );
  for (let window = 0; window < trend; window++) {
    for (let row = 0; row < rows; row++) {
      const values = [`${row}`.padEnd(nameLength), window === 0 ? 2n ** 60n : window];
      for (const sink of ['s', ...pages])
        state.show(sink, { values, windowStartMs: window, windowEndMs: window + 1, reason: 'watermark' });
    }
  }
  return state;
}

describe('status records', () => {
  it('come back as they were, big integers included', () => {
    const snapshot = stateOf(3, 1).snapshot();
    expect(decodeStatus(encodeStatus({ runId: 'r', snapshot }))).toEqual({ runId: 'r', snapshot });
  });

  it('are bounded with all their pages', () => {
    const snapshot = stateOf(MAX_RESULT_ROWS, 1, 100, ['t', 'u', 'v']).snapshot();
    const bytes = encodeStatus({ runId: 'r', snapshot });
    expect(bytes.length).toBeLessThanOrEqual(MAX_STATUS_BYTES);
    const { results, pages } = decodeStatus(bytes).snapshot;
    for (const table of [results, ...pages!.map((one) => one.results)]) {
      expect(table.rows.length).toBeGreaterThan(100);
      expect(table.rows.length + table.dropped!).toBe(MAX_RESULT_ROWS);
    }
  });

  it('lose trends, then rows, when they would be too large', () => {
    const wide = stateOf(MAX_RESULT_ROWS, 60).snapshot();
    const slim = encodeStatus({ runId: 'r', snapshot: wide });
    expect(slim.length).toBeLessThanOrEqual(MAX_STATUS_BYTES);
    const back = decodeStatus(slim).snapshot.results;
    expect(back.rows).toHaveLength(MAX_RESULT_ROWS);
    expect(back.rows[0]!.trends).toBeUndefined();

    const huge = encodeStatus({ runId: 'r', snapshot: stateOf(MAX_RESULT_ROWS, 1, 2_000).snapshot() });
    expect(huge.length).toBeLessThanOrEqual(MAX_STATUS_BYTES);
    const { rows, dropped } = decodeStatus(huge).snapshot.results;
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.length + dropped!).toBe(MAX_RESULT_ROWS);
  });

  it('refuse what is no status', () => {
    expect(() => decodeStatus(utf8('{"v":99,"snapshot":{}}'))).toThrow(/no status record/);
    expect(() => decodeStatus(utf8('no'))).toThrow(/no status record/);
    expect(() => decodeStatus(utf8('null'))).toThrow(/no status record/);
  });
});

describe('checkpoint marks', () => {
  it('come back as they were and ignore what others wrote', () => {
    const state = { owner: 'state', slot: 1, offset: 12, chunks: 3, bytes: 99, crc: 4294967295 };
    const marks: CheckpointMark[] = [
      { kind: 'whole', state, closedAtEof: true, newest: { trips: 1_700_000_000_000 } },
      { kind: 'whole', state: undefined, closedAtEof: false, newest: {} },
      { kind: 'first', newest: { trips: -1 }, base: state },
      { kind: 'second', state, closedAtEof: false, shares: 3 },
    ];
    for (const mark of marks)
      expect(decodeMark(encodeMark(mark))).toEqual(JSON.parse(JSON.stringify({ streamctl: 2, ...mark })));
    for (const foreign of [undefined, '', 'x', '{', '{"streamctl":1}', '[]'])
      expect(decodeMark(foreign)).toBeUndefined();
  });
});
