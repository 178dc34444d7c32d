import { StreamctlError } from '../../../base/errors.js';
import { deepFreeze, type Plan } from '../../../plan/plan.js';
import type { Context } from '../frame/context.js';
import { findPipeline, readName, type TypedName } from '../settings/names.js';

/** What of a context is needed to find pipelines. */
export type PipelinePlaces = Pick<Context, 'files' | 'folder' | 'resolvePath'>;

const DATA_ENDING = /\.(?:ya?ml|json)$/i;
const CODE_ENDING = /\.[cm]?[jt]s$/i;

/** Whether `name` is written like a file that holds a pipeline: `mine.pipeline.yaml`, `./mine.ts`. */
export function namesPipelineFile(name: string): boolean {
  return DATA_ENDING.test(name) || CODE_ENDING.test(name);
}

/**
 * The pipeline that a person named: a built-in one (`cars`, `pipeline:cars`), or one in a file of their own
 * (`./mine.pipeline.yaml`, `.json`, `.ts`, `.js`).
 * @throws `not-found` with the nearest name, `bad-plan` with every mistake and its place in the file, `usage` for `topic:x`.
 */
export async function loadPipeline(places: PipelinePlaces, text: string): Promise<Plan> {
  const { kind, name } = readName(text);
  if (kind === 'topic') {
    throw new StreamctlError('usage', `${text} is a topic, a pipeline is wanted`, { hint: 'streamctl pipelines list' });
  }
  return namesPipelineFile(name) ? loadFile(places, name) : findPipeline(name);
}

/**
 * The pipeline of the file that `typed` names, for commands that take topics too; undefined where there is no such file.
 * @throws as {@link loadPipeline}
 */
export async function loadNamedFile(places: PipelinePlaces, typed: TypedName): Promise<Plan | undefined> {
  if (typed.kind === 'topic' || !namesPipelineFile(typed.name)) return undefined;
  // A topic may be called "readings.json".
  const plainly = typed.kind === 'pipeline' || /[/\\]|\.pipeline\.\w+$/.test(typed.name);
  if (!plainly && !places.files.exists(places.resolvePath(typed.name))) return undefined;
  return loadFile(places, typed.name);
}

async function loadFile(places: PipelinePlaces, name: string): Promise<Plan> {
  const path = places.resolvePath(name);
  if (!places.files.exists(path)) {
    throw new StreamctlError('not-found', `there is no file ${name}`, {
      hint: 'streamctl pipelines init NAME writes a pipeline to begin with',
    });
  }
  if (CODE_ENDING.test(name)) {
    const { loadPipelineCode } = await import('./pipeline-code.js');
    return withFilesBeside(places, name, await loadPipelineCode(path, name));
  }
  const { readPipelineText } = await import('./pipeline-text.js');
  const plan = readPipelineText(new TextDecoder().decode(places.files.readFile(path)), name);
  return withFilesBeside(places, name, plan);
}

/** Reference files that lie beside the pipeline's file are found there, wherever it is run from. */
function withFilesBeside({ files, resolvePath }: PipelinePlaces, name: string, plan: Plan): Plan {
  const folder = name.replace(/[^/\\]*$/, '');
  const tables = plan.tables.map((table) => {
    if (table.from.kind !== 'file') return table;
    const beside = folder + table.from.path;
    const relative = !/^(?:[/\\]|[A-Za-z]:)/.test(table.from.path);
    return relative && files.exists(resolvePath(beside)) ? { ...table, from: { ...table.from, path: beside } } : table;
  });
  return deepFreeze({ ...plan, tables });
}
