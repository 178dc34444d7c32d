import { StreamctlError } from '../base/errors.js';
import type { Expression } from './expression.js';
import { inferType } from './infer-type.js';
import { parseExpression } from './parse-expression.js';
import { deepFreeze, type EventTime, type Plan, type Source } from './plan.js';

/**
 * The plan with another event time: a column of its only source, or an expression over them. A column that the plan does not
 * know is read as a timestamp; texts and whole numbers (epoch ms) become times.
 * @param text `sold_at`, `CAST(day AS TIMESTAMP)`.
 * @throws `usage` for a plan with several sources, `bad-plan` for an expression that does not parse.
 */
export function withEventTime(plan: Plan, text: string): Plan {
  const [source, second] = plan.sources;
  if (!source || second) {
    const names = plan.sources.map(({ name }) => name).join(', ');
    throw new StreamctlError('usage', `pipeline "${plan.name}" has ${plan.sources.length} sources: ${names}`, {
      detail: 'another event time can be given to pipelines with one source only',
    });
  }
  const expression = parseExpression(text);
  const known = withColumn(source, expression);
  const eventTime = eventTimeOf(known, asTime(known, expression, plan), expression);
  return deepFreeze({ ...plan, sources: [{ ...known, eventTime }] });
}

/** The source with a column that it does not know yet. */
function withColumn(source: Source, expression: Expression): Source {
  if (expression.kind !== 'column' || source.columns.some(({ name }) => name === expression.name)) return source;
  return { ...source, columns: [...source.columns, { name: expression.name, type: 'timestamp' }] };
}

/** Later steps may read the event time by its name, so it keeps that where it is not the name of a column. */
function eventTimeOf(source: Source, expression: Expression, given: Expression): EventTime {
  const { eventTime } = source;
  const isName = (name: string): boolean => source.columns.some((column) => column.name === name);
  if (!isName(eventTime.name)) return { kind: 'computed', name: eventTime.name, expression };
  if (given.kind === 'column' && expression === given) return { kind: 'column', name: given.name };
  let name = 'event_time';
  while (isName(name)) name = `${name}_`;
  return { kind: 'computed', name, expression };
}

/** Texts and whole numbers become times; what else does not fit is told by the checker. */
function asTime(source: Source, expression: Expression, plan: Plan): Expression {
  const scope = { columns: source.columns, parameters: plan.parameters, aggregated: null };
  const type = inferType(expression, scope, []);
  if (type !== 'string' && type !== 'bigint') return expression;
  return { kind: 'cast', operand: expression, to: 'timestamp', policy: 'reject' };
}
