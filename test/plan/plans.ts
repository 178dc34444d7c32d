import fc from 'fast-check';
import type { Column } from '../../src/base/row-batch.js';
import { checkPlan } from '../../src/plan/check-plan.js';
import { plannedTopics } from '../../src/plan/draft.js';
import type { Expression } from '../../src/plan/expression.js';
import { parseExpression } from '../../src/plan/parse-expression.js';
import { deepFreeze, type Plan, type PlanNode } from '../../src/plan/plan.js';
import { planSchemas } from '../../src/plan/schemas.js';

const name = fc.oneof(
  fc.constantFrom('2020', '10', 'true', 'null', '~', 'a b', 'x: y', '# no', '- x', "it's", '"', 'é', '1e3', '0x1f'),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,6}$/),
);
const duration = fc.oneof(
  fc.integer({ min: 1, max: 10_000_000 }),
  fc.constantFrom(1000, 60_000, 3_600_000, 86_400_000),
);
const ROW = ['text', 'whole', 'number', 'flag', 'time', 'list'] as const;
const column = fc.constantFrom('text', 'whole', 'flag', 'time');
const keys = fc.uniqueArray(column, { maxLength: 2 });
const expressions = [
  'whole + 1',
  "text || ': # ' || text",
  'CASE WHEN flag THEN number END',
  'number > 0.5 AND NOT flag',
  "text LIKE '%it''s%'",
  'CAST(whole AS STRING)',
  "TIMESTAMP '2022-02-14 10:00:00.000'",
].map(parseExpression);
const aggregates = ['COUNT(*)', 'SUM(whole)', 'AVG(number) * 2', 'COUNT(DISTINCT text)', 'MAX(time)'].map(
  parseExpression,
);
const conditions = [
  'flag',
  'number > 1e300',
  "text IS NOT NULL AND text <> 'no'",
  'whole IN (1, 2, 9007199254740993)',
].map(parseExpression);
const named = (from: readonly Expression[]): fc.Arbitrary<{ name: string; expression: Expression }[]> =>
  fc.uniqueArray(fc.record({ name: name.map((text) => `n ${text}`), expression: fc.constantFrom(...from) }), {
    minLength: 1,
    maxLength: 3,
    selector: (made) => made.name,
  });
const window = fc.oneof(
  fc.record({ kind: fc.constant('tumble' as const), sizeMs: duration, offsetMs: fc.constantFrom(0, 500, -1000) }),
  fc.record({ kind: fc.constant('session' as const), gapMs: duration }),
  fc.record({ kind: fc.constant('sliding' as const), sizeMs: duration }),
  duration.chain((hopMs) =>
    fc.integer({ min: 1, max: 5 }).map((n) => ({ kind: 'hop' as const, sizeMs: hopMs * n, hopMs, offsetMs: 0 })),
  ),
  duration.chain((stepMs) =>
    fc.integer({ min: 1, max: 5 }).map((n) => ({ kind: 'cumulate' as const, sizeMs: stepMs * n, stepMs, offsetMs: 7 })),
  ),
);
const emit = fc.oneof(
  fc.constant({ kind: 'final' as const }),
  fc.constant({ kind: 'update' as const }),
  duration.map((everyMs) => ({ kind: 'every' as const, everyMs })),
);

type Body = PlanNode extends infer N ? (N extends PlanNode ? Omit<N, 'name' | 'input'> : never) : never;

const step: fc.Arbitrary<Body> = fc.oneof(
  fc.constantFrom(...conditions).map((condition) => ({ kind: 'filter' as const, condition })),
  fc
    .uniqueArray(fc.tuple(name, fc.constantFrom(...conditions)), {
      minLength: 1,
      maxLength: 3,
      selector: ([reason]) => reason,
    })
    .map((rules) => ({ kind: 'check' as const, rules: rules.map(([reason, condition]) => ({ reason, condition })) })),
  named(expressions).map((columns) => ({ kind: 'derive' as const, columns })),
  fc.constant({
    kind: 'select' as const,
    columns: ROW.map((from) => ({ name: from, expression: { kind: 'column' as const, name: from } })),
  }),
  fc
    .tuple(fc.uniqueArray(column, { minLength: 1, maxLength: 2 }), fc.option(duration))
    .map(([by, withinMs]) => ({ kind: 'deduplicate' as const, keys: by, withinMs })),
  fc.uniqueArray(column, { minLength: 1, maxLength: 2 }).map((by) => ({ kind: 'latest-by' as const, keys: by })),
  fc
    .tuple(
      keys,
      fc.constantFrom('lag', 'avg', 'count', 'exponential'),
      fc.integer({ min: 1, max: 9 }),
      fc.option(duration),
    )
    .map(([by, what, rows, withinMs]) => {
      const reach = withinMs === null || what === 'lag' ? { rows, withinMs: null } : { rows: null, withinMs };
      return {
        kind: 'over' as const,
        keys: by,
        columns: [{ name: `over ${what} ${rows}`, function: what as 'lag', column: 'number', ...reach }],
      };
    }),
  fc.record({
    kind: fc.constant('top' as const),
    keys,
    order: fc.uniqueArray(fc.record({ column, descending: fc.boolean() }), {
      minLength: 1,
      maxLength: 2,
      selector: (by) => by.column,
    }),
    limit: fc.integer({ min: 1, max: 10 }),
    rank: fc.option(fc.constant('place')),
    perWindow: fc.constant(false),
  }),
  fc.record({
    kind: fc.constant('lookup' as const),
    table: fc.constant('table'),
    keys: fc.constant([{ left: 'text', right: 'code' }]),
    range: fc.option(fc.constant({ value: 'time', from: 'since', to: 'until' })),
    join: fc.constantFrom('inner', 'left'),
    columns: fc.constantFrom([], [{ name: 'city', from: 'city' }], [{ name: 'town', from: 'city' }]),
    version: fc.option(fc.constant('version')),
  }),
  fc
    .tuple(fc.option(window), keys, named(aggregates), emit, fc.constantFrom(0, 5000), fc.boolean())
    .map(([cut, by, columns, when, allowedLatenessMs, named]) => ({
      kind: 'aggregate' as const,
      window: cut,
      keys: by,
      columns,
      emit: when,
      asOf: named && when.kind === 'every' ? 'as of' : null,
      allowedLatenessMs: cut === null || !('offsetMs' in cut) ? 0 : allowedLatenessMs,
    })),
);

