import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { datePattern } from '../../src/base/date-pattern.js';
import { isTimeZone, zonedTimeMs, zoneOffsetMs } from '../../src/base/time-zones.js';

const NAMES = [
  'Europe/Paris',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'UTC',
  '+05:45',
];
const time = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2100, 0, 1) });

/** What the clocks show, by the calendar of Intl: another way than the one under test. */
function shown(zone: string, ms: number): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(ms);
  const [year, month, day, hour, minute, second] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map((type) =>
    Number(parts.find((part) => part.type === type)!.value),
  );
  return Date.UTC(year!, month! - 1, day, hour, minute, second) + (((ms % 1000) + 1000) % 1000);
}

describe('time zones', () => {
  it('agrees with the calendar at any time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES.filter((name) => name !== '+05:45')), time, (zone, ms) => {
        expect(ms + zoneOffsetMs(zone, ms)!).toBe(shown(zone, ms));
      }),
      { numRuns: 500 },
    );
  });

  it('finds the time that a clock shows, the earlier of two', () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), time, (zone, ms) => {
        const clock = ms + zoneOffsetMs(zone, ms)!;
        const found = zonedTimeMs(zone, clock)!;
        expect(found + zoneOffsetMs(zone, found)!).toBe(clock);
        expect(found).toBeLessThanOrEqual(ms);
      }),
      { numRuns: 500 },
    );
  });

  it('goes over the hours that clocks jump over or show twice as Java does', () => {
    const paris = (text: string): string => new Date(zonedTimeMs('Europe/Paris', Date.parse(text))!).toISOString();
    expect(paris('2024-03-31T02:30:00Z')).toBe('2024-03-31T01:30:00.000Z');
    expect(paris('2024-10-27T02:30:00Z')).toBe('2024-10-27T00:30:00.000Z');
    expect(paris('2024-10-27T03:00:00Z')).toBe('2024-10-27T02:00:00.000Z');
  });

  it('knows which zones there are', () => {
    expect(['Europe/Paris', 'UTC', 'GMT+2', '+02:00', 'Z'].every(isTimeZone)).toBe(true);
    expect(['', 'Europe/Pari', '+25:00', 'x'].some(isTimeZone)).toBe(false);
  });
});

describe('patterns of times', () => {
  it.each([
    ['yyyy-MM-dd HH:mm:ss.SSS', '2024-02-29 13:04:05.678'],
    ["EEE d MMM yy, h:mm a 'o''clock'", "Thu 29 Feb 24, 1:04 PM o'clock"],
    ['yyyyMMddHHmmss', '20240229130405'],
    ['D/yyyy', '60/2024'],
    ["yyyy-MM-dd'T'HH", '2024-02-29T13'],
    ['EEEE MMMM', 'Thursday February'],
  ])('%s', (pattern, text) => {
    const found = datePattern(pattern);
    if (typeof found === 'string') throw new Error(found);
    expect(found.format(Date.UTC(2024, 1, 29, 13, 4, 5, 678))).toBe(text);
  });

  it('reads back what it writes', () => {
    const pattern = datePattern('yyyy-MM-dd HH:mm:ss.SSS');
    if (typeof pattern === 'string') throw new Error(pattern);
    fc.assert(
      fc.property(time, (ms) => {
        expect(pattern.parse(pattern.format(ms))).toBe(ms);
      }),
    );
    for (const text of ['2023-02-29 00:00:00.000', '2024-13-01 00:00:00.000', '2024-01-01 24:00:00.000', '', '2024'])
      expect(pattern.parse(text)).toBeNaN();
  });

  it('refuses letters that are not offered', () => {
    expect(datePattern('yyyy-QQ')).toContain('"Q"');
    expect(datePattern("yyyy 'a")).toContain('does not end');
  });
});
