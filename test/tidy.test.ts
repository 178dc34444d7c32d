import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** House rules that no linter knows. An exception is named here with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {};
const LONG_FUNCTIONS: Readonly<Record<string, string>> = {};
const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 70;

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && existsSync(path));
const sources = tracked.filter((path) => /^src\/.*\.tsx?$/.test(path));
const isGenerated = (path: string): boolean => path.startsWith('src/wire/apis/');
const textOf = (path: string): string => readFileSync(path, 'utf8');

function longFunctions(path: string): string[] {
  const tree = ts.createSourceFile(path, textOf(path), ts.ScriptTarget.ES2023, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const from = tree.getLineAndCharacterOfPosition(node.getStart()).line;
      const to = tree.getLineAndCharacterOfPosition(node.getEnd()).line;
      const name = (node as { name?: ts.Node }).name?.getText() ?? 'anonymous';
      if (to - from + 1 > MAX_FUNCTION_LINES) found.push(`${path}:${from + 1} ${name} ${to - from + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found.filter((line) => !(line.split(' ').slice(0, 2).join(' ').replace(/:\d+/, '') in LONG_FUNCTIONS));
}

/** Exported declarations without a doc comment in front of them. */
function undocumented(path: string): string[] {
  const tree = ts.createSourceFile(path, textOf(path), ts.ScriptTarget.ES2023, true);
  const found: string[] = [];
  for (const statement of tree.statements) {
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (!modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) continue;
    if (ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement)) continue;
    if (ts.getJSDocCommentsAndTags(statement).length === 0) {
      const { line } = tree.getLineAndCharacterOfPosition(statement.getStart());
      found.push(`${path}:${line + 1}`);
    }
  }
  return found;
}

describe('house rules', () => {
  it('keeps files short', () => {
    const long = sources
      .filter((path) => !isGenerated(path) && !(path in LONG_FILES))
      .map((path) => ({ path, lines: textOf(path).split('\n').length - 1 }));
    expect(long.filter(({ lines }) => lines > MAX_FILE_LINES)).toEqual([]);
  });

  it('keeps functions short', () => {
    expect(sources.filter((path) => !isGenerated(path)).flatMap(longFunctions)).toEqual([]);
  });

  it('documents every exported value', () => {
    expect(sources.filter((path) => !isGenerated(path)).flatMap(undocumented)).toEqual([]);
  });

  it('names files in kebab-case', () => {
    expect(sources.filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.tsx?$/.test(basename(path)))).toEqual([]);
  });

  it('has no default exports and no unfinished work', () => {
    const offenders = sources.filter(
      (path) =>
        /^export default /m.test(textOf(path)) || /\b(TODO|FIXME|XXX|HACK)\b|not implemented/i.test(textOf(path)),
    );
    expect(offenders).toEqual([]);
  });

  it('reads time, randomness and the machine only through base', () => {
    const direct = /\b(Date\.now|performance\.now|Math\.random|setTimeout|setInterval|setImmediate)\b|new Date\(\)/;
    const offenders = sources
      .filter((path) => path !== 'src/base/system.ts')
      .filter((path) => direct.test(textOf(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')));
    expect(offenders).toEqual([]);
  });

  it('compiles code at run time only in engine/compile.ts', () => {
    const offenders = sources.filter(
      (path) => path !== 'src/engine/compile.ts' && /new Function\b|\beval\(/.test(textOf(path)),
    );
    expect(offenders).toEqual([]);
  });

  it('does not mock its own code and leaves no test out without a reason', () => {
    const tests = tracked.filter((path) => /^test\/.*\.tsx?$/.test(path) && path !== 'test/tidy.test.ts');
    expect(tests.filter((path) => /\bvi\.(mock|fn|spyOn)\b/.test(textOf(path)))).toEqual([]);
    expect(tests.filter((path) => /\b(it|test|describe)\.(only|todo)\(/.test(textOf(path)))).toEqual([]);
  });

  it('carries no machine paths and no download addresses', () => {
    const text = tracked.filter((path) => !/\.(gz|bin|png|xlsx|parquet)$/.test(path));
    const machine = new RegExp(['/ro' + 'ot/', '/ho' + 'me/[a-z]+/', '/wo' + 'rk/'].join('|'));
    expect(text.filter((path) => machine.test(textOf(path)))).toEqual([]);
    expect(textOf('package-lock.json')).not.toContain('"resolved"');
  });
});
