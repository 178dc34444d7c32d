import { pathToFileURL } from 'node:url';
import { StreamctlError } from '../../../base/errors.js';
import * as authoring from '../../../plan/index.js';
import type { Plan } from '../../../plan/plan.js';

/**
 * Runs a file that says a pipeline in TypeScript or JavaScript and gives the plan it exports: the default export, or the only
 * one. `import ... from 'streamctl'` is this program wherever the file lies.
 * @param path absolute.
 * @param name the file as the person wrote it.
 * @throws `bad-plan`
 */
export async function loadPipelineCode(path: string, name: string): Promise<Plan> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(pathToFileURL(path).href, {
    // A file that was just changed is read anew, and nothing is written beside it.
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: { streamctl: authoring },
  });
  let exports: Record<string, unknown>;
  try {
    exports = await jiti.import<Record<string, unknown>>(path);
  } catch (cause) {
    throw brokenFile(name, cause);
  }
  return authoring.requireGoodPlan(onlyPlan(exports, name));
}

/** Errors of the builder keep what they say and gain the file; others are mistakes of the code. */
function brokenFile(name: string, cause: unknown): StreamctlError {
  if (cause instanceof StreamctlError) {
    const { code, detail, hint } = cause;
    return new StreamctlError(code, `${name}: ${cause.message}`, {
      ...(detail === undefined ? {} : { detail }),
      ...(hint === undefined ? {} : { hint }),
      cause,
    });
  }
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const place = placeOf(error, name);
  return new StreamctlError('bad-plan', `${place ?? name}: ${error.message.split('\n')[0]}`, {
    hint: missingModule(error) ?? 'the file is run as it is: it has to work as a program',
    cause,
  });
}

function missingModule(error: Error): string | undefined {
  const found = /Cannot find (?:module|package) '([^']+)'/.exec(error.message)?.[1];
  if (found === undefined) return undefined;
  return /^[./]/.test(found) ? 'is the file there?' : `npm install ${found}, beside the file`;
}

/** `file:line:column` of the first place in the file that the stack names. */
function placeOf(error: Error, name: string): string | undefined {
  const file = name.split(/[/\\]/).at(-1)!;
  for (const line of (error.stack ?? '').split('\n')) {
    const at = line.lastIndexOf(`${file}:`);
    const found = at < 0 ? null : /^(\d+):(\d+)/.exec(line.slice(at + file.length + 1));
    if (found) return `${name}:${found[1]}:${found[2]}`;
  }
  return undefined;
}

function onlyPlan(exports: Readonly<Record<string, unknown>>, name: string): Plan {
  if (isPlan(exports.default)) return exports.default;
  const plans = Object.entries(exports).filter(([, value]) => isPlan(value));
  if (plans.length === 1) return plans[0]![1] as Plan;
  if (plans.length > 1) {
    throw new StreamctlError('bad-plan', `${name} exports ${plans.length} pipelines`, {
      detail: plans.map(([exported]) => exported).join(', '),
      hint: 'keep one in each file, or make one of them the default export',
    });
  }
  const unfinished = Object.values(exports).some((value) => value instanceof authoring.Stream);
  throw new StreamctlError('bad-plan', `${name} exports no pipeline`, {
    hint: unfinished
      ? 'its rows go nowhere: end the pipeline with .into(sink)'
      : "write export default pipeline('name').from(source).into(sink)",
  });
}

function isPlan(value: unknown): value is Plan {
  if (typeof value !== 'object' || value === null) return false;
  const lists = ['sources', 'tables', 'nodes', 'sinks', 'topics', 'parameters'];
  return typeof Reflect.get(value, 'name') === 'string' && lists.every((key) => Array.isArray(Reflect.get(value, key)));
}
