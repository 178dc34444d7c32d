import type { Value } from '../base/row-batch.js';
import { changingParts, inputsOf, type Plan, type Sink, WINDOW_END, WINDOW_START } from '../plan/plan.js';
import { recordText } from './record-text.js';
import type { RowValues } from './test-case.js';
import type { SeenRow } from './virtual-run.js';

/** How what a sink was given is to be read. */
export interface SinkNature {
  /**
   * Whether its rows take the place of earlier ones, so that their number depends on the order in which rows come, and only
   * what is true in the end does not.
   */
  readonly changes: boolean;
  /** Columns that tell one result from another: bounds of the window and record key; null: nothing does. */
  readonly identity: readonly string[] | null;
}

/** See {@link SinkNature}. */
export function natureOf(plan: Plan, sink: Sink): SinkNature {
  const changing = changingParts(plan);
  const above = new Set<string>();
  const climb = (name: string): void => {
    if (above.has(name)) return;
    above.add(name);
    for (const node of plan.nodes) if (node.name === name) inputsOf(node).forEach(climb);
  };
  climb(sink.input);
  const aggregates = plan.nodes.filter((node) => above.has(node.name) && node.kind === 'aggregate');
  const early = aggregates.some(
    (node) => node.kind === 'aggregate' && (node.emit.kind !== 'final' || node.allowedLatenessMs > 0),
  );
  const names = sink.columns.map((column) => column.name);
  const bounds = [WINDOW_START, WINDOW_END].filter((name) => names.includes(name));
  const identity = [...bounds, ...sink.keys.filter((key) => !bounds.includes(key))];
  const whole = identity.length > 0 || aggregates.length > 0;
  return { changes: early || changing.has(sink.input), identity: whole ? identity : null };
}

/** Text of what tells a result from others. */
export function identityText(values: RowValues, identity: readonly string[]): string {
  return recordText(identity.map((name): Value => values[name] ?? null) as Value);
}

/** What is true at the end of rows that take each other's place, by identity, in the order of the last change. */
export function standing(rows: readonly SeenRow[], identity: readonly string[]): ReadonlyMap<string, RowValues> {
  const state = new Map<string, RowValues>();
  for (const { values, deleted } of rows) {
    const name = identityText(values, identity);
    state.delete(name);
    if (!deleted) state.set(name, values);
  }
  return state;
}
