import type { Schema } from '../base/row-batch.js';
import { didYouMean } from './did-you-mean.js';
import type {
  AggregateNode,
  CallNode,
  CaseNode,
  CastNode,
  ColumnNode,
  Expression,
  ParameterNode,
} from './expression.js';
import { type ArgumentType, commonType, comparable } from './functions/function-spec.js';
import { findFunction } from './functions/index.js';
import type { Parameter } from './plan.js';
import { TYPE_NAMES } from './spelling.js';

/** What an expression may refer to. */
export interface Scope {
  readonly columns: Schema;
  readonly parameters: readonly Pick<Parameter, 'name' | 'type'>[];
  /** Columns that aggregate functions read; null where aggregates are not allowed. */
  readonly aggregated: Schema | null;
}

/** Something wrong with an expression, at one of its nodes. */
export interface ExpressionProblem {
  readonly node: Expression;
  readonly message: string;
  readonly hint?: string;
}

type Report = (node: Expression, message: string, hint?: string) => undefined;

function typeName(type: ArgumentType): string {
  return type === null ? 'NULL' : TYPE_NAMES[type];
}

/** Casts that no value survives. */
function castable(from: ArgumentType, to: ArgumentType): boolean {
  if (from === null || from === to || from === 'string' || to === 'string' || from === 'json') return true;
  const numeric = (type: ArgumentType): boolean => type === 'bigint' || type === 'double';
  if (numeric(from) && numeric(to)) return true;
  if (from === 'boolean') return to === 'bigint' || to === 'double';
  if (to === 'boolean') return numeric(from);
  return (from === 'timestamp' && to === 'bigint') || (from === 'bigint' && to === 'timestamp');
}

function columnType(node: ColumnNode, scope: Scope, report: Report): ArgumentType | undefined {
  const column = scope.columns.find((candidate) => candidate.name === node.name);
  if (column) return column.type;
  if (scope.aggregated?.some((candidate) => candidate.name === node.name)) {
    return report(
      node,
      `column "${node.name}" is neither a key nor inside an aggregate`,
      `group by it, or write MAX(${node.name})`,
    );
  }
  const names = scope.columns.map((candidate) => candidate.name);
  const near = didYouMean(node.name, names);
  return report(
    node,
    `there is no column "${node.name}"`,
    near ? `did you mean ${near}?` : `columns are ${names.join(', ')}`,
  );
}

function parameterType(node: ParameterNode, scope: Scope, report: Report): ArgumentType | undefined {
  const found = scope.parameters.find((candidate) => candidate.name === node.name);
  if (found) return found.type;
  const near = didYouMean(
    node.name,
    scope.parameters.map((candidate) => candidate.name),
  );
  return report(node, `there is no parameter ":${node.name}"`, near && `did you mean :${near}?`);
}

function callType(
  node: CallNode | AggregateNode,
  types: readonly ArgumentType[],
  report: Report,
): ArgumentType | undefined {
  const spec = findFunction(node.name);
  if (!spec || (spec.kind === 'aggregate') !== (node.kind === 'aggregate')) {
    return report(node, `there is no ${node.kind === 'aggregate' ? 'aggregate ' : ''}function "${node.name}"`);
  }
  const count = types.length;
  if (count < spec.minArguments || count > spec.maxArguments) {
    return report(node, `${spec.name} does not take ${count} argument${count === 1 ? '' : 's'}`, `write ${spec.usage}`);
  }
  const constants = node.arguments.map((operand) => (operand.kind === 'literal' ? operand.value : undefined));
  const wrong = spec.constants?.(constants);
  if (wrong !== undefined) return report(node, `${spec.name}: ${wrong}`);
  const type = spec.result(types);
  if (type !== null || types.every((argument) => argument === null)) return type;
  return report(node, `${spec.name} does not fit ${types.map(typeName).join(', ')}`, `write ${spec.usage}`);
}

function caseType(
  node: CaseNode,
  infer: (part: Expression) => ArgumentType | undefined,
  report: Report,
): ArgumentType | undefined {
  for (const { when } of node.branches) {
    const type = infer(when);
    if (type !== undefined && !comparable(type, 'boolean'))
      report(when, `WHEN needs a BOOLEAN, this is ${typeName(type)}`);
  }
  const parts = [...node.branches.map((branch) => branch.result), ...(node.otherwise ? [node.otherwise] : [])];
  const types = parts.map(infer);
  if (types.includes(undefined)) return undefined;
  const type = commonType(types as ArgumentType[]);
  if (type !== undefined) return type;
  return report(
    node,
    `the branches of CASE have different types: ${(types as ArgumentType[]).map(typeName).join(', ')}`,
  );
}

function castType(node: CastNode, from: ArgumentType | undefined, report: Report): ArgumentType | undefined {
  if (from === undefined) return undefined;
  return castable(from, node.to) ? node.to : report(node, `${typeName(from)} cannot become ${typeName(node.to)}`);
}

/**
 * Type of `expression` in `scope`: null for a bare NULL, undefined when it has a problem. All problems are
 * added to `problems`, the types of all good nodes to `types`.
 */
export function inferType(
  expression: Expression,
  scope: Scope,
  problems: ExpressionProblem[],
  types: Map<Expression, ArgumentType> = new Map(),
): ArgumentType | undefined {
  const report: Report = (node, message, hint) => {
    problems.push({ node, message, ...(hint === undefined ? {} : { hint }) });
    return undefined;
  };
  const infer = (node: Expression, within: Scope): ArgumentType | undefined => {
    const type = inferNode(node, within);
    if (type !== undefined) types.set(node, type);
    return type;
  };
  const inferNode = (node: Expression, within: Scope): ArgumentType | undefined => {
    switch (node.kind) {
      case 'literal':
        return node.type;
      case 'column':
        return columnType(node, within, report);
      case 'parameter':
        return parameterType(node, within, report);
      case 'cast':
        return castType(node, infer(node.operand, within), report);
      case 'case':
        return caseType(node, (part) => infer(part, within), report);
      case 'aggregate':
        if (within.aggregated === null)
          return report(node, `${node.name} cannot stand here: it needs the rows of a group`);
        return operandTypes(node, { ...within, columns: within.aggregated, aggregated: null });
      case 'call':
        return operandTypes(node, within);
    }
  };
  const operandTypes = (node: CallNode | AggregateNode, within: Scope): ArgumentType | undefined => {
    const found = node.arguments.map((operand) => infer(operand, within));
    return found.includes(undefined) ? undefined : callType(node, found as ArgumentType[], report);
  };
  return infer(expression, scope);
}
