import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_KINDS } from '../../src/base/errors.js';

function texts(folder: string): string {
  const paths = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', folder], {
    encoding: 'utf8',
  });
  return paths
    .split('\n')
    .filter(
      (path) =>
        /\.tsx?$/.test(path) && existsSync(path) && path !== 'src/base/errors.ts' && !path.endsWith('errors.test.ts'),
    )
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}

const sources = texts('src');
const tests = texts('test');
const documented = readFileSync('docs/reference/errors.md', 'utf8');

describe('error codes', () => {
  it.each(Object.keys(ERROR_KINDS))('%s is documented, thrown somewhere and tested', (code) => {
    // Only the answers are compared: a failure must not print the whole source.
    const found = {
      documented: documented.includes(`\`${code}\``),
      thrown: sources.includes(`'${code}'`),
      tested: tests.includes(`'${code}'`),
    };
    expect(found).toEqual({ documented: true, thrown: true, tested: true });
  });
});
