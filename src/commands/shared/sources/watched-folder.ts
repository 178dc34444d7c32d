import type { FileStamp, FileSystem } from '../../../base/files.js';
import type { Clock } from '../../../base/time.js';

/** From look to look; a file that is the same twice is taken for complete. */
const LOOK_EVERY_MS = 1_000;
/** Files that are being written, or that are nobody's data. */
const PASSED_OVER = /^\.|^~\$|~$|\.(tmp|temp|part|partial|crdownload|download|swp|lock)$/i;

/**
 * The files of a folder, each once when it is complete: those that are there, then those that come, until `signal`.
 * Complete is a file whose size and time of change were the same at two looks a second apart; files that are being
 * copied under a name like `.x` or `x.part` are passed over until they are renamed.
 */
export async function* watchedFiles(
  folder: string,
  { files, clock, signal }: { readonly files: FileSystem; readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<string, void, undefined> {
  const order = new Intl.Collator('en', { numeric: true });
  const given = new Set<string>();
  let before = new Map<string, FileStamp>();
  while (!signal.aborted) {
    const now = new Map<string, FileStamp>();
    for (const name of files.list(folder).filter((one) => !PASSED_OVER.test(one) && !given.has(one))) {
      const stamp = stampOf(files, `${folder}/${name}`);
      if (stamp) now.set(name, stamp);
    }
    const complete = [...now].filter(([name, stamp]) => isSame(before.get(name), stamp)).map(([name]) => name);
    for (const name of complete.sort(order.compare)) {
      given.add(name);
      yield `${folder}/${name}`;
      if (signal.aborted) return;
    }
    before = now;
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** Undefined for what went away meanwhile, and for folders. */
function stampOf(files: FileSystem, path: string): FileStamp | undefined {
  try {
    const file = files.open(path, 'read');
    try {
      file.read(new Uint8Array(1), 0);
    } finally {
      file.close();
    }
    return files.stamp(path);
  } catch {
    return undefined;
  }
}

function isSame(before: FileStamp | undefined, now: FileStamp): boolean {
  return before?.sizeBytes === now.sizeBytes && before.modifiedMs === now.modifiedMs && before.id === now.id;
}
