import { StreamctlError } from '../../../base/errors.js';
import type { Plan, Source } from '../../../plan/plan.js';
import { builtIn, readerOf } from '../settings/names.js';

/** Partitions of a topic that replay makes for a file. */
const OWN_PARTITIONS = 1;
/** Replayed records keep old times: a limit by age would delete them at once. */
const KEEP_FOR_EVER = { 'retention.ms': '-1' } as const;

/** Where the rows of a file go. */
export interface ReplayTarget {
  readonly topic: string;
  /** Partitions and settings of the topic if it has to be made. */
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
  /** Set where the topic is the source of a pipeline. */
  readonly plan?: Plan;
  readonly source?: Source;
  /** Why this topic, where the person did not say. */
  readonly note?: string;
}

/**
 * Decides the topic of a file: the one that was named; the source topic of the pipeline that the file is named like;
 * else one of the file's own name.
 * @param file as it was typed; `-` is standard input.
 * @throws `usage` for standard input without a topic.
 */
export async function replayTarget(file: string, topic: string | undefined): Promise<ReplayTarget> {
  const stem = fileStem(file);
  const named = topic === undefined ? await builtIn(stem) : undefined;
  const chosen = topic ?? named?.sources[0]?.topic ?? topicName(stem);
  if (file === '-' && topic === undefined) {
    throw new StreamctlError('usage', 'standard input has no name: say where its rows go', { hint: '-t TOPIC' });
  }
  if (chosen === '') {
    throw new StreamctlError('usage', `${file} has no name to call a topic by`, { hint: '-t TOPIC' });
  }
  const plan = named ?? (await readerOf(chosen));
  const source = plan?.sources.find((one) => one.topic === chosen);
  const spec = plan?.topics.find(({ name }) => name === chosen);
  const why = named ? `the source of pipeline ${named.name}` : 'named after the file';
  return {
    topic: chosen,
    partitions: spec?.partitions ?? OWN_PARTITIONS,
    configs: { ...KEEP_FOR_EVER, ...spec?.config },
    ...(plan ? { plan } : {}),
    ...(source ? { source } : {}),
    ...(topic === undefined ? { note: `${file} goes to topic ${chosen}, ${why}` } : {}),
  };
}

/** Name of a file without folder and ending; what is packed is called as if it were not. */
export function fileStem(file: string): string {
  return baseName(file)
    .replace(/(?<=.)\.gz(ip)?$/i, '')
    .replace(/\.[^.]+$/, '');
}

/** Name of a file without folder. */
export function baseName(file: string): string {
  return file.replace(/^.*[\\/]/, '');
}

/** What Kafka takes as a topic name. */
function topicName(stem: string): string {
  return stem.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 200);
}

/**
 * What the pipeline that reads the target says of columns: it knows better than a sample of the file, where a header row in
 * the middle makes every column look like text, and a code of digits like a number.
 */
export function columnTypes({ source }: ReplayTarget): Readonly<Record<string, 'text' | 'number'>> {
  const types = new Map<string, 'text' | 'number'>();
  for (const { name, type, header } of source?.columns ?? []) {
    if (header !== undefined) continue;
    if (type === 'bigint' || type === 'double') types.set(name, 'number');
    if (type === 'string') types.set(name, 'text');
  }
  return Object.fromEntries(types);
}

/**
 * A pipeline's text column that a file lacks is told by the file's name: `audi.csv` holds the adverts of audi.
 * @param columns of the file and of `--set`.
 * @returns name of the column, undefined where nothing or more than one is missing.
 */
export function columnFromName(target: ReplayTarget, columns: readonly string[]): string | undefined {
  if (!target.source || columns.length === 0) return undefined;
  const missing = target.source.columns.filter(
    ({ name, type, header }) => type === 'string' && header === undefined && !columns.includes(name),
  );
  return missing.length === 1 ? missing[0]!.name : undefined;
}
