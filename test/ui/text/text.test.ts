import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatDateTime,
  formatSpan,
  formatTime,
  formatTimeNear,
  formatValue,
  shownUnit,
} from '../../../src/ui/text/numbers.js';
import { padText, textWidth, truncateText } from '../../../src/ui/text/width.js';

describe('numbers', () => {
  it('keeps counts short', () => {
    const shown = [0, 7.25, 999, 9876, 12_345, 123_456, 1_234_567, 98_765_432_100, Number.NaN].map(formatCount);
    expect(shown).toEqual(['0', '7.3', '999', '9,876', '12.3k', '123k', '1.23M', '98.8G', '-']);
  });

  it('writes values with units', () => {
    expect(formatValue(22896.68, 0, '£')).toBe('£22,897');
    expect(formatValue(-5, undefined, '$')).toBe('-$5');
    expect(formatValue(9007199254740993n)).toBe('9,007,199,254,740,993');
    expect(formatValue(12.3456, undefined, 'km')).toBe('12.35 km');
    expect(formatValue(0.5, 0, '%')).toBe('1%');
    expect(formatValue(null)).toBe('-');
    expect(formatValue({ a: [1n] })).toBe('{"a":["1"]}');
    expect([shownUnit('GBP', true), shownUnit('GBP', false), shownUnit('km', true)]).toEqual(['£', 'GBP', 'km']);
  });

  it('writes times in UTC', () => {
    expect(formatTime(Date.UTC(2024, 0, 2, 3, 4, 5))).toBe('03:04:05');
    expect(formatDateTime(Date.UTC(2024, 0, 2, 3, 4, 5))).toBe('2024-01-02 03:04:05');
    expect(formatTime(1e300)).toBe('-');
    const at = Date.UTC(2024, 0, 2, 3, 4, 5);
    expect(formatTimeNear(at, at + 1000)).toBe('03:04:05');
    expect(formatTimeNear(at, at + 86_400_000)).toBe('01-02 03:04');
    expect(formatTimeNear(at, at - 4 * 86_400_000)).toBe('2024-01-02 03:04');
    expect(formatTimeNear(null, at)).toBe('-');
    expect([formatSpan(7_900), formatSpan(725_000), formatSpan(10_921_000)]).toEqual(['0:07', '12:05', '3:02:01']);
  });
});

describe('width', () => {
  it('counts cells, not characters', () => {
    expect(['abc', '日本', 'e\u0301', '👍', '\u200b', '⣿█', 'ﬀ'].map(textWidth)).toEqual([3, 4, 1, 2, 0, 2, 1]);
  });

  it('cuts and pads by cells', () => {
    expect(truncateText('日本車メーカー', 7)).toBe('日本車…');
    expect(truncateText('abc', 3)).toBe('abc');
    expect(padText('日', 4, 'right')).toBe('  日');
    expect(padText('a', 4, 'center')).toBe(' a  ');
  });
});
