import type { CallNode, Expression } from '../../plan/expression.js';
import { likeFunction, likeMatcher } from '../functions/like.js';
import { anyNull, type Emitted, type Emitter } from './emitter.js';

function boolean(value: string, isNull: string): Emitted {
  return { value, isNull, type: 'boolean' };
}

/** Code of `a = b` for values that are not null. A BigInt and a number compare exactly with two signs. */
export function equality(a: Emitted, b: Emitted, emitter: Emitter): string {
  return `${a.value} ${looseIn(emitter, a, b) ? '==' : '==='} ${b.value}`;
}

function looseIn(emitter: Emitter, ...parts: readonly Emitted[]): boolean {
  return emitter.mode === 'wide' && parts.some((part) => part.type === 'bigint');
}

/** `a op b`, null when a side is. */
export function emitComparison(operator: string, a: Emitted, b: Emitted, emitter: Emitter): Emitted {
  const code =
    operator === '='
      ? equality(a, b, emitter)
      : operator === '<>'
        ? `!(${equality(a, b, emitter)})`
        : `${a.value} ${operator} ${b.value}`;
  const isNull = anyNull([a, b]);
  return boolean(emitter.define(code), isNull === 'false' || isNull === 'true' ? isNull : emitter.define(isNull));
}

/** IS [NOT] DISTINCT FROM: null equals null. */
export function emitIsDistinct(name: string, a: Emitted, b: Emitted, emitter: Emitter): Emitted {
  const same = `(${a.isNull}) ? (${b.isNull}) : !(${b.isNull}) && ${equality(a, b, emitter)}`;
  return boolean(emitter.define(name === 'IS DISTINCT FROM' ? `!(${same})` : same), 'false');
}

/** IN and NOT IN: a list of constants is a set; null in the list makes "not found" unknown. */
export function emitIn(node: CallNode, parts: readonly Emitted[], emitter: Emitter): Emitted {
  const [subject, ...others] = parts as [Emitted, ...Emitted[]];
  const values = node.arguments.slice(1);
  const constants = values.every((value) => value.kind === 'literal' && value.value !== null);
  const found = emitter.variable('false');
  let unknown = subject.isNull;
  if (constants && !looseIn(emitter, ...parts)) {
    const set = new Set(values.map((value) => (value.kind === 'literal' ? value.value : null)));
    emitter.push(`if (!(${subject.isNull})) ${found} = ${emitter.constant(set)}.has(${subject.value});`);
  } else {
    const tests = others.map((other) => `(!(${other.isNull}) && ${equality(subject, other, emitter)})`);
    emitter.push(`if (!(${subject.isNull})) ${found} = ${tests.join(' || ')};`);
    unknown = emitter.define(`(${subject.isNull}) || (!${found} && (${anyNull(others)}))`);
  }
  return boolean(node.name === 'IN' ? found : `!${found}`, unknown);
}

/** LIKE and NOT LIKE: a constant pattern is prepared once. */
export function emitLike(node: CallNode, parts: readonly Emitted[], emitter: Emitter): Emitted {
  const [, pattern, escaped] = node.arguments;
  const isNull = emitter.define(anyNull(parts));
  const found = emitter.variable('false');
  const constant = (part: Expression | undefined): string | undefined =>
    part?.kind === 'literal' && part.value !== null ? String(part.value) : undefined;
  const fixed = constant(pattern);
  const escapeWith = constant(escaped);
  const prepared = fixed !== undefined && (escaped === undefined || escapeWith !== undefined);
  const code = prepared
    ? `${emitter.constant(likeMatcher(fixed, escapeWith))}(${parts[0]!.value})`
    : `${emitter.constant(likeFunction())}(${parts.map((part) => part.value).join(', ')})`;
  emitter.push(`if (!${isNull}) ${found} = ${code};`);
  return boolean(node.name === 'LIKE' ? found : `!${found}`, isNull);
}
