import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../../src/base/bytes.js';
import { systemFiles } from '../../../../src/base/system.js';
import { expandFiles } from '../../../../src/commands/shared/sources/file-pattern.js';
import { checkNames } from '../../../../src/commands/shared/sources/open-file.js';
import { readDisorder } from '../../../../src/commands/shared/sources/replay-order.js';
import { watchedFiles } from '../../../../src/commands/shared/sources/watched-folder.js';
import { SimClock } from '../../../support/sim-clock.js';
import { SimFiles } from '../../../support/sim-files.js';

function filesOf(...paths: readonly string[]): SimFiles {
  const files = new SimFiles();
  for (const path of paths) {
    files.makeFolder(path.replace(/\/[^/]*$/, ''));
    write(files, path, 'x');
  }
  return files;
}

function write(files: SimFiles, path: string, text: string): void {
  const file = files.open(path, 'append');
  file.write([utf8(text)], file.size());
  file.close();
}

describe('expandFiles', () => {
  const files = filesOf(
    '/d/part2.csv',
    '/d/part10.csv',
    '/d/.hidden.csv',
    '/d/b.tsv',
    '/d/sub/deep/c.csv',
    '/d/[x].csv',
    "/d/it's.csv",
  );
  const expand = (...args: string[]): string[] =>
    expandFiles(args, files, (path) => (path.startsWith('/') ? path : `/d/${path}`.replace(/\/\.$/, '')));

  it('leaves names that exist, and standard input, as they are', () => {
    expect(expand('-', 'b.tsv', '[x].csv', "it's.csv", '/d/b.tsv')).toEqual([
      '-',
      'b.tsv',
      '[x].csv',
      "it's.csv",
      '/d/b.tsv',
    ]);
  });

  it.each([
    ['part*.csv', ['part2.csv', 'part10.csv']],
    ['part?.csv', ['part2.csv']],
    ['part[0-9].csv', ['part2.csv']],
    ['part[!0-2]*', []],
    ['/d/*.tsv', ['/d/b.tsv']],
    ['**/*.csv', ['[x].csv', "it's.csv", 'part2.csv', 'part10.csv', 'sub/deep/c.csv']],
    ['sub\\*\\c.csv', ['sub/deep/c.csv']],
    ["'part*'", ['part2.csv', 'part10.csv']],
    ["'b.tsv'", ['b.tsv']],
  ])('%s', (pattern, expected) => {
    if (expected.length === 0) {
      expect(() => expand(pattern)).toThrow(
        expect.objectContaining({ code: 'not-found', message: `no file is called ${pattern}` }),
      );
    } else expect(expand(pattern).sort()).toEqual([...expected].sort());
  });

  it('counts as people do', () => {
    expect(expand('part*.csv')).toEqual(['part2.csv', 'part10.csv']);
    expect(() => expand('nothing.csv')).toThrow(expect.objectContaining({ message: 'nothing.csv does not exist' }));
  });
});

describe('expandFiles on a disk', () => {
  it('looks for files in folders only, and refuses what is no pattern', () => {
    const folder = mkdtempSync(join(tmpdir(), 'patterns-'));
    mkdirSync(join(folder, 'sub'));
    for (const name of ['README.md', 'sub/c.csv']) writeFileSync(join(folder, name), 'x');
    const expand = (pattern: string): string[] => expandFiles([pattern], systemFiles, (path) => join(folder, path));
    try {
      expect(expand('*/*.csv')).toEqual(['sub/c.csv']);
      expect(() => expand('sub/[z-a].csv')).toThrow(expect.objectContaining({ code: 'usage' }));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('checkNames', () => {
  it('refuses files that one name stands for, but not the sheets of one', () => {
    const twice = [{ file: 'a/data.csv' }, { file: 'b.csv' }, { file: 'b/data.csv' }];
    expect(() => checkNames(twice)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: '--resume: a/data.csv and b/data.csv are both called data.csv',
      }),
    );
    checkNames(['A', 'B'].map((sheet) => ({ file: 'book.xlsx', sheet, isOneOfMany: true })));
  });
});

describe('watchedFiles', () => {
  it('gives each file once it is complete, and only once', async () => {
    const files = filesOf('/in/1.csv', '/in/2.csv.part', '/in/.3.csv');
    files.makeFolder('/in/folder');
    const clock = new SimClock();
    const stop = new AbortController();
    const found: string[] = [];
    const watching = (async () => {
      for await (const file of watchedFiles('/in', { files, clock, signal: stop.signal })) found.push(file);
    })();
    const second = (): Promise<void> => clock.advance(1000).then(() => undefined);
    await second();
    expect(found).toEqual(['/in/1.csv']);
    write(files, '/in/10.csv', 'a');
    write(files, '/in/9.csv', 'a');
    await second();
    write(files, '/in/9.csv', 'b');
    await second();
    expect(found).toEqual(['/in/1.csv', '/in/10.csv']);
    files.rename('/in/2.csv.part', '/in/2.csv');
    await second();
    await second();
    await second();
    expect(found).toEqual(['/in/1.csv', '/in/10.csv', '/in/9.csv', '/in/2.csv']);
    stop.abort();
    await second();
    await watching;
  });
});

describe('readDisorder', () => {
  const none = {
    time: 't',
    sortByTime: false,
    merge: false,
    shuffle: undefined,
    late: undefined,
    dup: undefined,
    seed: undefined,
  };

  it('reads shares and delays', () => {
    expect(readDisorder(none)).toBeUndefined();
    expect(readDisorder({ ...none, shuffle: 30_000, late: '2%:5m', dup: '0.5%', seed: 7 })).toEqual({
      shuffleMs: 30_000,
      lateShare: 0.02,
      lateMs: 300_000,
      dupShare: 0.005,
      seed: 7,
    });
    expect(readDisorder({ ...none, time: undefined, dup: '1%' })).toMatchObject({ dupShare: 0.01, seed: 0 });
  });

  it.each([
    [{ time: undefined, shuffle: 1000 }, '--shuffle goes by the times'],
    [{ time: undefined, sortByTime: true }, '--sort-by-time goes by the times'],
    [{ time: undefined, merge: true }, '--merge goes by the times'],
    [{ late: '2%' }, '--late "2%" does not say how late'],
    [{ late: '200%:5m' }, '--late "200%" is not a share'],
    [{ dup: '1' }, '--dup "1" is not a share'],
    [{ seed: 7 }, '--seed goes with'],
  ])('refuses %j', (flags, message) => {
    expect(() => readDisorder({ ...none, ...flags })).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) }),
    );
  });
});
