import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, isoText, parseDuration } from '../../src/base/time.js';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['1.5s', 1500],
    ['1d', 86_400_000],
    ['0', 0],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '10', 's', '10 s', '-1s', '1x', 's10', '1s!'])('refuses "%s"', (text) => {
    expect(() => parseDuration(text)).toThrow(/is not a duration/);
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.nat(400_000_000), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

describe('isoText', () => {
  it('is what a Date gives, of any millisecond, and of parts of one', () => {
    const [first, last] = [
      Date.UTC(2000, 0, 1) - 2000 * 365.2425 * 86_400_000,
      Date.UTC(9999, 11, 31, 23, 59, 59, 999),
    ];
    const time = fc.oneof(
      fc.integer({ min: first, max: last }),
      fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true }),
      fc.constantFrom(first - 1, first, last, last + 1, -1, -0.5, 0, 0.9),
    );
    fc.assert(
      fc.property(time, (ms) => {
        expect(isoText(ms)).toBe(new Date(ms).toISOString());
      }),
      { numRuns: 5000 },
    );
    for (const day of ['1600-02-29', '1900-02-28', '1970-01-01', '2000-02-29', '2000-03-01', '2024-12-31'])
      expect(isoText(Date.parse(day))).toBe(`${day}T00:00:00.000Z`);
  });
});
