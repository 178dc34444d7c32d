import { StreamctlError } from '../base/errors.js';
import type { Plan } from '../plan/plan.js';

/** Texts of the parts of a plan that its state depends on, by what they are called for people. */
export type PlanShape = ReadonlyMap<string, string>;

/** What has to be equal for the state of one plan to serve another: sources and steps, not names of topics. */
export function shapeOf(plan: Plan): PlanShape {
  const shape = new Map<string, string>();
  for (const { name, columns, eventTime } of plan.sources)
    shape.set(`source "${name}"`, textOf({ columns, eventTime }));
  for (const node of plan.nodes) shape.set(`step "${node.name}"`, textOf(node));
  return shape;
}

function textOf(part: unknown): string {
  return JSON.stringify(part, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** @throws `bad-plan` that names every part that is not as it was when the state was saved. */
export function requireSameShape(plan: Plan, saved: PlanShape): void {
  const now = shapeOf(plan);
  const changes: string[] = [];
  for (const [part, text] of now) {
    const before = saved.get(part);
    if (before === undefined) changes.push(`${part} is new`);
    else if (before !== text) changes.push(`${part} has changed`);
  }
  for (const part of saved.keys()) if (!now.has(part)) changes.push(`${part} is gone`);
  if (changes.length === 0) return;
  throw new StreamctlError('bad-plan', `the saved state of pipeline "${plan.name}" is of another plan`, {
    detail: changes.join('; '),
    hint: 'go on with the old plan, or start anew: --reset-state',
  });
}
