import { StreamctlError } from '../base/errors.js';
import type { Schema, Value, ValueType } from '../base/row-batch.js';
import { specialText } from '../plan/call-forms.js';
import type { AggregateNode, CallNode, CastNode, Expression } from '../plan/expression.js';
import { findFunction } from '../plan/functions/index.js';
import { inferType, type Scope } from '../plan/infer-type.js';
import { printExpression } from '../plan/print-expression.js';
import { quoteText, TYPE_NAMES } from '../plan/spelling.js';
import { timestampText } from '../plan/timestamp-text.js';
import { flinkName } from './spelling.js';

/** What an expression is printed with. */
export interface FlinkScope {
  /** Columns that it reads outside aggregates. */
  readonly columns: Schema;
  /** Columns that its aggregates read; null where there are none. */
  readonly aggregated: Schema | null;
  readonly parameters: Scope['parameters'];
  /** Values of the parameters: a script has constants in their place. */
  readonly values: Readonly<Record<string, Value>>;
  /** Takes a sentence on where Flink's answer may differ. */
  readonly note: (sentence: string) => void;
}

/** Flink's spelling of a column type; JSON travels as text. */
export function flinkType(type: ValueType): string {
  return type === 'json' ? 'STRING' : TYPE_NAMES[type];
}

/** Aggregates that Flink has under the same name. */
const AGGREGATES: ReadonlySet<string> = new Set(
  'COUNT SUM AVG MIN MAX VAR_SAMP VAR_POP STDDEV_SAMP STDDEV_POP FIRST_VALUE LAST_VALUE PERCENTILE'.split(' '),
);
/** Aggregates that Flink says in another way, with what is different then. */
const OTHERWISE: Readonly<Record<string, { text: (args: readonly string[]) => string; note: string | null }>> = {
  MEDIAN: { text: ([x]) => `PERCENTILE(${x}, 0.5)`, note: null },
  APPROX_PERCENTILE: { text: (args) => `PERCENTILE(${args.join(', ')})`, note: 'is PERCENTILE, which is exact' },
  APPROX_COUNT_DISTINCT: { text: ([x]) => `COUNT(DISTINCT ${x})`, note: 'is COUNT(DISTINCT ...), which is exact' },
  LISTAGG: {
    text: ([x, between = "','"]) => `LISTAGG(${x}, ${between})`,
    note: 'takes all texts in the order in which they arrive, not the earliest by event time',
  },
};
/** Those whose result has the type of the argument in Flink and is a double here. */
const MEASURES: ReadonlySet<string> = new Set('AVG VAR_SAMP VAR_POP STDDEV_SAMP STDDEV_POP'.split(' '));
/** Scalar functions that Flink has under the same name with the same meaning. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  `+ - * / % = <> < <= > >= || AND OR NOT IN BETWEEN LIKE ABS FLOOR CEIL ROUND SIGN SQRT LN EXP POWER COALESCE NULLIF
  GREATEST LEAST CONCAT UPPER LOWER TRIM LTRIM RTRIM CHAR_LENGTH SUBSTRING LOCATE REPLACE STARTSWITH ENDSWITH`.split(
    /\s+/,
  ),
);
const OPERATORS = /^(?:IS |NOT )/;

function refused(what: string): never {
  throw new StreamctlError('bad-plan', `Flink SQL has no ${what}`);
}

function constant(value: Value, type: ValueType): string {
  if (value === null) return `CAST(NULL AS ${flinkType(type)})`;
  if (type === 'timestamp') {
    return `CAST(TIMESTAMP ${quoteText(timestampText(Number(value)))} AS TIMESTAMP_LTZ(3))`;
  }
  return printExpression({ kind: 'literal', type, value });
}

function castText(node: CastNode, from: ValueType | null, inner: string, note: FlinkScope['note']): string {
  if (from === 'bigint' && node.to === 'timestamp') return `TO_TIMESTAMP_LTZ(${inner}, 3)`;
  if (from === 'timestamp' && node.to === 'bigint') {
    // There is no cast; the seconds and the milliseconds are taken apart.
    return `(UNIX_TIMESTAMP(CAST(${inner} AS STRING)) * 1000 + EXTRACT(MILLISECOND FROM ${inner}))`;
  }
  if (node.policy === 'reject' && from !== node.to && !(from === 'bigint' && node.to === 'double')) {
    note(
      `CAST(${inner} AS ${flinkType(node.to)}) is TRY_CAST here: a value that does not fit gives NULL, the row is not rejected`,
    );
  }
  return `TRY_CAST(${inner} AS ${flinkType(node.to)})`;
}

/** A call whose spelling its signature knows; undefined for those that are written as here. */
function callText(node: CallNode, print: (part: Expression) => string): string | undefined {
  if (FUNCTIONS.has(node.name) || OPERATORS.test(node.name)) return undefined;
  const text = findFunction(node.name)?.flink?.(node.arguments.map(print));
  return text ?? refused(`function ${specialText(node.name, ['...']) ?? node.name}`);
}

/**
 * `expression` as Flink's SQL.
 * @throws `bad-plan` that names what Flink cannot express.
 */
export function flinkExpression(expression: Expression, scope: FlinkScope): string {
  const types = new Map<Expression, ValueType | null>();
  inferType(expression, scope, [], types);
  const aggregateText = (node: AggregateNode, print: (part: Expression) => string): string => {
    const otherwise = node.distinct ? undefined : OTHERWISE[node.name];
    if (otherwise) {
      if (otherwise.note !== null) scope.note(`${node.name} ${otherwise.note}`);
      return otherwise.text(node.arguments.map(print));
    }
    if (!AGGREGATES.has(node.name)) return refused(`aggregate ${node.name}`);
    if (node.name === 'FIRST_VALUE' || node.name === 'LAST_VALUE') {
      scope.note(`${node.name} goes by arrival, not by event time`);
    }
    const inside = node.arguments.map((operand) => {
      const text = print(operand);
      return MEASURES.has(node.name) && types.get(operand) === 'bigint' ? `CAST(${text} AS DOUBLE)` : text;
    });
    return `${node.name}(${node.distinct ? 'DISTINCT ' : ''}${inside.length === 0 ? '*' : inside.join(', ')})`;
  };
  return printExpression(expression, (node, print) => {
    switch (node.kind) {
      case 'column':
        return flinkName(node.name);
      case 'parameter': {
        const parameter = scope.parameters.find(({ name }) => name === node.name);
        return constant(scope.values[node.name] ?? null, parameter?.type ?? 'string');
      }
      case 'literal':
        return node.type !== null && (node.value === null || node.type === 'timestamp')
          ? constant(node.value, node.type)
          : undefined;
      case 'cast':
        return castText(node, types.get(node.operand) ?? null, print(node.operand), scope.note);
      case 'aggregate':
        return aggregateText(node, print);
      case 'call':
        return callText(node, print);
      case 'case':
        return undefined;
    }
  });
}
