import type { OverColumn, PlanNode } from '../plan.js';
import { printExpression } from '../print-expression.js';
import { dataOf, durationText, expressionData, mapOf, pairData } from './data.js';
import type { DocumentData, DocumentNode } from './node.js';
import type { Reading } from './reading.js';
import { emitData, joinWhenData, readEmit, readJoinWhen, readWindow, windowData } from './window-format.js';

type Kind = PlanNode['kind'];
type Of<K extends Kind> = Extract<PlanNode, { readonly kind: K }>;
type Body<K extends Kind> = Omit<Of<K>, 'name' | 'input'>;

/** How a kind of step is written: under which key, and what stands there. */
interface StepFormat<K extends Kind> {
  readonly key: string;
  write(step: Of<K>): DocumentData;
  read(node: DocumentNode, reading: Reading): Body<K>;
}

const OVER_WORDS = ['lag', 'lead', 'avg', 'sum', 'min', 'max', 'count', 'exponential'] as const;

/** A list that is left out when it is empty. */
function listed(names: readonly string[]): DocumentData | undefined {
  return names.length === 0 ? undefined : names;
}

function overData({ function: what, column, rows, withinMs }: OverColumn): DocumentData {
  return dataOf({
    [what]: column,
    rows: rows ?? undefined,
    within: withinMs === null ? undefined : durationText(withinMs),
  });
}

function readOver(reading: Reading, name: string, node: DocumentNode): OverColumn {
  const what = `column "${name}"`;
  const fields = reading.fields(node, what, [...OVER_WORDS, 'rows', 'within']);
  const words = OVER_WORDS.filter((word) => fields.get(word) !== undefined);
  if (words.length !== 1 && node.kind === 'map')
    reading.add(node.at, `${what} says one of ${OVER_WORDS.join(', ')}`, 'write { avg: price, rows: 5 }');
  const word = words[0] ?? 'count';
  const [rows, within] = [fields.get('rows'), fields.get('within')];
  return {
    name,
    function: word,
    column: reading.textOr(fields.get(word), what, ''),
    rows: rows === undefined ? null : reading.number(rows, 'rows', 1),
    withinMs: within === undefined ? null : reading.duration(within, 'within', 1),
  };
}

