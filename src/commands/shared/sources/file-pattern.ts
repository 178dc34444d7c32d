import { StreamctlError } from '../../../base/errors.js';
import type { FileSystem } from '../../../base/files.js';

/** Names that a pattern may give. */
const MAX_FILES = 10_000;
/** Folders that `**` goes down at most. */
const MAX_DEPTH = 32;

/**
 * The files that were meant: patterns that the shell left alone are expanded, and the quotes that Windows' shell leaves
 * around them taken off. Names are sorted as people count: `part2` before `part10`.
 * @param resolve makes an absolute path.
 * @throws `not-found` for a pattern without files, or a file that does not exist; `usage`, `limit-exceeded`
 */
export function expandFiles(args: readonly string[], files: FileSystem, resolve: (path: string) => string): string[] {
  return args.flatMap((arg) => {
    if (arg === '-' || files.exists(resolve(arg))) return [arg];
    const bare = /^'(.*)'$/s.exec(arg)?.[1] ?? arg;
    if (bare !== arg && files.exists(resolve(bare))) return [bare];
    if (!/[*?[]/.test(bare)) throw new StreamctlError('not-found', `${arg} does not exist`);
    const found = expand(bare.replaceAll('\\', '/'), files, resolve);
    if (found.length > 0) return found;
    throw new StreamctlError('not-found', `no file is called ${bare}`, {
      hint: 'is the folder right? ls shows its files',
    });
  });
}

function expand(pattern: string, files: FileSystem, resolve: (path: string) => string): string[] {
  const isAbsolute = pattern.startsWith('/');
  let found = [isAbsolute ? '/' : ''];
  for (const part of pattern.split('/').filter((one) => one !== '')) {
    found =
      part === '**' ? found.flatMap((folder) => below(folder, files, resolve)) : matching(found, part, files, resolve);
    if (found.length > MAX_FILES) {
      throw new StreamctlError('limit-exceeded', `${pattern} means more than ${MAX_FILES} files`, { exit: 2 });
    }
  }
  const order = new Intl.Collator('en', { numeric: true });
  return found.sort((a, b) => order.compare(a, b) || (a < b ? -1 : 1));
}

function matching(
  folders: readonly string[],
  part: string,
  files: FileSystem,
  resolve: (path: string) => string,
): string[] {
  if (!/[*?[]/.test(part)) {
    return folders.map((folder) => `${prefix(folder)}${part}`).filter((path) => files.exists(resolve(path)));
  }
  const wanted = namePattern(part);
  return folders.flatMap((folder) =>
    listed(resolve(folder === '' ? '.' : folder), files)
      .filter((name) => wanted.test(name))
      .map((name) => `${prefix(folder)}${name}`),
  );
}

/** A folder and all below it. */
function below(folder: string, files: FileSystem, resolve: (path: string) => string, depth = 0): string[] {
  if (depth > MAX_DEPTH) return [];
  const names = listed(resolve(folder === '' ? '.' : folder), files).filter((name) => !name.startsWith('.'));
  return names.length === 0 && depth > 0
    ? []
    : [folder, ...names.flatMap((name) => below(`${prefix(folder)}${name}`, files, resolve, depth + 1))];
}

/** What cannot be listed is no folder. */
function listed(path: string, files: FileSystem): string[] {
  try {
    return files.list(path);
  } catch {
    return [];
  }
}

function prefix(folder: string): string {
  return folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
}

/** One part of a pattern: `*` any characters, `?` one, `[a-c]` one of them. Names with a dot in front are not meant by `*`. */
function namePattern(part: string): RegExp {
  let text = '';
  for (let at = 0; at < part.length; at++) {
    const letter = part[at]!;
    const close = letter === '[' ? part.indexOf(']', at + 2) : -1;
    if (letter === '*') text += '[^/]*';
    else if (letter === '?') text += '[^/]';
    else if (close > 0) {
      const inside = part.slice(at + 1, close).replace(/[\\\]^]/g, '\\$&');
      text += `[${inside.startsWith('!') ? `^${inside.slice(1)}` : inside}]`;
      at = close;
    } else text += letter.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  }
  try {
    return new RegExp(`^(?!\\.)${text}$`, 's');
  } catch (cause) {
    throw new StreamctlError('usage', `${part} is not a pattern of names`, {
      hint: 'ranges go up: [a-z]',
      cause,
    });
  }
}
