import type { Column, Schema } from '../../base/row-batch.js';
import type { CheckNode, DeriveNode, FilterNode, SelectNode } from '../../plan/plan.js';
import { type CompileScope, compileExpression, compilePredicate, type Input } from '../compile.js';
import type { Rows } from '../rows.js';
import type { RowWork } from './row-step.js';

/** `rows` as compiled code takes them. */
export function inputOf(rows: Rows): Input {
  const { vectors, selection, selected, times } = rows;
  return { vectors, selection, selected, length: times.length };
}

/** Keeps the rows for which the condition is true. */
export function filterWork(node: FilterNode, scope: CompileScope): RowWork {
  const predicate = compilePredicate(node.condition, scope);
  return (rows, reject) => {
    const selection = new Int32Array(rows.selected);
    const selected = predicate.select(inputOf(rows), selection, reject);
    return { ...rows, selection, selected };
  };
}

/** Rejects rows for which a rule is not true, with the reasons of all rules that they break. */
export function checkWork(node: CheckNode, scope: CompileScope): RowWork {
  const rules = node.rules.map((rule) => ({ reason: rule.reason, predicate: compilePredicate(rule.condition, scope) }));
  return (rows, reject) => {
    const good = new Int32Array(rows.selected);
    for (const { reason, predicate } of rules) {
      const failed = new Map<number, string>();
      const count = predicate.select(inputOf(rows), good, (row, why) => failed.set(row, why));
      if (count === rows.selected) continue;
      // Both are ascending: what is selected and not good broke the rule.
      for (let k = 0, g = 0; k < rows.selected; k++) {
        const row = rows.selection[k]!;
        if (g < count && good[g] === row) g++;
        else reject(row, failed.has(row) ? `${reason} (${failed.get(row)})` : reason);
      }
    }
    return rows;
  };
}

/** Adds or replaces columns, or keeps only the named ones. */
export function columnsWork(node: DeriveNode | SelectNode, scope: CompileScope, output: Schema): RowWork {
  const made = new Map(node.columns.map(({ name, expression }) => [name, compileExpression(expression, scope)]));
  const kept = (column: Column): number => scope.schema.findIndex((candidate) => candidate.name === column.name);
  const parts = output.map((column) => made.get(column.name) ?? kept(column));
  return (rows, reject) => {
    const input = inputOf(rows);
    const vectors = parts.map((part) =>
      typeof part === 'number' ? rows.vectors[part]! : part.evaluate(input, reject),
    );
    return { ...rows, schema: output, vectors };
  };
}
