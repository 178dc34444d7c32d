import type { Value, ValueType } from '../base/row-batch.js';

/** A constant. `type` is null for the bare NULL, whose type comes from its surroundings. */
export interface LiteralNode {
  readonly kind: 'literal';
  readonly type: ValueType | null;
  readonly value: Value;
}

/** A column of the row at hand. */
export interface ColumnNode {
  readonly kind: 'column';
  readonly name: string;
}

/** A value that the run supplies, written `:name`; see {@link Parameter} in plan.ts. */
export interface ParameterNode {
  readonly kind: 'parameter';
  readonly name: string;
}

/**
 * An operator or a scalar function on values of one row. Operators are named as they are written
 * (`+`, `=`, `AND`, `IS NULL`, `NOT IN`, `BETWEEN`, `LIKE`), functions in upper case (`UPPER`).
 */
export interface CallNode {
  readonly kind: 'call';
  readonly name: string;
  readonly arguments: readonly Expression[];
}

/** `CASE WHEN ... THEN ... ELSE ... END`; `otherwise` is null where there is no ELSE. */
export interface CaseNode {
  readonly kind: 'case';
  readonly branches: readonly { readonly when: Expression; readonly result: Expression }[];
  readonly otherwise: Expression | null;
}

/** `CAST(x AS type)`, which rejects a row whose value does not fit, or `TRY_CAST`, which gives NULL. */
export interface CastNode {
  readonly kind: 'cast';
  readonly operand: Expression;
  readonly to: ValueType;
  readonly policy: 'reject' | 'null';
}

/** An aggregate function over the rows of a group: `COUNT(*)` has no arguments. */
export interface AggregateNode {
  readonly kind: 'aggregate';
  readonly name: string;
  readonly arguments: readonly Expression[];
  readonly distinct: boolean;
}

/** What can be computed, as frozen data. {@link parseExpression} and {@link printExpression} are its text form. */
export type Expression = LiteralNode | ColumnNode | ParameterNode | CallNode | CaseNode | CastNode | AggregateNode;

/** An expression under the name of the column it makes. */
export interface NamedExpression {
  readonly name: string;
  readonly expression: Expression;
}

/** The direct operands of `expression`, in the order in which they are written. */
export function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'column':
    case 'parameter':
      return [];
    case 'call':
    case 'aggregate':
      return expression.arguments;
    case 'cast':
      return [expression.operand];
    case 'case': {
      const parts = expression.branches.flatMap((branch) => [branch.when, branch.result]);
      return expression.otherwise ? [...parts, expression.otherwise] : parts;
    }
  }
}

/** Calls `visit` for `expression` and everything inside it, outermost first. */
export function walkExpression(expression: Expression, visit: (node: Expression) => void): void {
  visit(expression);
  for (const operand of operandsOf(expression)) walkExpression(operand, visit);
}

/** Names of the columns that `expression` reads, each once. */
export function columnsOf(expression: Expression): ReadonlySet<string> {
  const names = new Set<string>();
  walkExpression(expression, (node) => {
    if (node.kind === 'column') names.add(node.name);
  });
  return names;
}
