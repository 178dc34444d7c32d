import type { Expression, NamedExpression } from './expression.js';
import { ExpressionParser, type Span } from './expression-parser.js';
import { syntaxError } from './lexer.js';
import { deepFreeze } from './plan.js';

export type { Span } from './expression-parser.js';

/** An expression with its text and the places of its nodes (by identity), for errors that point at them. */
export interface ParsedExpression {
  readonly text: string;
  readonly expression: Expression;
  readonly spans: ReadonlyMap<Expression, Span>;
}

/**
 * Reads an expression such as `price > 0 AND fuelType IN ('Petrol', 'Diesel')`, with the places of its nodes.
 * @throws `bad-plan` with position, marked text and, where there is one, what was probably meant.
 */
export function parseWithSpans(text: string): ParsedExpression {
  const parser = new ExpressionParser(text);
  return { text, expression: parser.whole(), spans: parser.spans };
}

/**
 * Reads an expression; `parseExpression(printExpression(e))` equals `e`.
 * @throws `bad-plan` as {@link parseWithSpans}.
 */
export function parseExpression(text: string): Expression {
  return parseWithSpans(text).expression;
}

/** A list of expressions with names, its text and the places of the nodes. */
export interface ParsedList {
  readonly text: string;
  readonly columns: readonly NamedExpression[];
  readonly spans: ReadonlyMap<Expression, Span>;
}

/**
 * Reads `count(), avg(price) AS mean`. What has no name gets one: `count`, `avg_price`.
 * @throws `bad-plan` as {@link parseWithSpans}, and for a name that comes twice.
 */
export function parseNamedList(text: string): ParsedList {
  const parser = new ExpressionParser(text);
  const columns: NamedExpression[] = [];
  for (const { expression, name, start } of parser.list()) {
    const given = name ?? automaticName(expression);
    if (columns.some((column) => column.name === given)) {
      throw syntaxError(text, start, `column "${given}" comes twice`, 'name it: count(*) AS rows_seen');
    }
    columns.push(deepFreeze({ name: given, expression }));
  }
  return { text, columns, spans: parser.spans };
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  VAR_SAMP: 'variance',
  STDDEV_SAMP: 'stddev',
  FIRST_VALUE: 'first',
  LAST_VALUE: 'last',
};

/** The column name of an expression that was not given one: its words in small letters, joined by `_`. */
export function automaticName(expression: Expression): string {
  const words = (node: Expression): string[] => {
    if (node.kind === 'column') return [node.name];
    if (node.kind === 'aggregate') {
      return [
        SHORT_NAMES[node.name] ?? node.name.toLowerCase(),
        ...(node.distinct ? ['distinct'] : []),
        ...node.arguments.flatMap(words),
      ];
    }
    if (node.kind === 'call' && /^[A-Z_]+$/.test(node.name))
      return [node.name.toLowerCase(), ...node.arguments.flatMap(words)];
    if (node.kind === 'cast') return words(node.operand);
    return node.kind === 'call' ? node.arguments.flatMap(words) : [];
  };
  return words(expression).join('_') || 'value';
}
