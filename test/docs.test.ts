import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HandlerTable } from '../src/broker/handler-table.js';
import { loginOffers, offers } from '../src/broker/handlers/index.js';
import { Workspace } from './support/streamctl.js';

const README_WORDS = 700;
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(path));

/** Lines of ```sh blocks that start with streamctl. A block behind `<!-- not run: why -->` is for reading only. */
function examples(path: string): string[] {
  const text = readFileSync(path, 'utf8').replace(/<!-- not run: .+? -->\n+```sh\n[\s\S]*?```/g, '');
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return blocks
    .join('\n')
    .split('\n')
    .filter((line) => /^streamctl /.test(line));
}

/** Splits a line as a shell would: quotes kept together, a comment at the end dropped. */
function words(line: string): string[] {
  const withoutComment = line.replace(/\s+# .*$/, '');
  return [...withoutComment.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .slice(1);
}

describe('documentation', () => {
  it(`keeps the README under ${README_WORDS} words`, () => {
    expect(readFileSync('README.md', 'utf8').split(/\s+/).length).toBeLessThanOrEqual(README_WORDS);
  });

  it('links only to what exists', () => {
    const broken = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
        .map((match) => normalize(join(dirname(page), match[1] ?? '')))
        .filter((target) => !existsSync(target))
        .map((target) => `${page} -> ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('names only tests that exist', () => {
    const named = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\[(test\/[^\]]+\.ts)\]\([^)]+\): "([^"]+)"/g)].map(
        ([, file = '', title = '']) => ({ page, file, title }),
      ),
    );
    const missing = named.filter(({ file, title }) => !existsSync(file) || !readFileSync(file, 'utf8').includes(title));
    expect(named.length).toBeGreaterThan(20);
    expect(missing).toEqual([]);
  });

  it('lists the APIs of the broker as the code has them (UPDATE_GOLDEN=1 rewrites)', async () => {
    const page = 'docs/reference/broker.md';
    const offered = new HandlerTable([...offers, ...loginOffers]);
    await offered.loadAll();
    const rows = offered.apis
      .map(({ key }) => offered.get(key)!.api)
      .map((api) => `| ${api.key} | ${api.name} | ${api.versions.min}-${api.versions.max} |`);
    const table = ['| key | API | versions |', '|---|---|---|', ...rows].join('\n');
    const text = readFileSync(page, 'utf8');
    const wanted = text.replace(/<!-- apis -->[\s\S]*?<!-- \/apis -->/, `<!-- apis -->\n${table}\n<!-- /apis -->`);
    if (process.env.UPDATE_GOLDEN) writeFileSync(page, wanted);
    expect(readFileSync(page, 'utf8')).toBe(wanted);
  });

  const runnable = pages
    .filter((page) => page === 'README.md' || page.startsWith('docs/how-to/'))
    .filter((page) => examples(page).length > 0);
  it.each(runnable)('runs the examples of %s', async (page) => {
    const space = new Workspace();
    try {
      cpSync('fixtures', space.folder, { recursive: true });
      for (const line of examples(page)) {
        const { code, stderr } = await space.run(words(line));
        expect({ line, code, stderr: code === 0 ? '' : stderr }).toEqual({ line, code: 0, stderr: '' });
      }
    } finally {
      await space.remove();
    }
  });
});
