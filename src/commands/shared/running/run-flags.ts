import { StreamctlError } from '../../../base/errors.js';
import { parseDuration } from '../../../base/time.js';
import { deepFreeze, type Emit, type Plan } from '../../../plan/plan.js';
import { withEventTime } from '../../../plan/with-event-time.js';

/** Reads `--param name=value`, repeated. @throws `usage` */
export function readParameters(texts: readonly string[]): Readonly<Record<string, string>> {
  return readPairs('--param', texts, 'referenceYear=2024');
}

/** Reads `--table name=file`, repeated. @throws `usage` for what is no pair, `not-found` for a table that the plan has not. */
export function readTables(plan: Plan, texts: readonly string[]): Readonly<Record<string, string>> {
  const given = readPairs('--table', texts, 'stations=stations.csv');
  const known = plan.tables.map((table) => table.name);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    throw new StreamctlError('not-found', `pipeline "${plan.name}" has no table "${name}"`, {
      hint: known.length > 0 ? `its tables are ${known.join(', ')}` : 'it looks nothing up',
    });
  }
  return given;
}

function readPairs(flag: string, texts: readonly string[], example: string): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) {
      throw new StreamctlError('usage', `${flag} "${text}" is not of the form name=value`, {
        hint: `${flag} ${example}`,
      });
    }
    given[text.slice(0, at)] = text.slice(at + 1);
  }
  return given;
}

/** What of a plan the command line can change. */
export interface PlanFlags {
  /** Column or expression of the event time. */
  readonly time?: string | undefined;
  /** When results are given out. */
  readonly emit?: string | undefined;
}

/** The plan as `--time` and `--emit` want it. @throws `usage`, `bad-plan` */
export function planWith(plan: Plan, { time, emit }: PlanFlags): Plan {
  const timed = time === undefined ? plan : withEventTime(plan, time);
  return emit === undefined ? timed : withEmit(timed, readEmit(emit));
}

/** Reads `--emit`: `final`, `update` or `every=5s`. @throws `usage` */
function readEmit(text: string): Emit {
  if (text === 'final' || text === 'update') return { kind: text };
  const every = /^every=(.+)$/.exec(text);
  if (every) return { kind: 'every', everyMs: parseDuration(every[1]!) };
  throw new StreamctlError('usage', `--emit "${text}" is not known`, { hint: 'one of final, update, every=5s' });
}

/** Reads `--max-ahead`: a duration, or `none` for any time. @throws `usage` */
export function readMaxAhead(text: string): number {
  return text === 'none' ? Number.POSITIVE_INFINITY : parseDuration(text);
}

/** The plan with another emit rule in all its aggregates. */
function withEmit(plan: Plan, emit: Emit): Plan {
  return deepFreeze({
    ...plan,
    nodes: plan.nodes.map((node) => (node.kind === 'aggregate' ? { ...node, emit } : node)),
  });
}
