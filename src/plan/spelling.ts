import type { ValueType } from '../base/row-batch.js';

/** Words of the expression grammar; a column of such a name is written in back-ticks. Upper case. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  'AND OR NOT IS NULL TRUE FALSE IN BETWEEN LIKE ESCAPE CASE WHEN THEN ELSE END CAST TRY_CAST AS DISTINCT FROM'.split(
    ' ',
  ),
);

/** How tightly an operator binds; a larger number binds more. */
export const PRECEDENCE = { or: 1, and: 2, not: 3, comparison: 4, sum: 5, product: 6, sign: 7, primary: 8 } as const;

/** Binding of the operators that stand between two operands. */
export const INFIX: Readonly<Record<string, number>> = {
  OR: PRECEDENCE.or,
  AND: PRECEDENCE.and,
  '=': PRECEDENCE.comparison,
  '<>': PRECEDENCE.comparison,
  '<': PRECEDENCE.comparison,
  '<=': PRECEDENCE.comparison,
  '>': PRECEDENCE.comparison,
  '>=': PRECEDENCE.comparison,
  'IS DISTINCT FROM': PRECEDENCE.comparison,
  'IS NOT DISTINCT FROM': PRECEDENCE.comparison,
  '+': PRECEDENCE.sum,
  '-': PRECEDENCE.sum,
  '||': PRECEDENCE.sum,
  '*': PRECEDENCE.product,
  '/': PRECEDENCE.product,
  '%': PRECEDENCE.product,
};

/** Operators written after their operand. */
export const POSTFIX: ReadonlySet<string> = new Set([
  'IS NULL',
  'IS NOT NULL',
  'IS TRUE',
  'IS NOT TRUE',
  'IS FALSE',
  'IS NOT FALSE',
]);

/** Flink's spelling of the value types; json values travel as text there. */
export const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  boolean: 'BOOLEAN',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  string: 'STRING',
  timestamp: 'TIMESTAMP_LTZ(3)',
  json: 'JSON',
};

const TYPE_ALIASES: Readonly<Record<string, ValueType>> = {
  BOOLEAN: 'boolean',
  BIGINT: 'bigint',
  INT: 'bigint',
  INTEGER: 'bigint',
  SMALLINT: 'bigint',
  DOUBLE: 'double',
  FLOAT: 'double',
  STRING: 'string',
  VARCHAR: 'string',
  TIMESTAMP_LTZ: 'timestamp',
  TIMESTAMP: 'timestamp',
  JSON: 'json',
};

/** The value type that `name` (without brackets, any case) stands for. */
export function findType(name: string): ValueType | undefined {
  return TYPE_ALIASES[name.toUpperCase()];
}

/** `name` as it is written in an expression. */
export function quoteName(name: string): string {
  const plain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name.toUpperCase());
  return plain ? name : `\`${name.replaceAll('`', '``')}\``;
}

/** `text` as a SQL text constant. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
