import type { Schema } from '../base/row-batch.js';
import type { Plan } from '../plan/plan.js';
import type { FlinkScope } from './flink-expression.js';
import { type FlinkTopics, freeColumn } from './flink-tables.js';
import { flinkName } from './spelling.js';

/** What the rows of a table or view have beside the columns of the plan. */
export interface Carried {
  /** Column with the event time; null where there is none any more. It may be a column of the plan. */
  readonly timeColumn: string | null;
  /** Whether the time column still is a time attribute, which windows, joins and OVER need. */
  readonly isAttribute: boolean;
  /** Columns with the window as Flink knows it, for top rows of windows; null where nobody asks. */
  readonly bounds: readonly [start: string, end: string] | null;
  /** Columns that tell records apart, where a step needs that; empty: none. */
  readonly identity: readonly string[];
}

/** Rows that a script has a table or view for. */
export interface Part extends Carried {
  readonly name: string;
  /** Columns of the plan; the view may have more, see {@link Carried}. */
  readonly schema: Schema;
  readonly changing: boolean;
}

/** What the view of a step is made with. */
export interface StepInput {
  readonly plan: Plan;
  /** The part called so. @throws `bad-plan` when the script has none. */
  readonly find: (name: string) => Part;
  readonly scope: Omit<FlinkScope, 'columns' | 'aggregated'>;
  readonly topics: FlinkTopics;
  /** Columns of the rows that leave the step. */
  readonly output: Schema;
  /** Adds a statement before the view, once per name. */
  readonly define: (name: string, statement: string) => void;
}

/** The query of a view and what its rows have beside the columns of the plan. */
export interface StepView extends Carried {
  readonly query: string;
  /** Whether its rows are taken back although those of the input are not. */
  readonly changing?: boolean;
}

/** Name of the time column where the plan's own columns no longer have it. */
export const ROW_TIME = 'row_time';

/** What rows without anything beside their columns have. */
export const NOTHING_CARRIED: Carried = { timeColumn: null, isAttribute: false, bounds: null, identity: [] };

/** What a part carries, without its name and columns. */
export function carriedOf({ timeColumn, isAttribute, bounds, identity }: Part): Carried {
  return { timeColumn, isAttribute, bounds, identity };
}

/** Columns of a part, those beside the plan's among them, as Flink spells them. */
export function columnsOf(part: Part): readonly string[] {
  const names = part.schema.map(({ name }) => name);
  const time = part.timeColumn === null || names.includes(part.timeColumn) ? [] : [part.timeColumn];
  return [...names, ...time, ...(part.bounds ?? []), ...part.identity].map(flinkName);
}

/** Lines of a SELECT. */
export function list(items: readonly string[]): string {
  return items.map((item) => `  ${item}`).join(',\n');
}

/** `text` one step to the right. */
export function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

/** The columns beside the plan's that a view of other columns takes along: what selects them, and their names there. */
export function takenAlong(
  part: Part,
  output: Schema,
  prefix = '',
): { readonly selects: readonly string[]; readonly carried: Carried } {
  const selects: string[] = [];
  const take = (old: string, wanted = old): string => {
    const name = freeColumn(output, wanted);
    selects.push(`${prefix}${flinkName(old)}${name === old && prefix === '' ? '' : ` AS ${flinkName(name)}`}`);
    return name;
  };
  const { timeColumn, isAttribute, bounds, identity } = part;
  const time = timeColumn === null ? null : take(timeColumn, ROW_TIME);
  const taken = bounds && ([take(bounds[0]), take(bounds[1])] as const);
  return {
    selects,
    carried: { timeColumn: time, isAttribute, bounds: taken, identity: identity.map((name) => take(name)) },
  };
}
