import { StreamctlError } from '../../../base/errors.js';
import type { Plan } from '../../../plan/plan.js';
import type { PipelineRunOptions } from '../../../run/interfaces.js';
import type { Context } from '../frame/context.js';
import type { Outcome } from '../frame/outcome.js';
import { readStart } from '../records/start-position.js';

/** What `run` sets beside the plan and the place. */
export type RunSettings = Omit<PipelineRunOptions, 'plan' | 'place'>;

/**
 * Reads `--from`: a place in the sources, or the file of a snapshot, which is read whole to see that it can be used.
 * @param text undefined when it was not given.
 * @throws `usage`, `not-found`, `bad-data`
 */
export async function readBeginning(
  context: Context,
  text: string | undefined,
): Promise<Pick<RunSettings, 'from' | 'fromSnapshot'>> {
  if (text === undefined) return {};
  const path = context.resolvePath(text);
  try {
    return { from: readStart(text, '--from', context.clock.now()) };
  } catch (error) {
    const looksLikeFile = /[\\/]|\.snapshot$/.test(text);
    if (context.files.exists(path) || looksLikeFile) {
      const { readSnapshot } = await import('../../../run/snapshot-file.js');
      readSnapshot(context.files, path);
      return { fromSnapshot: path };
    }
    if (!(error instanceof StreamctlError)) throw error;
    throw new StreamctlError('usage', `--from "${text}" is neither a place nor a file that is there`, {
      hint: 'write start, end, 42, +10, -10, @-1h, @2022-02-14T10:00Z, or the file of a snapshot',
    });
  }
}

/**
 * Where `--stop-with-snapshot` writes: the file that was named, or one of its own in a folder.
 * @throws `conflict` when it is there already, `not-found` when its folder is not.
 */
export function snapshotTarget(context: Context, text: string, plan: Plan): string {
  const { files } = context;
  const given = context.resolvePath(text);
  const inFolder = /[\\/]$/.test(text) || isFolder(context, given);
  const time = new Date(context.clock.now())
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '');
  const path = inFolder ? context.resolvePath(`${given}/${plan.name}-${time}.snapshot`) : given;
  if (files.exists(path)) {
    throw new StreamctlError('conflict', `${path} is there already`, { hint: 'name another file, or a folder' });
  }
  const folder = path.replace(/[\\/][^\\/]*$/, '') || '/';
  if (!isFolder(context, folder)) throw new StreamctlError('not-found', `folder ${folder} does not exist`);
  return path;
}

function isFolder({ files }: Context, path: string): boolean {
  if (!files.exists(path)) return false;
  try {
    files.list(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs up to what `--until` says, with windows that are open left open, if it says anything; then takes the pipeline over from
 * whoever runs it and writes its snapshot.
 * @param run the run itself. @throws `usage` when there is a beginning, and nothing to read before the snapshot.
 */
export async function stopWithSnapshot(
  context: Context,
  plan: Plan,
  settings: RunSettings,
  { path, run }: { readonly path: string; readonly run: (more: RunSettings) => Promise<Outcome> },
): Promise<Outcome> {
  const isAnew = settings.resetState || settings.from !== undefined || settings.fromSnapshot !== undefined;
  if (isAnew && !context.stream.required) {
    throw new StreamctlError('usage', '--stop-with-snapshot reads nothing, so there is nothing to begin anew', {
      hint: 'add --until eof to read up to the present end first, or leave --from and --reset-state out',
    });
  }
  const outcome: Outcome = context.stream.required ? await run({ ...settings, keepOpen: true }) : {};
  const bytes = await takeSnapshot(context, plan, settings, path);
  if (bytes === undefined) {
    context.warn('interrupted: no snapshot was written');
    return { reason: 'interrupted', exit: 130 };
  }
  context.note(`the snapshot is in ${path}; streamctl run ${plan.name} --from ${path} begins from it`);
  const snapshot = { file: path, bytes };
  return { ...outcome, reason: outcome.reason ?? 'snapshot', result: { ...(outcome.result ?? {}), snapshot } };
}

/** @returns the size of the snapshot, undefined when it was interrupted before. */
async function takeSnapshot(
  context: Context,
  plan: Plan,
  { resetState: _reset, from: _from, fromSnapshot: _snapshot, ...settings }: RunSettings,
  path: string,
): Promise<number | undefined> {
  const [{ startPipelineRun }, { runPlace }] = await Promise.all([
    import('../../../run/pipeline-run.js'),
    import('./run-place.js'),
  ]);
  const note: NonNullable<RunSettings['listener']>['note'] = ({ level, text }) => {
    if (level === 'info') context.note(text);
    else if (level === 'warning') context.warn(text);
  };
  const running = startPipelineRun({
    ...settings,
    plan,
    place: runPlace(context),
    listener: { note },
    snapshotTo: path,
  });
  const stop = (): void => void running.stop();
  // The signal that ended the run before is no wish to have no snapshot.
  if (!context.signal.aborted) context.signal.addEventListener('abort', stop, { once: true });
  const { error, snapshotBytes } = await running.done;
  context.signal.removeEventListener('abort', stop);
  if (error) throw error;
  return snapshotBytes;
}
