import type { PlanNode } from './plan.js';

/** `node` with the names of its inputs replaced. */
export function withInputs(node: PlanNode, place: (name: string) => string): PlanNode {
  const input = place(node.input);
  if (node.kind === 'join') return { ...node, input, right: place(node.right) };
  return node.kind === 'union' ? { ...node, input, others: node.others.map(place) } : { ...node, input };
}
