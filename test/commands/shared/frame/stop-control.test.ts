import { describe, expect, it } from 'vitest';
import { batchOf } from '../../../../src/base/row-batch.js';
import { StopControl } from '../../../../src/commands/shared/frame/stop-control.js';
import { parseCondition } from '../../../../src/commands/shared/frame/until.js';
import { compileRowsExpression } from '../../../../src/commands/shared/records/rows-expression.js';
import { SimClock } from '../../../support/sim-clock.js';

const NOW = Date.parse('2026-01-02T03:04:05Z');

function control(until: readonly string[], timeoutMs?: number) {
  const clock = new SimClock(NOW);
  const conditions = until.map((text) => parseCondition(text, NOW));
  const expressions = conditions.flatMap((condition) =>
    condition.kind === 'expr' ? [compileRowsExpression(condition.expression)] : [],
  );
  return { clock, stop: new StopControl({ clock, conditions, expressions, timeoutMs }) };
}

const prices = (...values: number[]) =>
  batchOf(
    [{ name: 'price', type: 'double' }],
    values.map((price) => ({ price })),
  );

describe('conditions', () => {
  it.each([
    ['eof', { kind: 'eof' }],
    ['count=100', { kind: 'count', bound: 100 }],
    ['count = 5', { kind: 'count', bound: 5 }],
    ['idle=5s', { kind: 'idle', ms: 5000 }],
    ['duration=1m30s', { kind: 'duration', ms: 90_000 }],
    ['lag=0', { kind: 'lag', bound: 0 }],
    ['windows=3', { kind: 'windows', bound: 3 }],
    ['watermark>=2026-01-02T00:00Z', { kind: 'watermark', timeMs: Date.parse('2026-01-02T00:00Z') }],
    ['watermark>=@-1h', { kind: 'watermark', timeMs: NOW - 3_600_000 }],
    ['expr=avg(price) >= 10', { kind: 'expr', expression: 'avg(price) >= 10' }],
  ])('reads %s', (text, expected) => {
    expect(parseCondition(text, NOW)).toEqual({ text, ...expected });
  });

  it.each(['cuont=3', 'count', 'count=', 'count=0', 'count=x', 'count>=3', 'watermark=now', 'eof=1', 'idle=5', ''])(
    'refuses %j with what there is',
    (text) => {
      expect(() => parseCondition(text, NOW)).toThrow(expect.objectContaining({ code: 'usage', exit: 2 }));
    },
  );

  it('says what was probably meant', () => {
    expect(() => parseCondition('cuont=3', NOW)).toThrow(
      expect.objectContaining({ detail: '"cuont" is unknown, did you mean count?' }),
    );
  });
});

describe('the end of a stream', () => {
  it('comes at the count, and never lets more through', () => {
    const { stop } = control(['count=3']);
    expect(stop.remaining).toBe(3);
    stop.rows(2);
    expect([stop.remaining, stop.signal.aborted]).toEqual([1, false]);
    stop.rows(1);
    expect([stop.remaining, stop.reason, stop.met, stop.signal.aborted]).toEqual([0, 'until count=3', true, true]);
  });

  it('comes only when all conditions hold at the same time', () => {
    const { stop, clock } = control(['count=2', 'lag=0', 'idle=1s']);
    expect(stop.remaining).toBe(Number.POSITIVE_INFINITY);
    stop.rows(5);
    stop.lag(0);
    expect(stop.reason).toBeUndefined();
    clock.jump(999);
    stop.rows(1);
    stop.lag(4);
    clock.jump(5000);
    expect(stop.reason).toBeUndefined();
    stop.lag(0);
    expect(stop.reason).toBe('until count=2 and lag=0 and idle=1s');
  });

  it('comes when nothing was seen for a while, counted from the last row', () => {
    const { stop, clock } = control(['idle=5s']);
    clock.jump(4000);
    stop.rows(1);
    clock.jump(4999);
    expect(stop.reason).toBeUndefined();
    clock.jump(1);
    expect(stop.reason).toBe('until idle=5s');
    expect(clock.pending()).toBe(0);
  });

  it('comes after a duration, at a number of windows, at a watermark, at the end of input', () => {
    const one = control(['duration=30s']);
    one.clock.jump(30_000);
    expect(one.stop.met).toBe(true);
    const two = control(['windows=3']);
    two.stop.windows(2);
    expect(two.stop.met).toBe(false);
    two.stop.windows(1);
    expect(two.stop.met).toBe(true);
    const three = control(['watermark>=2026-01-02T00:00Z']);
    three.stop.watermark(Date.parse('2026-01-01T23:59Z'));
    expect(three.stop.met).toBe(false);
    three.stop.watermark(Date.parse('2026-01-02T00:00Z'));
    expect(three.stop.met).toBe(true);
    const four = control(['eof']);
    expect(four.stop.wantsEof).toBe(true);
    four.stop.eof();
    expect(four.stop.reason).toBe('until eof');
  });

  it('comes when an expression over all rows becomes true', () => {
    const { stop } = control(['expr=avg(price) > 10 AND count(*) >= 3']);
    expect([...stop.wantedColumns]).toEqual(['price']);
    stop.rows(2, prices(5, 7));
    expect(stop.met).toBe(false);
    stop.rows(1, prices(30));
    expect(stop.met).toBe(true);
  });

  it('comes from outside and then stays as it is', () => {
    const { stop } = control(['count=1']);
    stop.stop('interrupted');
    stop.rows(1);
    expect([stop.reason, stop.met, stop.required]).toEqual(['interrupted', false, true]);
  });

  it('comes at the time limit', () => {
    const { stop, clock } = control([], 1000);
    expect(stop.required).toBe(false);
    clock.jump(1000);
    expect(stop.reason).toBe('timeout');
  });

  it('leaves no timer behind', () => {
    const { stop, clock } = control(['idle=5s', 'duration=9s'], 60_000);
    stop.settle();
    expect(clock.pending()).toBe(0);
  });
});

describe('an expression over all rows', () => {
  it('tells what its aggregates are', () => {
    const expression = compileRowsExpression('avg(price) > 10 AND max(price) < 100');
    expression.add(prices(10, 20));
    expect(expression.explain()).toBe('AVG(price) is 15, MAX(price) is 20');
    expect(expression.holds()).toBe(true);
  });

  it('knows that nothing counts 0', () => {
    expect(compileRowsExpression('count(*) = 0').holds()).toBe(true);
    expect(compileRowsExpression('sum(price) > 0').holds()).toBe(false);
    expect(compileRowsExpression('sum(price) IS NULL').holds()).toBe(true);
  });

  it('refuses what says nothing about all rows, and columns that are not there', () => {
    expect(() => compileRowsExpression('price > 10')).toThrow(expect.objectContaining({ code: 'bad-plan' }));
    const expression = compileRowsExpression('avg(prize) > 10');
    expect(() => expression.add(prices(1))).toThrow(
      expect.objectContaining({ code: 'bad-plan', hint: 'did you mean price?' }),
    );
  });
});
