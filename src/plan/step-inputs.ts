import type { PlanNode } from './plan.js';

/** `node` with the names of its inputs replaced. */
export function withInputs(node: PlanNode, place: (name: string) => string): PlanNode {
  return { ...node, input: place(node.input) };
}
