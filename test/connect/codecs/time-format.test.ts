import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import { timeParser } from '../../../src/connect/codecs/time-format.js';

const read = (text: string, format = 'auto', zone = 'UTC'): string => {
  const time = timeParser(format, zone)(utf8(text));
  return Number.isNaN(time) ? 'none' : new Date(time).toISOString();
};

describe('timeParser', () => {
  it.each([
    ['2023-11-14T22:13:20Z', 'auto', 'UTC', '2023-11-14T22:13:20.000Z'],
    ['2023-11-14 22:13:20.5', 'auto', '+02:00', '2023-11-14T20:13:20.500Z'],
    ['2023-11-14 22:13:20+01:00', 'auto', '+02:00', '2023-11-14T21:13:20.000Z'],
    ['1700000000', 'auto', 'UTC', '2023-11-14T22:13:20.000Z'],
    ['1700000000000', 'auto', 'UTC', '2023-11-14T22:13:20.000Z'],
    ['11/06/2020 00:00:00', 'MM/DD/YYYY HH:mm:ss', 'UTC', '2020-11-06T00:00:00.000Z'],
    ['6.11.2020', 'DD.MM.YYYY', 'UTC', '2020-11-06T00:00:00.000Z'],
    ['2020-07-01 12:00', 'YYYY-MM-DD HH:mm', 'Europe/Paris', '2020-07-01T10:00:00.000Z'],
    ['2020-01-01 12:00', 'YYYY-MM-DD HH:mm', 'Europe/Paris', '2020-01-01T11:00:00.000Z'],
    ['2020-01-01T12:00:00.250-0500', 'YYYY-MM-DDTHH:mm:ss.SSSZ', 'UTC', '2020-01-01T17:00:00.250Z'],
    ['11/06/2020', 'auto', 'UTC', 'none'],
    ['31.02.2020', 'DD.MM.YYYY', 'UTC', 'none'],
  ])('reads %s by %s in %s', (text, format, zone, expected) => {
    expect(read(text, format, zone)).toBe(expected);
  });

  it('refuses patterns and zones it does not know', () => {
    expect(() => timeParser('HH:mm', 'UTC')).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => timeParser('YYYY YYYY', 'UTC')).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => timeParser('auto', 'Mars/Phobos')).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
