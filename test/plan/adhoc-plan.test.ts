import { expect, it } from 'vitest';
import { adhocPlan } from '../../src/plan/adhoc-plan.js';

const columns = [
  { name: 'ts', type: 'double' },
  { name: 'at', type: 'string' },
  { name: 'price', type: 'double' },
] as const;

it('takes a column of numbers as epoch milliseconds when it is the event time', () => {
  const { sources } = adhocPlan({ topic: 't', columns, time: 'ts', window: '1m', aggregates: 'avg(price)' });
  expect(sources[0]!.eventTime).toEqual({ kind: 'column', name: 'ts' });
  expect(sources[0]!.columns.map(({ type }) => type)).toEqual(['bigint', 'string', 'double']);
});

it('reads times from text', () => {
  const { sources } = adhocPlan({ topic: 't', columns, time: 'at', window: '1m' });
  expect(sources[0]!.eventTime).toMatchObject({ kind: 'computed', name: 'at_time' });
});