const topic = fc.record({
  partitions: fc.integer({ min: 1, max: 4 }),
  replicas: fc.constantFrom(1, 3),
  config: fc.constantFrom({}, { 'cleanup.policy': 'compact', '1': '2' }),
});

/** Plans of random steps that check; not all of them make sense. */
export const anyPlan: fc.Arbitrary<Plan> = fc
  .record({
    name,
    description: fc.string(),
    bodies: fc.array(fc.tuple(name, step), { maxLength: 4 }),
    extra: fc.uniqueArray(name, { maxLength: 3 }),
    eventTime: fc.constantFrom(
      { kind: 'record' as const, name: 'event_time' },
      { kind: 'record' as const, name: 'came' },
      { kind: 'column' as const, name: 'time' },
      { kind: 'computed' as const, name: 'at', expression: parseExpression('CAST(whole * 1000 AS TIMESTAMP)') },
    ),
    latenessMs: fc.oneof(fc.constant(0), duration),
    idleTimeoutMs: duration,
    spec: topic,
    rows: fc.array(
      fc.record({
        code: fc.string(),
        city: fc.option(fc.string()),
        since: fc.integer({ min: -1e12, max: 1e12 }),
        until: fc.constantFrom(null, 9_007_199_254_740_991),
        more: fc.jsonValue().map(
          (
            value, // A whole number beyond 2^53 is a bigint in rows.
          ) => JSON.parse(JSON.stringify(value).replaceAll(/\d{16,}/g, '1')) as never,
        ),
      }),
      { maxLength: 3 },
    ),
    keep: fc.nat(5),
  })
  .map((made): Plan => {
    const columns: Column[] = [
      { name: 'text', type: 'string' },
      { name: 'whole', type: 'bigint' },
      { name: 'number', type: 'double' },
      { name: 'flag', type: 'boolean' },
      { name: 'time', type: 'timestamp' },
      { name: 'list', type: 'json' },
      ...made.extra.map((text) => ({ name: `extra ${text}`, type: 'string' as const })),
      ...made.extra.filter((text) => /^\d+$/.test(text)).map((text) => ({ name: text, type: 'double' as const })),
    ];
    const source = {
      name: 'rows',
      topic: 'rows',
      columns,
      eventTime: made.eventTime,
      latenessMs: made.latenessMs,
      idleTimeoutMs: made.idleTimeoutMs,
    };
    const tables: Plan['tables'] = [
      {
        name: 'table',
        columns: [
          { name: 'code', type: 'string' },
          { name: 'city', type: 'string' },
          { name: 'since', type: 'timestamp' },
          { name: 'until', type: 'timestamp' },
          { name: 'more', type: 'json' },
        ],
        from: { kind: 'rows', rows: made.rows },
      },
    ];
    const names = ['rows', ...made.bodies.map(([text], at) => `${text} ${at}`)];
    const nodes = made.bodies.map(
      ([, body], at) => ({ ...body, name: names[at + 1]!, input: names[Math.min(at, made.keep)]! }) as PlanNode,
    );
    const input = names.at(-1)!;
    const written = planSchemas({ sources: [source], tables, nodes, parameters: [] }).get(input) ?? [];
    const sinks = [{ name: 'out', input, topic: 'out', keys: [], columns: written }];
    const deadLetters = `${made.name}-dead-letters`;
    const specs = ['rows', 'out'].map((text) => ({ ...made.spec, name: text }));
    const topics = plannedTopics({ sources: [source], tables, sinks, deadLetters }, specs);
    // Clones are plain objects, as plans are.
    return deepFreeze(
      structuredClone({
        name: made.name,
        description: made.description,
        parameters: [],
        sources: [source],
        tables,
        nodes,
        sinks,
        topics,
        deadLetters,
        dashboard: { title: made.name, panels: [] },
      }),
    );
  })
  .filter((plan) => checkPlan(plan).every(({ place }) => place.startsWith('topic')) && checkPlan(plan).length === 0);
