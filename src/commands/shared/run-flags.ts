import { StreamctlError } from '../../base/errors.js';
import { parseDuration } from '../../base/time.js';
import { deepFreeze, type Emit, type Plan } from '../../plan/plan.js';
import type { StartPosition } from '../../run/interfaces.js';
import { parseOffsetRange } from './offset-range.js';

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

/** Reads `--from` in the grammar of `-o`, of which it takes the beginning only. @throws `usage` */
export function readStart(text: string, nowMs: number): StartPosition {
  const { from, to } = parseOffsetRange(text, nowMs);
  if (to) throw new StreamctlError('usage', `--from "${text}" has an end`, { hint: 'use --until to say when to end' });
  switch (from.kind) {
    case 'start':
    case 'end':
      return { kind: from.kind };
    case 'time':
      return { kind: 'timestamp', atMs: from.timeMs };
    case 'offset':
      return { kind: 'offset', offset: from.offset };
    case 'relative':
      return { kind: 'offset', offset: from.count };
  }
}
