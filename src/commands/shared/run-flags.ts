import { StreamctlError } from '../../base/errors.js';
import { parseDuration } from '../../base/time.js';
import { deepFreeze, type Emit, type Plan } from '../../plan/plan.js';

/** Reads `--param name=value`, repeated. @throws `usage` */
export function readParameters(texts: readonly string[]): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) {
      throw new StreamctlError('usage', `--param "${text}" is not of the form name=value`, {
        hint: '--param referenceYear=2024',
      });
    }
    given[text.slice(0, at)] = text.slice(at + 1);
  }
  return given;
}

/** Reads `--emit`: `final`, `update` or `every=5s`. @throws `usage` */
export function readEmit(text: string): Emit {
  if (text === 'final' || text === 'update') return { kind: text };
  const every = /^every=(.+)$/.exec(text);
  if (every) return { kind: 'every', everyMs: parseDuration(every[1]!) };
  throw new StreamctlError('usage', `--emit "${text}" is not known`, { hint: 'one of final, update, every=5s' });
}

/** The plan with another emit rule in all its aggregates. */
export function withEmit(plan: Plan, emit: Emit): Plan {
  return deepFreeze({
    ...plan,
    nodes: plan.nodes.map((node) => (node.kind === 'aggregate' ? { ...node, emit } : node)),
  });
}
