import type { Schema } from '../base/row-batch.js';
import type { Plan } from '../plan/plan.js';
import type { FlinkScope } from './flink-expression.js';
import type { FlinkTopics } from './flink-tables.js';
import { flinkName } from './spelling.js';

/** Rows that a script has a table or view for. */
export interface Part {
  readonly name: string;
  /** Columns of the plan; the view may have one more, the time column. */
  readonly schema: Schema;
  /** Column with the event time, as a time attribute that windows take; null where there is none any more. */
  readonly timeColumn: string | null;
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

/** The query of a view and the name of its time column. */
export interface StepView {
  readonly query: string;
  readonly timeColumn: string | null;
}

/** Columns of a part, the time column among them. */
export function carried(part: Part): readonly string[] {
  const names = part.schema.map(({ name }) => name);
  return (part.timeColumn === null || names.includes(part.timeColumn) ? names : [...names, part.timeColumn]).map(
    flinkName,
  );
}
