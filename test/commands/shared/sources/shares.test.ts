import { describe, expect, it } from 'vitest';
import { readLate, readShare } from '../../../../src/commands/shared/sources/shares.js';

const usage = expect.objectContaining({ code: 'usage' });

describe('readShare', () => {
  it('reads per cent, and nothing as 0', () => {
    expect(['2%', '0.5%', '100%', '0%', '0', ' 0 '].map((text) => readShare('--dup', text))).toEqual([
      0.02, 0.005, 1, 0, 0, 0,
    ]);
  });

  it.each(['2', '0.02', '-1%', '101%', '', 'two'])('refuses %j', (text) => {
    expect(() => readShare('--dup', text)).toThrow(usage);
  });

  it('says up to where it goes', () => {
    expect(() => readShare('--jitter', '60%', 0.5)).toThrow(/up to 50%/);
  });
});

describe('readLate', () => {
  it('reads a share and how late it is', () => {
    expect(readLate('2%:5m')).toEqual({ share: 0.02, byMs: 300_000 });
    expect(() => readLate('2%')).toThrow(usage);
  });
});
