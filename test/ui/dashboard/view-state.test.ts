import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import { shownRows } from '../../../src/ui/dashboard/model.js';
import { initialView, MAX_FILTER, reduceView, type ViewState } from '../../../src/ui/dashboard/view-state.js';
import { KeyParser } from '../../../src/ui/terminal/keys.js';
import { sampleSnapshot } from '../sample-snapshot.js';

const scope = { columns: ['avg_price', 'manufacturer'], rowCount: 30, sorts: ['-avg_price', undefined, 'n'] };

function typed(text: string, view: ViewState = initialView()): ViewState {
  return new KeyParser().push(utf8(text)).reduce((state, key) => reduceView(state, key, scope), view);
}

describe('reduceView', () => {
  it('quits with q and Ctrl-C, also while a filter is typed only with Ctrl-C', () => {
    expect(typed('q').quit).toBe(true);
    expect(typed('\u0003').quit).toBe(true);
    expect(typed('/q').quit).toBe(false);
    expect(typed('/q\u0003').quit).toBe(true);
  });

  it('holds and goes on', () => {
    expect(typed('p').paused).toBe(true);
    expect(typed('pp').paused).toBe(false);
    expect(typed(' ').paused).toBe(true);
  });

  it('walks through the orders and turns them around', () => {
    expect(typed('s').sort).toEqual({ column: 'avg_price', descending: true });
    expect(typed('ss').sort).toEqual({ column: 'avg_price', descending: false });
    expect(typed('sss').sort).toEqual({ column: 'manufacturer', descending: true });
    expect(typed('sssss').sort).toBeNull();
    expect(typed('sS').sort).toEqual({ column: 'avg_price', descending: false });
    expect(initialView('-avg_price').sort).toEqual({ column: 'avg_price', descending: true });
  });

  it('edits a filter: Enter keeps it, Escape drops the draft, then the filter', () => {
    expect(typed('/au').draft).toBe('au');
    expect(typed('/au').filter).toBe('');
    expect(typed('/au\r')).toMatchObject({ filter: 'au', draft: undefined });
    expect(typed('/aux\u007f\r').filter).toBe('au');
    expect(typed('/au\r/x\u0015bmw\r').filter).toBe('bmw');
    expect(typed('/au\r/x\u001b')).toMatchObject({ filter: 'au', draft: undefined });
    expect(typed('/au\r\u001b').filter).toBe('');
    expect(typed(`/${'x'.repeat(500)}`).draft).toHaveLength(MAX_FILTER);
  });

  it('scrolls within the rows', () => {
    expect(typed('\u001b[B\u001b[Bj').scroll).toBe(3);
    expect(typed('\u001b[A').scroll).toBe(0);
    expect(typed('\u001b[F').scroll).toBe(29);
    expect(typed('\u001b[F\u001b[5~\u001b[H').scroll).toBe(0);
  });

  it('turns pages, each with its own order', () => {
    const start = initialView('-avg_price');
    expect(typed('\t', start)).toMatchObject({ page: 1, sort: null });
    expect(typed('\t\u001b[C', start)).toMatchObject({ page: 2, sort: { column: 'n', descending: false } });
    expect(typed('\t\t\t', start)).toEqual(start);
    expect(typed('\u001b[D', start).page).toBe(2);
    expect(typed('3j2', start)).toMatchObject({ page: 1, scroll: 0 });
    expect(typed('9', start)).toEqual(start);
    expect(typed('/2\t', start)).toMatchObject({ page: 0, draft: '2' });
  });

  it('shows help until the next key', () => {
    expect(typed('?').help).toBe(true);
    expect(typed('?\u001b').help).toBe(false);
    expect(typed('??').help).toBe(false);
  });
});

describe('shownRows', () => {
  const { results } = sampleSnapshot();
  const names = (view: ViewState): unknown[] => shownRows(results, view).map((row) => row.values[0]);

  it('filters by key without regard to case and sorts with nulls last', () => {
    expect(names({ ...initialView('manufacturer'), filter: 'O' })).toEqual(['ford', 'skoda', 'toyota']);
    expect(names(initialView('-avg_price'))[0]).toBe('mercedes');
    const rows = [...results.rows.slice(0, 2), { values: ['none', 1, null, null, null] }];
    const sorted = (sort: string): unknown[] =>
      shownRows({ ...results, rows }, initialView(sort)).map((row) => row.values[0]);
    expect(sorted('avg_price').at(-1)).toBe('none');
    expect(sorted('-avg_price').at(-1)).toBe('none');
  });

  it('keeps the order of arrival for an unknown column', () => {
    expect(names(initialView('nowhere'))).toEqual(results.rows.map((row) => row.values[0]));
  });
});
