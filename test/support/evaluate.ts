import { batchOf, type Schema, type Value, type ValueType, valueAt } from '../../src/base/row-batch.js';
import { compileExpression } from '../../src/engine/compile.js';
import { castFor } from '../../src/engine/functions/casts.js';
import { everyRow } from '../../src/engine/rows.js';
import { parseExpression } from '../../src/plan/parse-expression.js';

/** What an expression gives for one row. */
export interface Evaluated {
  readonly value: Value;
  readonly type: ValueType;
  /** Why the row was rejected. */
  readonly rejected: string | undefined;
}

/** Computes `text` for one row. */
export function evaluate(text: string, schema: Schema = [], row: Readonly<Record<string, Value>> = {}): Evaluated {
  const batch = batchOf(schema, [row]);
  const evaluator = compileExpression(parseExpression(text), { schema, parameters: [], values: {} });
  let rejected: string | undefined;
  const vector = evaluator.evaluate(
    { vectors: batch.vectors, selection: everyRow(1), selected: 1, length: 1 },
    (_, reason) => {
      rejected = reason;
    },
  );
  return { value: valueAt(vector, evaluator.type, 0), type: evaluator.type, rejected };
}

/** A value as text, as CAST(x AS STRING) gives it; `NULL` for none. */
export function evaluatedText({ value, type, rejected }: Evaluated): string {
  if (rejected !== undefined) return `rejected: ${rejected}`;
  return value === null ? 'NULL' : String(castFor(type, 'string')(value));
}
