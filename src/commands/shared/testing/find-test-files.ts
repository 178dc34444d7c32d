import { StreamctlError } from '../../../base/errors.js';
import type { FileSystem } from '../../../base/files.js';

/** Names of files that are found in folders; a file that is named itself may be called anything. */
const TEST_NAME = /\.pipeline\.test\.(?:ya?ml|json)$/i;
/** The same names as people write them. */
export const TEST_NAMES = '*.pipeline.test.yaml, .yml or .json';
/** Folders that are not looked into, beside those whose names begin with a dot. */
const SKIPPED = new Set(['node_modules', 'dist']);
const MAX_DEPTH = 20;
/** What a person can begin with. */
const EXAMPLE = `begin with a file cars.pipeline.test.yaml
pipeline: cars
cases:
  - name: adverts give prices
    steps:
      - feed: adverts
        file: cars.csv
      - end
      - expect: prices
      - expect rejected:
and let the answers be written into it: streamctl test --update`;
/** Files and folders that are looked at. */
const MAX_ENTRIES = 100_000;

/** A test file: how it is named to people, and where it is. */
export interface FoundFile {
  readonly name: string;
  readonly path: string;
}

/** What of a context is needed to find files. */
export interface FilePlaces {
  readonly files: Pick<FileSystem, 'exists' | 'list' | 'realPath'>;
  resolvePath(path: string): string;
}

/**
 * The test files that `paths` name: files as they are, folders with all test files below them.
 * @param paths empty: the working folder.
 * @throws `not-found` for a path that does not exist, or where no test file is found; `limit-exceeded`
 */
export function findTestFiles(places: FilePlaces, paths: readonly string[]): readonly FoundFile[] {
  const found = new Map<string, FoundFile>();
  const search = new Search(places, found);
  for (const name of paths.length > 0 ? paths : ['.']) {
    const path = places.resolvePath(name);
    if (!places.files.exists(path)) {
      throw new StreamctlError('not-found', `there is no file or folder ${name}`, {
        hint: 'name a test file, or a folder with some',
      });
    }
    const entries = search.entriesOf(path);
    if (entries === undefined) found.set(path, { name, path });
    else search.folder(name.replace(/[/\\]+$/, ''), path, entries, 0);
  }
  if (found.size > 0) return [...found.values()];
  throw new StreamctlError(
    'not-found',
    `there are no test files in ${paths.length > 0 ? paths.join(', ') : 'this folder'}`,
    {
      detail: `${search.looked} files and folders were looked at for ${TEST_NAMES}`,
      hint: EXAMPLE,
    },
  );
}

class Search {
  looked = 0;
  readonly #places: FilePlaces;
  readonly #found: Map<string, FoundFile>;
  /** Real paths of folders, so that a link that leads upwards ends. */
  readonly #seen = new Set<string>();

  constructor(places: FilePlaces, found: Map<string, FoundFile>) {
    this.#places = places;
    this.#found = found;
  }

  /** Names in a folder; undefined where the path is no folder that can be read. */
  entriesOf(path: string): readonly string[] | undefined {
    try {
      return this.#places.files.list(path);
    } catch (error) {
      if (error instanceof StreamctlError) return undefined;
      throw error;
    }
  }

  folder(name: string, path: string, entries: readonly string[], depth: number): void {
    const real = this.#places.files.realPath(path);
    if (this.#seen.has(real) || depth > MAX_DEPTH) return;
    this.#seen.add(real);
    for (const entry of entries) {
      if (++this.looked > MAX_ENTRIES) {
        throw new StreamctlError('limit-exceeded', `there are more than ${MAX_ENTRIES} files to look through`, {
          hint: 'name the folder with the tests: streamctl test tests/',
        });
      }
      const child = { name: name === '.' ? entry : `${name}/${entry}`, path: `${path}/${entry}` };
      if (TEST_NAME.test(entry)) this.#found.set(child.path, child);
      else if (!entry.startsWith('.') && !SKIPPED.has(entry) && !/\.[a-z0-9]{1,8}$/i.test(entry)) {
        const below = this.entriesOf(child.path);
        if (below) this.folder(child.name, child.path, below, depth + 1);
      }
    }
  }
}