/** Every kind of step. */
const FORMATS: { readonly [K in Kind]: StepFormat<K> } = {
  filter: {
    key: 'where',
    write: (step) => printExpression(step.condition),
    read: (node, reading) => ({ kind: 'filter', condition: reading.expression(node, 'where', node.at) }),
  },
  check: {
    key: 'check',
    write: (step) => mapOf(step.rules.map(({ reason, condition }) => [reason, printExpression(condition)])),
    read: (node, reading) => ({
      kind: 'check',
      rules: reading
        .entries(node, 'rules', 'write reason: condition')
        .map(({ key, value }) => ({ reason: key, condition: reading.expression(value, `rule "${key}"`, value.at) })),
    }),
  },
  derive: {
    key: 'derive',
    write: (step) => expressionData(step.columns),
    read: (node, reading) => ({ kind: 'derive', columns: reading.expressions(node, 'columns') }),
  },
  select: {
    key: 'select',
    write: (step) => {
      const plain = step.columns.every(
        ({ name, expression }) => expression.kind === 'column' && expression.name === name,
      );
      return plain ? step.columns.map(({ name }) => name) : expressionData(step.columns);
    },
    read: (node, reading) => ({
      kind: 'select',
      columns:
        node.kind === 'map'
          ? reading.expressions(node, 'columns')
          : reading.names(node, 'columns').map((name) => ({ name, expression: { kind: 'column', name } })),
    }),
  },
  'latest-by': {
    key: 'latestBy',
    write: (step) => step.keys,
    read: (node, reading) => ({ kind: 'latest-by', keys: reading.names(node, 'keys') }),
  },
  deduplicate: {
    key: 'deduplicate',
    write: ({ keys, withinMs }) => (withinMs === null ? keys : dataOf({ by: keys, within: durationText(withinMs) })),
    read: (node, reading) => {
      if (node.kind !== 'map') return { kind: 'deduplicate', keys: reading.names(node, 'keys'), withinMs: null };
      const fields = reading.fields(node, 'deduplicate', ['by', 'within']);
      const within = fields.get('within');
      return {
        kind: 'deduplicate',
        keys: reading.names(fields.get('by'), 'by'),
        withinMs: within === undefined ? null : reading.duration(within, 'within', 1),
      };
    },
  },
  over: {
    key: 'over',
    write: ({ keys, columns }) =>
      dataOf({ by: listed(keys), columns: mapOf(columns.map((column) => [column.name, overData(column)])) }),
    read: (node, reading) => {
      const fields = reading.fields(node, 'over', ['by', 'columns']);
      const columns = fields.get('columns');
      return {
        kind: 'over',
        keys: reading.names(fields.get('by'), 'by'),
        columns: (columns ? reading.entries(columns, 'columns') : []).map(({ key, value }) =>
          readOver(reading, key, value),
        ),
      };
    },
  },
  union: {
    key: 'union',
    write: ({ others }) => others,
    read: (node, reading) => ({ kind: 'union', others: reading.names(node, 'union') }),
  },
  flatten: {
    key: 'flatten',
    write: ({ column, fields, position, outer }) =>
      dataOf({
        column,
        fields: mapOf(
          fields.map(({ name, type, from }) => [
            name,
            from === name ? type : dataOf(from === null ? { element: type } : { from, type }),
          ]),
        ),
        position: position ?? undefined,
        outer: outer || undefined,
      }),
    read: readFlatten,
  },
  unpivot: {
    key: 'unpivot',
    write: ({ columns, label, value }) =>
      dataOf({ columns: mapOf(columns.map((one) => [one.label, one.column])), label, value }),
    read: (node, reading) => {
      const fields = reading.fields(node, 'unpivot', ['columns', 'label', 'value']);
      const columns = fields.get('columns');
      return {
        kind: 'unpivot',
        columns: (columns ? reading.entries(columns, 'columns') : []).map(({ key, value }) => ({
          label: key,
          column: reading.text(value, `column of ${key}`, node.at),
        })),
        label: reading.text(fields.get('label'), 'label', node.at),
        value: reading.text(fields.get('value'), 'value', node.at),
      };
    },
  },
  top: {
    key: 'top',
    write: ({ keys, order, limit, rank, perWindow }) =>
      dataOf({
        limit,
        by: order.map(({ column, descending }) => (descending ? `-${column}` : column)),
        of: listed(keys),
        rank: rank ?? undefined,
        perWindow: perWindow || undefined,
      }),
    read: (node, reading) => {
      const fields = reading.fields(node, 'top', ['limit', 'by', 'of', 'rank', 'perWindow']);
      if (!fields.get('limit')) reading.add(node.at, 'top does not say how many', 'write limit: 10');
      return {
        kind: 'top',
        keys: reading.names(fields.get('of'), 'of'),
        order: reading.names(fields.get('by'), 'by').map((text) => {
          const descending = text.startsWith('-');
          return { column: descending ? text.slice(1) : text, descending };
        }),
        limit: reading.number(fields.get('limit'), 'limit', 1),
        rank: reading.textOr(fields.get('rank'), 'rank', null),
        perWindow: reading.flag(fields.get('perWindow'), 'perWindow', false),
      };
    },
  },
  lookup: {
    key: 'lookup',
    write: ({ table, keys, range, join, columns, version }) =>
      dataOf({
        table,
        on: pairData(keys.map(({ left, right }) => [left, right])),
        between: range === null ? undefined : dataOf({ ...range }),
        join: join === 'left' ? join : undefined,
        take: pairData(columns.map(({ name, from }) => [name, from])) ?? [],
        version: version ?? undefined,
      }),
    read: readLookup,
  },
  join: {
    key: 'join',
    write: ({ right, keys, when, join, columns }) =>
      dataOf({
        with: right,
        on: pairData(keys.map((key) => [key.left, key.right])),
        ...joinWhenData(when),
        join: join === 'inner' ? undefined : join,
        take: pairData(columns.map(({ name, from }) => [name, from])),
      }),
    read: (node, reading) => {
      const fields = reading.fields(node, 'join', ['with', 'on', 'within', 'window', 'asOf', 'join', 'take']);
      return {
        kind: 'join',
        right: reading.text(fields.get('with'), 'with', node.at),
        keys: reading.pairs(fields.get('on'), 'on').map(([left, right]) => ({ left, right })),
        when: readJoinWhen(reading, fields),
        join: reading.choice(fields.get('join'), 'join', ['inner', 'left', 'full'] as const, 'inner'),
        columns: reading.pairs(fields.get('take'), 'take').map(([name, from]) => ({ name, from })),
      };
    },
  },
  aggregate: {
    key: 'aggregate',
    write: ({ window, keys, columns, emit, asOf, allowedLatenessMs }) =>
      dataOf({
        window: window === null ? undefined : windowData(window),
        by: listed(keys),
        columns: expressionData(columns),
        emit: emitData(emit, asOf, window !== null),
        allowedLateness: allowedLatenessMs === 0 ? undefined : durationText(allowedLatenessMs),
      }),
    read: (node, reading) => {
      const fields = reading.fields(node, 'aggregate', ['window', 'by', 'columns', 'emit', 'allowedLateness']);
      const [window, columns] = [fields.get('window'), fields.get('columns')];
      if (!columns) reading.add(node.at, 'the aggregate has no columns', 'write columns: { rows_seen: COUNT(*) }');
      return {
        kind: 'aggregate',
        window: window === undefined ? null : readWindow(reading, window),
        keys: reading.names(fields.get('by'), 'by'),
        columns: columns ? reading.expressions(columns, 'columns') : [],
        ...readEmit(reading, fields.get('emit'), window !== undefined),
        allowedLatenessMs: reading.duration(fields.get('allowedLateness'), 'the allowed lateness', 0),
      };
    },
  },
};

