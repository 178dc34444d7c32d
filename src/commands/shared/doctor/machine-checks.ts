import type { FileSystem } from '../../../base/files.js';
import { formatValue } from '../../../ui/text/numbers.js';
import type { Context } from '../frame/context.js';
import { type Check, check, ok, warning } from './check.js';

const GIB = 2 ** 30;
/** A segment of a log, its index and a compacted copy of it. */
const LOW_DISK_BYTES = 3 * GIB;
/** A sync that takes longer is felt: by default an acknowledged record is on the disk. */
const SLOW_SYNC_MS = 50;
const SYNCS = 5;
/** The size that the dashboards are made for. */
const DASHBOARD = { columns: 80, rows: 24 };

/** The program and what it runs on. */
export async function checkProgram({ program }: Context): Promise<readonly Check[]> {
  const { runtime, platform, cores, memoryBytes, nativeChecksums } = await program.host();
  const machine = `${platform}, ${cores} cores, ${formatValue(memoryBytes / GIB, 1)} GiB`;
  return [
    await check('program', () => ok(`streamctl ${program.version}, ${runtime}`)),
    await check('machine', () => {
      if (nativeChecksums) return ok(`${machine}, native checksums`);
      return warning(`${machine}, checksums in JavaScript`, 'large batches are checked faster with @node-rs/crc32');
    }),
  ];
}

/** Where the settings come from. Files that make no sense never come so far: the command ends with what is wrong. */
export function checkConfiguration(context: Context): Promise<Check> {
  return check('configuration', () => {
    const { projectFile, contextName } = context.configuration;
    const sources = [projectFile, contextName && `context ${contextName}`].filter(Boolean);
    return ok(sources.length > 0 ? sources.join(', ') : 'defaults: no streamctl.yaml, no context');
  });
}

/** Whether the folder where data would go can be written, how quickly its disk syncs, and how much is free. */
export async function checkDisk(context: Context): Promise<Check> {
  const { files, clock, folder, stateFolder, broker } = context;
  const place = files.exists(stateFolder) ? stateFolder : folder;
  const result = await check('disk', async () => {
    const syncMs = await slowestSync(files, () => clock.elapsed(), `${place}/.streamctl-doctor`);
    const freeBytes = files.freeBytes(place);
    const found = `${formatValue(freeBytes / GIB, 1)} GiB free, a sync takes up to ${formatValue(syncMs, 1)} ms`;
    if (freeBytes < LOW_DISK_BYTES) {
      return warning(found, 'a busy topic fills this disk soon; its setting retention.bytes bounds it');
    }
    if (syncMs > SLOW_SYNC_MS) {
      return warning(found, 'each acknowledged batch waits for this disk; broker start --fsync interval does not');
    }
    return ok(found);
  });
  if (result.status !== 'failed' || !broker.bootstrapServers) return result;
  // The records are kept elsewhere.
  return { name: 'disk', ...warning(result.found, 'an embedded broker and local state need a folder to write to') };
}

/** Writes and syncs a file, which is removed again. @returns milliseconds. @throws `disk-failed` */
async function slowestSync(files: FileSystem, now: () => number, path: string): Promise<number> {
  const file = files.open(path, 'append');
  let slowest = 0;
  try {
    for (let round = 0; round < SYNCS; round++) {
      file.write([new Uint8Array(4096)], round * 4096);
      const startedMs = now();
      await file.sync();
      slowest = Math.max(slowest, now() - startedMs);
    }
  } finally {
    file.close();
    files.remove(path);
  }
  return slowest;
}

/** What the output can show. */
export function checkTerminal(context: Context): Promise<Check> {
  return check('terminal', () => {
    const { terminal, columns, rows, color, unicode } = context.style;
    if (!terminal) return ok('none: output is plain');
    const colors = color === 0 ? 'no colours' : color === 24 ? '24-bit colours' : `${2 ** color} colours`;
    const found = `${columns}x${rows}, ${colors}, ${unicode ? 'Unicode' : 'ASCII'}`;
    if (columns < DASHBOARD.columns || rows < DASHBOARD.rows) {
      return warning(found, `dashboards want a terminal of ${DASHBOARD.columns}x${DASHBOARD.rows}`);
    }
    if (!unicode) return warning(found, 'charts are finer with UTF-8, for example LANG=C.UTF-8');
    return ok(found);
  });
}
