import { StreamctlError } from '../../../base/errors.js';
import { BUILT_IN } from '../../../pipelines/built-in.js';
import type { Plan } from '../../../plan/plan.js';

/** A name as it was typed, with the kind where one was written in front: `topic:cars`, `pipeline:cars`. */
export interface TypedName {
  readonly kind: 'topic' | 'pipeline' | undefined;
  readonly name: string;
}

/** Splits `topic:NAME` and `pipeline:NAME`. */
export function readName(text: string): TypedName {
  const match = /^(topic|pipeline):(.+)$/.exec(text);
  return match ? { kind: match[1] as 'topic' | 'pipeline', name: match[2]! } : { kind: undefined, name: text };
}

/**
 * Names of topics as they were typed, each once, `topic:` taken away.
 * @throws `usage` for `pipeline:NAME`.
 */
export function topicNames(texts: readonly string[]): readonly string[] {
  const names = texts.map((text) => {
    const { kind, name } = readName(text);
    if (kind !== 'pipeline') return name;
    throw new StreamctlError('usage', `${text} is a pipeline, a topic is wanted`, {
      hint: `streamctl pipelines show ${name} names its topics`,
    });
  });
  return [...new Set(names)];
}

/** All built-in pipelines. */
export function allPipelines(): Promise<readonly Plan[]> {
  return Promise.all(BUILT_IN.map((one) => one.load()));
}

/** Whether a pipeline of the program has that name. */
export function isBuiltIn(name: string): boolean {
  return BUILT_IN.some((one) => one.name === name);
}

/** The built-in pipeline called `name`, if there is one. */
export function builtIn(name: string): Promise<Plan> | undefined {
  return BUILT_IN.find((one) => one.name === name)?.load();
}

/** The first built-in pipeline that reads `topic`, if there is one. */
export function readerOf(topic: string): Promise<Plan> | undefined {
  return BUILT_IN.find(({ reads }) => reads.includes(topic))?.load();
}

/**
 * The pipeline called `name`.
 * @throws `not-found` with the nearest name.
 */
export async function findPipeline(name: string): Promise<Plan> {
  const found = builtIn(name);
  if (found) return found;
  const { didYouMean } = await import('../../../plan/did-you-mean.js');
  const names = BUILT_IN.map((one) => one.name);
  const near = didYouMean(name, names);
  throw new StreamctlError('not-found', `pipeline "${name}" does not exist`, {
    detail: `there are: ${names.join(', ')}`,
    hint: near ? `did you mean ${near}?` : 'streamctl pipelines list',
  });
}

/**
 * Decides whether a typed name means a topic or a pipeline.
 * @param topicExists asked only where the name is a pipeline's too.
 * @returns the pipeline, or undefined for a topic.
 * @throws `conflict` when it is both, `not-found` for an unknown `pipeline:NAME`.
 */
export async function pipelineOf(
  typed: TypedName,
  topicExists: (name: string) => Promise<boolean>,
): Promise<Plan | undefined> {
  if (typed.kind === 'topic') return undefined;
  if (typed.kind === 'pipeline') return findPipeline(typed.name);
  const plan = await builtIn(typed.name);
  if (!plan) return undefined;
  if (await topicExists(typed.name)) {
    throw new StreamctlError('conflict', `"${typed.name}" is the name of a topic and of a pipeline`, {
      hint: `write topic:${typed.name} or pipeline:${typed.name}`,
    });
  }
  return plan;
}

/**
 * A pattern of `--regex`, matched against whole names.
 * @throws `usage`
 */
export function namePattern(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`, 'u');
  } catch (cause) {
    throw new StreamctlError('usage', `"${text}" is not a regular expression`, {
      detail: (cause as Error).message,
      cause,
    });
  }
}
