import { StreamctlError } from '../../../base/errors.js';
import { BUILT_IN } from '../../../pipelines/built-in.js';
import type { Plan } from '../../../plan/plan.js';
import type { FlagSpec, FlagSpecs, Input } from '../frame/command.js';

/** Of every pipeline that polls an API, beside the parameters of the API. */
const LIVE_FLAGS = {
  every: { type: 'duration', placeholder: 'D', help: 'of a live source: time between polls' },
  baseUrl: { type: 'string', placeholder: 'URL', help: "a proxy or test server instead of the API's own host" },
} as const satisfies FlagSpecs;

/** What was said about a live source. */
export interface LiveWishes {
  /** Values by parameter of the API. */
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly everyMs: number | undefined;
  readonly baseUrl: string | undefined;
}

/**
 * Flags of the built-in pipeline that the words name: its parameters, and those of the API that it polls. One that both
 * have is for both: `--stations 16107` asks for one station and counts one.
 */
export async function pipelineFlags(words: readonly string[]): Promise<FlagSpecs> {
  const names = words.map((word) => word.replace(/^pipeline:/, ''));
  const named = BUILT_IN.find(({ name }) => names.includes(name));
  if (!named) return {};
  const plan = await named.load();
  const [{ apiOf }, { apiFlags }] = await Promise.all([import('./source-choice.js'), import('./poll-plan.js')]);
  const api = apiOf(plan);
  const own = Object.fromEntries(plan.parameters.map((parameter) => [parameter.name, flagOf(parameter)]));
  if (!api) return own;
  // What nobody says has the pipeline's default: it takes two stations of all that are asked for.
  const asked = Object.entries(apiFlags([api.name])).map(([name, flag]) => [
    name,
    { ...flag, help: own[name]?.help ?? flag.help },
  ]);
  return { ...own, ...Object.fromEntries(asked), ...LIVE_FLAGS };
}

function flagOf({ type, description, oneOf, default: value, defaultFrom }: Plan['parameters'][number]): FlagSpec {
  const shown = defaultFrom === null ? value : `this ${defaultFrom}`;
  const help = shown === null ? description : `${description} (${shown})`;
  if (oneOf) return { type: 'choice', choices: oneOf, help };
  return { type: 'string', placeholder: type === 'string' ? 'TEXT' : 'N', help };
}

/** The values of {@link pipelineFlags}: those of the pipeline as `--param` has them, and those for its live source. */
export function readPipelineFlags(
  plan: Plan,
  extra: Input['extra'],
): { readonly parameters: readonly string[]; readonly live: LiveWishes } {
  const given = Object.entries(extra).filter(([, value]) => value !== undefined);
  const listed = given.flatMap(([name, value]): [string, readonly string[]][] => {
    if (name in LIVE_FLAGS) return [];
    const list = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
    return list.length > 0 ? [[name, list]] : [];
  });
  const own = new Set(plan.parameters.map(({ name }) => name));
  return {
    parameters: listed.filter(([name]) => own.has(name)).map(([name, list]) => `${name}=${list.join(',')}`),
    live: {
      parameters: Object.fromEntries(listed),
      everyMs: typeof extra.every === 'number' ? extra.every : undefined,
      baseUrl: typeof extra.baseUrl === 'string' ? extra.baseUrl : undefined,
    },
  };
}

/** Whether anything was said about a live source. */
export function saysSomething({ parameters, everyMs, baseUrl }: LiveWishes): boolean {
  return Object.keys(parameters).length > 0 || everyMs !== undefined || baseUrl !== undefined;
}

/**
 * Refuses what only a live source can be asked for where the source is another one.
 * @throws `usage`
 */
export function requireNoLiveWishes(plan: Plan, { parameters, everyMs, baseUrl }: LiveWishes, source: string): void {
  const own = new Set(plan.parameters.map(({ name }) => name));
  const [name] = [
    ...Object.keys(parameters).filter((one) => !own.has(one)),
    ...(everyMs === undefined ? [] : ['every']),
    ...(baseUrl === undefined ? [] : ['base-url']),
  ];
  if (name === undefined) return;
  throw new StreamctlError('usage', `--${name} says what an API is asked for, and --source ${source} asks none`, {
    hint: '--source live',
  });
}
