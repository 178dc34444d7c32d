import type { Value } from '../base/row-batch.js';
import type { AggregateNode, Expression } from './expression.js';
import { findFunction } from './functions/index.js';

/** Arguments of an aggregate call: those that every row gives, and the constants that its state is made with. */
export function aggregateArguments(node: AggregateNode): {
  readonly operands: readonly Expression[];
  readonly constants: readonly Value[];
} {
  const from = findFunction(node.name)?.constantsFrom ?? node.arguments.length;
  const constants = node.arguments.slice(from).map((part) => (part.kind === 'literal' ? part.value : null));
  return { operands: node.arguments.slice(0, from), constants };
}
