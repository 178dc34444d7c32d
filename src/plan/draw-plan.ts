import { inputsOf, type Plan, type PlanNode } from './plan.js';

type Shape = 'source' | 'table' | 'step' | 'sink';

interface Drawing {
  readonly nodes: readonly { readonly id: string; readonly shape: Shape; readonly lines: readonly string[] }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly dashed: boolean }[];
}

function stepWords(node: PlanNode): string {
  if (node.kind === 'aggregate') return node.window === null ? 'aggregate' : `aggregate, ${node.window.kind}`;
  return node.kind === 'join' ? `${node.join} join` : node.kind;
}

/** What is drawn: topics with the source or sink that reads or writes them, tables, steps. */
function drawing({ sources, tables, nodes, sinks }: Plan): Drawing {
  const ids = new Map<string, string>();
  for (const { name } of [...sources, ...nodes]) ids.set(name, `n${ids.size}`);
  const from = tables.map(({ from: where }) =>
    where.kind === 'file' ? where.path : where.kind === 'topic' ? where.topic : '',
  );
  return {
    nodes: [
      ...sources.map(({ name, topic }) => ({
        id: ids.get(name)!,
        shape: 'source' as const,
        lines: [name, `topic ${topic}`],
      })),
      ...tables.map(({ name }, at) => ({
        id: `t${at}`,
        shape: 'table' as const,
        lines: from[at] === '' ? [name] : [name, from[at]!],
      })),
      ...nodes.map((node) => ({
        id: ids.get(node.name)!,
        shape: 'step' as const,
        lines: [node.name, stepWords(node)],
      })),
      ...sinks.map(({ name, topic }, at) => ({
        id: `s${at}`,
        shape: 'sink' as const,
        lines: [name, `topic ${topic}`],
      })),
    ],
    edges: [
      ...nodes.flatMap((node) =>
        inputsOf(node).map((input) => ({ from: ids.get(input)!, to: ids.get(node.name)!, dashed: false })),
      ),
      ...nodes.flatMap((node) => {
        const at = node.kind === 'lookup' ? tables.findIndex(({ name }) => name === node.table) : -1;
        return at < 0 ? [] : [{ from: `t${at}`, to: ids.get(node.name)!, dashed: true }];
      }),
      ...sinks.map(({ input }, at) => ({ from: ids.get(input)!, to: `s${at}`, dashed: false })),
    ],
  };
}

const MERMAID: Readonly<Record<Shape, readonly [open: string, close: string]>> = {
  source: ['[/', '/]'],
  table: ['[(', ')]'],
  step: ['[', ']'],
  sink: ['[\\', '\\]'],
};

/** `plan` as a Mermaid flowchart, which Markdown of many sites shows as a picture. @see https://mermaid.js.org */
export function mermaidText(plan: Plan): string {
  const { nodes, edges } = drawing(plan);
  const text = (line: string): string =>
    line.replaceAll('&', '&amp;').replaceAll('"', '#quot;').replaceAll('<', '&lt;');
  const lines = nodes.map(({ id, shape, lines: words }) => {
    const [open, close] = MERMAID[shape];
    return `  ${id}${open}"${words.map(text).join('<br>')}"${close}`;
  });
  const arrows = edges.map(({ from, to, dashed }) => `  ${from} ${dashed ? '-.->' : '-->'} ${to}`);
  return ['flowchart LR', ...lines, ...arrows].join('\n');
}

const DOT: Readonly<Record<Shape, string>> = { source: 'cds', table: 'cylinder', step: 'box', sink: 'cds' };

/** `plan` as a graph for Graphviz. @see https://graphviz.org/doc/info/lang.html */
export function dotText(plan: Plan): string {
  const { nodes, edges } = drawing(plan);
  const text = (line: string): string => line.replaceAll(/[\\"]/g, '\\$&');
  const lines = nodes.map(
    ({ id, shape, lines: words }) => `  ${id} [shape=${DOT[shape]}, label="${words.map(text).join('\\n')}"];`,
  );
  const arrows = edges.map(({ from, to, dashed }) => `  ${from} -> ${to}${dashed ? ' [style=dashed]' : ''};`);
  return [`digraph "${text(plan.name)}" {`, '  rankdir=LR;', ...lines, ...arrows, '}'].join('\n');
}
