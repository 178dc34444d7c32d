import { readAhead } from '../../../connect/sources/replay/ahead-reader.js';
import type { Context } from '../frame/context.js';
import type { OpenedFile } from './open-file.js';
import { type ReplayFlags, readPacing } from './replay-flags.js';

/** A smaller file is sent before a thread is up. */
const MIN_BYTES = 8 * 1024 * 1024;

/** A large file that goes out as fast as it goes is converted by a thread of its own, where there is a processor for it. */
export function ahead(context: Context, opened: OpenedFile, flags: ReplayFlags): OpenedFile {
  const { startConverter } = context.program;
  const pacing = readPacing(flags);
  const waits = pacing.kind !== 'batch' || pacing.pauseMs > 0;
  if (!startConverter || context.dryRun || waits || flags.from > 1 || (opened.source.size ?? 0) < MIN_BYTES)
    return opened;
  return { ...opened, reader: readAhead(opened.reader, startConverter, flags.batch) };
}
