import { StreamctlError } from '../../../base/errors.js';
import { APIS } from '../../../connect/sources/apis/index.js';
import type { ApiSource } from '../../../connect/sources/apis/interfaces.js';
import { didYouMean } from '../../../plan/did-you-mean.js';
import type { Plan } from '../../../plan/plan.js';
import type { Context } from '../frame/context.js';
import { isBuiltIn, readerOf } from '../settings/names.js';
import { samplePath } from './sample-rows.js';

/** Words of `--source`; anything else is a file. */
const WORDS = ['live', 'simulated', 'sample', 'topic'] as const;

/** What feeds a pipeline while it runs. */
export type SourceChoice =
  /** Nothing: the topic is read as it is. */
  | { readonly kind: 'topic' }
  | { readonly kind: 'sample'; readonly onlyIfEmpty: boolean }
  | { readonly kind: 'live'; readonly api: ApiSource; readonly onlyIfEmpty: boolean }
  /** `plan` is the built-in pipeline of the same topic. */
  | { readonly kind: 'simulated'; readonly plan: Plan }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'cassette'; readonly path: string };

const GZIP = [0x1f, 0x8b];
/** Packed files that are no cassettes. */
const PACKED_ROWS = /\.(?:csv|tsv|txt|ndjson|jsonl|json)\.gz$/i;

/**
 * Reads `--source`. Left out: a built-in pipeline that polls an API polls it, others get their sample when their topic is
 * empty; what ends with what is there reads the topic when something is in it.
 * @param isBounded the run ends with what is there now.
 * @throws `usage`, `not-found`
 */
export async function chooseSource(
  context: Context,
  plan: Plan,
  text: string | undefined,
  isBounded: boolean,
): Promise<SourceChoice> {
  const api = apiOf(plan);
  if (text === undefined) return byDefault(context, plan, api, isBounded);
  switch (text) {
    case 'topic':
      return { kind: 'topic' };
    case 'sample':
      return { kind: 'sample', onlyIfEmpty: false };
    case 'live':
      if (api) return { kind: 'live', api, onlyIfEmpty: false };
      throw new StreamctlError('usage', `pipeline "${plan.name}" polls no API: it has no live source`, {
        hint: '--source simulated, --source FILE, or streamctl poll URL -t TOPIC',
      });
    case 'simulated':
      return { kind: 'simulated', plan: await simulatedPlan(plan) };
    default:
      return fileChoice(context, text);
  }
}

/** The API whose records the pipeline's source takes. */
export function apiOf({ sources }: Plan): ApiSource | undefined {
  return APIS.find(({ topic }) => sources.some((source) => source.topic === topic.name));
}

async function byDefault(
  context: Context,
  plan: Plan,
  api: ApiSource | undefined,
  isBounded: boolean,
): Promise<SourceChoice> {
  if (!isBuiltIn(plan.name)) return { kind: 'topic' };
  if (api) return { kind: 'live', api, onlyIfEmpty: isBounded };
  return samplePath(plan.name, context) === undefined ? { kind: 'topic' } : { kind: 'sample', onlyIfEmpty: true };
}

async function simulatedPlan(plan: Plan): Promise<Plan> {
  const found = await readerOf(plan.sources[0]!.topic);
  if (found) return found;
  throw new StreamctlError('usage', `the source of pipeline "${plan.name}" cannot be simulated`, {
    detail: `topic "${plan.sources[0]!.topic}" belongs to none of the built-in pipelines`,
    hint: '--source FILE sends rows of your own',
  });
}

function fileChoice({ files, resolvePath }: Context, text: string): SourceChoice {
  const path = resolvePath(text);
  if (!files.exists(path)) {
    const near = didYouMean(text, WORDS);
    throw new StreamctlError('not-found', `--source "${text}": there is no such file`, {
      hint: near ? `did you mean ${near}?` : `write ${WORDS.join(', ')}, a file of rows, or a cassette`,
    });
  }
  if (/\.cassette$/i.test(text)) return { kind: 'cassette', path: text };
  if (PACKED_ROWS.test(text)) return { kind: 'file', path: text };
  const file = files.open(path, 'read');
  try {
    const start = new Uint8Array(GZIP.length);
    file.read(start, 0);
    return { kind: GZIP.every((byte, at) => start[at] === byte) ? 'cassette' : 'file', path: text };
  } finally {
    file.close();
  }
}