function readFlatten(node: DocumentNode, reading: Reading): Body<'flatten'> {
  const fields = reading.fields(node, 'flatten', ['column', 'fields', 'position', 'outer']);
  const taken = fields.get('fields');
  return {
    kind: 'flatten',
    column: reading.text(fields.get('column'), 'column', node.at),
    fields: (taken ? reading.entries(taken, 'fields') : []).map(({ key, value }) => {
      const what = `field "${key}"`;
      if (value.kind !== 'map') return { name: key, from: key, type: reading.type(value, what, value.at) };
      const field = reading.fields(value, what, ['from', 'type', 'element']);
      const element = field.get('element');
      if (element) return { name: key, from: null, type: reading.type(element, what, value.at) };
      const from = reading.textOr(field.get('from'), 'from', key);
      return { name: key, from, type: reading.type(field.get('type'), `type of ${what}`, value.at) };
    }),
    position: reading.textOr(fields.get('position'), 'position', null),
    outer: reading.flag(fields.get('outer'), 'outer', false),
  };
}

function readLookup(node: DocumentNode, reading: Reading): Body<'lookup'> {
  const fields = reading.fields(node, 'lookup', ['table', 'on', 'between', 'join', 'take', 'version']);
  const between = fields.get('between');
  const bounds = between && reading.fields(between, 'between', ['value', 'from', 'to']);
  const keys = reading.pairs(fields.get('on'), 'on').map(([left, right]) => ({ left, right }));
  const take = fields.get('take');
  const bound = (key: 'value' | 'from' | 'to'): string =>
    reading.text(bounds?.get(key), `between: ${key}`, between!.at);
  const range = between ? { value: bound('value'), from: bound('from'), to: bound('to') } : null;
  const table = reading.text(fields.get('table'), 'table', node.at);
  const used = [...keys.map(({ right }) => right), ...(range ? [range.from, range.to] : [])];
  const all = reading.tables.find(({ name }) => name === table)?.columns ?? [];
  const pairs = take ? reading.pairs(take, 'take') : all.map(({ name }) => [name, name] as const);
  return {
    kind: 'lookup',
    table,
    keys,
    range,
    join: reading.choice(fields.get('join'), 'join', ['inner', 'left'] as const, 'inner'),
    columns: pairs
      .filter(([, from]) => take !== undefined || !used.includes(from))
      .map(([name, from]) => ({ name, from })),
    version: reading.textOr(fields.get('version'), 'version', null),
  };
}

/** The keys of which a step has one. */
export const STEP_KEYS: readonly string[] = Object.values(FORMATS).map(({ key }) => key);

/** Writes what a step does, under its key. */
export function stepData(step: PlanNode): readonly [string, DocumentData] {
  const format = FORMATS[step.kind] as StepFormat<Kind>;
  return [format.key, format.write(step)];
}

/** Reads what stands under a key of {@link STEP_KEYS}; without its place in the plan. */
export function readStepBody(key: string, node: DocumentNode, reading: Reading): Body<Kind> {
  const format = Object.values(FORMATS).find((candidate) => candidate.key === key) as StepFormat<Kind>;
  return format.read(node, reading);
}
