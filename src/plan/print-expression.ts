import { unreachable } from '../base/assert.js';
import { specialText } from './call-forms.js';
import type { Expression, LiteralNode } from './expression.js';
import { INFIX, POSTFIX, PRECEDENCE, quoteName, quoteText, TYPE_NAMES } from './spelling.js';
import { timestampText } from './timestamp-text.js';

/** A double so that it reads back as one: with a point, `2.0`, `1.5E300`. */
function doubleText(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  const [mantissa, exponent] = text.split('e');
  const whole = mantissa!.includes('.') ? mantissa! : `${mantissa}.0`;
  return exponent === undefined ? whole : `${whole}E${exponent.replace('+', '')}`;
}

function literalText(node: LiteralNode): string {
  const { type, value } = node;
  if (value === null) return type === null ? 'NULL' : `CAST(NULL AS ${TYPE_NAMES[type]})`;
  switch (type) {
    case 'boolean':
      return value === true ? 'TRUE' : 'FALSE';
    case 'double':
      return doubleText(Number(value));
    case 'bigint':
      return String(value);
    case 'timestamp':
      return `TIMESTAMP ${quoteText(timestampText(Number(value)))}`;
    default:
      return quoteText(String(value));
  }
}

function isSigned(node: Expression): boolean {
  return node.kind === 'literal' && (node.type === 'bigint' || node.type === 'double');
}

/**
 * Another spelling for some nodes, for another dialect of SQL: gives the text of a node, as a whole that needs no
 * brackets, or undefined for the usual form. `print` gives the text of a part.
 */
export type Spelling = (node: Expression, print: (part: Expression) => string) => string | undefined;

type Wrap = (node: Expression, atLeast: number) => string;

function callText(name: string, operands: readonly Expression[], wrapped: Wrap): [text: string, precedence: number] {
  const [first, second, third] = operands;
  const { comparison, not, sign, primary } = PRECEDENCE;
  if (name === '-' && operands.length === 1) {
    // -5 is a constant; the negation of the constant 5 keeps its brackets.
    return [isSigned(first!) ? `-(${wrapped(first!, 0)})` : `-${wrapped(first!, primary)}`, sign];
  }
  if (name === 'NOT') return [`NOT ${wrapped(first!, not)}`, not];
  if (POSTFIX.has(name)) return [`${wrapped(first!, comparison + 1)} ${name}`, comparison];
  const left = (): string => wrapped(first!, comparison + 1);
  switch (name) {
    case 'BETWEEN':
    case 'NOT BETWEEN': {
      const bounds = `${wrapped(second!, comparison + 1)} AND ${wrapped(third!, comparison + 1)}`;
      return [`${left()} ${name} ${bounds}`, comparison];
    }
    case 'IN':
    case 'NOT IN':
      return [
        `${left()} ${name} (${operands
          .slice(1)
          .map((operand) => wrapped(operand, 0))
          .join(', ')})`,
        comparison,
      ];
    case 'LIKE':
    case 'NOT LIKE': {
      const escaped = third ? ` ESCAPE ${wrapped(third, comparison + 1)}` : '';
      return [`${left()} ${name} ${wrapped(second!, comparison + 1)}${escaped}`, comparison];
    }
  }
  const precedence = INFIX[name];
  if (precedence === undefined) {
    const args = operands.map((operand) => wrapped(operand, 0));
    return [specialText(name, args) ?? `${name}(${args.join(', ')})`, primary];
  }
  const leftmost = precedence === comparison ? comparison + 1 : precedence;
  return [`${wrapped(first!, leftmost)} ${name} ${wrapped(second!, precedence + 1)}`, precedence];
}

function textOf(node: Expression, wrapped: Wrap): [text: string, precedence: number] {
  const { primary } = PRECEDENCE;
  switch (node.kind) {
    case 'literal':
      return [literalText(node), primary];
    case 'column':
      return [quoteName(node.name), primary];
    case 'parameter':
      return [`:${node.name}`, primary];
    case 'cast':
      return [
        `${node.policy === 'null' ? 'TRY_CAST' : 'CAST'}(${wrapped(node.operand, 0)} AS ${TYPE_NAMES[node.to]})`,
        primary,
      ];
    case 'aggregate': {
      const inside = node.arguments.map((operand) => wrapped(operand, 0)).join(', ');
      const star = node.name === 'COUNT' && node.arguments.length === 0 ? '*' : inside;
      return [`${node.name}(${node.distinct ? 'DISTINCT ' : ''}${star})`, primary];
    }
    case 'case': {
      const branches = node.branches.map(
        (branch) => ` WHEN ${wrapped(branch.when, 0)} THEN ${wrapped(branch.result, 0)}`,
      );
      const otherwise = node.otherwise ? ` ELSE ${wrapped(node.otherwise, 0)}` : '';
      return [`CASE${branches.join('')}${otherwise} END`, primary];
    }
    case 'call':
      return callText(node.name, node.arguments, wrapped);
    default:
      return unreachable(node);
  }
}

/**
 * The text form of `expression` in Flink's SQL spelling; `parseExpression` reads it back to an equal tree.
 * @param spelling for another dialect; what it prints need not read back.
 */
export function printExpression(expression: Expression, spelling?: Spelling): string {
  const wrapped: Wrap = (node, atLeast) => {
    const other = spelling?.(node, (part) => wrapped(part, 0));
    if (other !== undefined) return other;
    const [text, precedence] = textOf(node, wrapped);
    return precedence < atLeast ? `(${text})` : text;
  };
  return wrapped(expression, 0);
}
