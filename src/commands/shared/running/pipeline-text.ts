import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  visit,
} from 'yaml';
import { StreamctlError } from '../../../base/errors.js';
import type { DocumentData, DocumentNode, DocumentProblem } from '../../../plan/document/node.js';
import { readPlan } from '../../../plan/document/read-plan.js';
import type { Plan } from '../../../plan/plan.js';
import { stringifyJson } from '../../../ui/output/json.js';

/** Larger files are refused: no pipeline is so long. Characters. */
const MAX_TEXT = 1_000_000;
/** Mistakes that are shown; more are only counted. */
const MAX_SHOWN = 50;
/** Keys whose maps are written on one line. */
const ONE_LINE = ['window', 'emit', 'config', 'between'];
/** Brackets inside each other. */
const MAX_DEPTH = 64;

/**
 * The pipeline that a YAML or JSON text says.
 * @param file how the text is called in messages.
 * @throws `bad-plan` with every mistake as `file:line:column`.
 */
export function readPipelineText(text: string, file: string): Plan {
  if (text.length > MAX_TEXT) {
    throw new StreamctlError('bad-plan', `${file} is too long for a pipeline: ${text.length} characters`, {
      hint: `at most ${MAX_TEXT}; put reference data in a file of its own: tables`,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, intAsBigInt: true, keepSourceTokens: false });
  const problems: DocumentProblem[] = document.errors.map(({ pos, message }) => ({
    at: pos[0],
    message: message.split(/ at line \d+|\n/)[0]!.replace(/:$/, ''),
  }));
  const root = documentNode(document.contents, text, problems);
  if (problems.length === 0) {
    const { plan, problems: found } = readPlan(root);
    if (plan) return plan;
    problems.push(...found);
  }
  throw mistakes(problems, file, lines);
}

function mistakes(problems: readonly DocumentProblem[], file: string, lines: LineCounter): StreamctlError {
  const told = problems.map(({ at, message, hint }) => {
    const { line, col } = lines.linePos(at);
    return { line: `${file}:${line}:${col}: ${message}`, hint };
  });
  const [first] = told;
  if (told.length === 1) {
    return new StreamctlError('bad-plan', first!.line, first!.hint === undefined ? {} : { hint: first!.hint });
  }
  const shown = told.slice(0, MAX_SHOWN).map(({ line, hint }) => (hint === undefined ? line : `${line} (${hint})`));
  if (told.length > MAX_SHOWN) shown.push(`and ${told.length - MAX_SHOWN} more`);
  return new StreamctlError('bad-plan', `${file} has ${told.length} mistakes`, { detail: shown.join('\n') });
}

/** The nodes of the parser as our own; what a pipeline cannot hold is told. */
function documentNode(node: ParsedNode | null, text: string, problems: DocumentProblem[], depth = 0): DocumentNode {
  const at = node?.range?.[0] ?? 0;
  const nothing: DocumentNode = { kind: 'scalar', value: null, at, textAt: null };
  if (node === null) return nothing;
  if (depth > MAX_DEPTH) {
    problems.push({ at, message: `more than ${MAX_DEPTH} levels inside each other` });
    return nothing;
  }
  if (isAlias(node)) {
    problems.push({ at, message: 'references (*name) are not read in a pipeline', hint: 'write it out' });
    return nothing;
  }
  const inner = (part: ParsedNode | null): DocumentNode => documentNode(part, text, problems, depth + 1);
  if (isSeq(node)) return { kind: 'list', at, items: node.items.map((item) => inner(item as ParsedNode)) };
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }) => {
      const keyAt = (key as ParsedNode).range?.[0] ?? at;
      const given = inner((value ?? null) as ParsedNode | null);
      // A key without a value has no place of its own.
      const placed = value === null || given.at === 0 ? { ...given, at: keyAt } : given;
      return { key: keyText(key as ParsedNode, text, problems), at: keyAt, value: placed };
    });
    return { kind: 'map', at, entries };
  }
  const value = isScalar(node) ? node.value : null;
  const [start, end] = node.range;
  const written = text.slice(start, end);
  const quoted = /^["']/.test(written) ? 1 : 0;
  const verbatim = typeof value === 'string' && written.slice(quoted, quoted + value.length) === value;
  return {
    kind: 'scalar',
    value: plainNumber(value),
    at: start,
    textAt: verbatim ? start + quoted : null,
  };
}

function plainNumber(value: unknown): null | boolean | number | bigint | string {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return null;
}

function keyText(key: ParsedNode, text: string, problems: DocumentProblem[]): string {
  if (isScalar(key)) {
    if (typeof key.value === 'string') return key.value;
    // 2020, true, null: as they stand.
    return text.slice(key.range[0], key.range[1]);
  }
  problems.push({ at: key.range?.[0] ?? 0, message: 'a key must be a name' });
  return '';
}

/** A document as YAML: short lists and maps on one line, an empty line between the parts. */
export async function yamlText(data: DocumentData): Promise<string> {
  const { Document: YamlDocument } = await import('yaml');
  const document: Document = new YamlDocument(data);
  visit(document, {
    Seq: (_, node) => {
      if (node.items.every(isScalar)) node.flow = true;
    },
    Pair: (_, { key, value }) => {
      // What says one thing stands on one line.
      if (isScalar(key) && ONE_LINE.includes(String(key.value)) && isMap(value)) value.flow = true;
    },
  });
  if (isMap(document.contents)) {
    for (const { key, value } of document.contents.items) {
      const long = isMap(value) && isScalar(key);
      if (long) key.spaceBefore = true;
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** A document as JSON. */
export function jsonText(data: DocumentData): string {
  return stringifyJson(data, 2);
}
