import { describe, expect, it } from 'vitest';
import { parseTime } from '../../../../src/commands/shared/frame/time-text.js';
import { parseOffsetRange } from '../../../../src/commands/shared/records/offset-range.js';
import { partitionsOf, readPartitions } from '../../../../src/commands/shared/records/partitions.js';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const at = (iso: string) => ({ kind: 'time', timeMs: Date.parse(iso) });
const start = { kind: 'start' };
const end = { kind: 'end' };

describe('-o', () => {
  it.each([
    ['start', start, undefined],
    ['beginning', start, undefined],
    ['end', end, undefined],
    ['42', { kind: 'offset', offset: 42 }, undefined],
    ['+10', { kind: 'relative', count: 10 }, undefined],
    ['-10', { kind: 'relative', count: -10 }, undefined],
    ['10:20', { kind: 'offset', offset: 10 }, { kind: 'offset', offset: 20 }],
    [':end', start, end],
    ['5:', { kind: 'offset', offset: 5 }, undefined],
    ['-10:end', { kind: 'relative', count: -10 }, end],
    ['@-1h', { kind: 'time', timeMs: NOW - 3_600_000 }, undefined],
    ['@1644832800', at('2022-02-14T10:00:00Z'), undefined],
    ['@2022-02-14T10:00Z', at('2022-02-14T10:00Z'), undefined],
    ['@2022-02-14', at('2022-02-14T00:00Z'), undefined],
    ['@2022-02-14T10:00Z:2022-02-14T11:00Z', at('2022-02-14T10:00Z'), at('2022-02-14T11:00Z')],
    ['@-2h:-1h', { kind: 'time', timeMs: NOW - 7_200_000 }, { kind: 'time', timeMs: NOW - 3_600_000 }],
    ['@-1h:end', { kind: 'time', timeMs: NOW - 3_600_000 }, end],
    ['@2022-02-14T10:00:30Z:', at('2022-02-14T10:00:30Z'), undefined],
  ])('%s', (text, from, to) => {
    expect(parseOffsetRange(text, NOW)).toEqual({ from, to });
  });

  it.each(['', 'begin', '1.5', '@', '@yesterday', '1:2:3', 'a:b', '@2022-02-14T10:00Z:x'])('refuses %j', (text) => {
    expect(() => parseOffsetRange(text, NOW)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('times', () => {
  it.each([
    ['now', NOW],
    ['1644832800', 1_644_832_800_000],
    ['1644832800123', 1_644_832_800_123],
    ['1644832800123456789', 1_644_832_800_123],
    ['2022-02-14 10:00', Date.parse('2022-02-14T10:00Z')],
    ['2022-02-14T10:00:00.5+01:00', Date.parse('2022-02-14T09:00:00.500Z')],
    ['+30s', NOW + 30_000],
  ])('%s', (text, expected) => {
    expect(parseTime(text, NOW)).toBe(expected);
  });
});

describe('-p', () => {
  const topic = {
    name: 't',
    topicId: '',
    internal: false,
    partitions: [0, 1, 2].map((partition) => ({
      partition,
      leader: 0,
      leaderEpoch: 0,
      replicas: [0],
      inSync: [0],
      offline: [],
      errorCode: 0,
    })),
  };

  it('reads numbers and ranges', () => {
    expect(readPartitions([], false)).toBeUndefined();
    // `-p ""`: a name that is missing is not all of them.
    expect(() => readPartitions([], true)).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(readPartitions(['2', '0-1', '1'], true)).toEqual([0, 1, 2]);
    for (const text of ['x', '3-1', '-1', '1.5']) {
      expect(() => readPartitions([text], true)).toThrow(expect.objectContaining({ code: 'usage' }));
    }
  });

  it('names a partition that is not there', () => {
    expect(partitionsOf(topic, undefined)).toHaveLength(3);
    expect(() => partitionsOf(topic, [3])).toThrow(
      expect.objectContaining({ code: 'not-found', detail: 'its partitions are 0 to 2' }),
    );
  });
});
