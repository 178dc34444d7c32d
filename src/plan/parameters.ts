import { StreamctlError } from '../base/errors.js';
import type { Value } from '../base/row-batch.js';
import { didYouMean } from './did-you-mean.js';
import type { Parameter, Plan } from './plan.js';
import { TYPE_NAMES } from './spelling.js';
import { parseTimestamp } from './timestamp-text.js';
import { integerValue } from './typed.js';

function fromText(parameter: Parameter, text: string): Value | undefined {
  switch (parameter.type) {
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'bigint':
      return /^[+-]?\d{1,19}$/.test(text) ? integerValue(BigInt(text)) : undefined;
    case 'double':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'timestamp': {
      const ms = parseTimestamp(text);
      return Number.isNaN(ms) ? undefined : ms;
    }
    default:
      return text;
  }
}

function checkChoice({ name, oneOf }: Parameter, text: string): void {
  if (oneOf === undefined || oneOf.includes(text)) return;
  const near = didYouMean(text, oneOf);
  throw new StreamctlError('usage', `parameter "${name}" cannot be "${text}"`, {
    detail: `it is one of ${oneOf.join(', ')}`,
    ...(near ? { hint: `did you mean ${near}?` } : { hint: `--param ${name}=${oneOf[0]}` }),
  });
}

/**
 * The value of every parameter of `plan`: what was given (as text), else its default.
 * @param nowMs start of the run, for defaults that depend on it; epoch ms.
 * @throws `usage` for a name the plan does not have, a text that does not fit the type, or a value that is missing.
 */
export function resolveParameters(
  plan: Pick<Plan, 'name' | 'parameters'>,
  given: Readonly<Record<string, string>>,
  nowMs: number,
): Readonly<Record<string, Value>> {
  const names = plan.parameters.map((parameter) => parameter.name);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const near = didYouMean(name, names);
    const known = names.length > 0 ? `its parameters are ${names.join(', ')}` : 'it has none';
    throw new StreamctlError('usage', `pipeline "${plan.name}" has no parameter "${name}"`, {
      hint: near ? `did you mean ${near}?` : known,
    });
  }
  const values: Record<string, Value> = {};
  for (const parameter of plan.parameters) {
    const text = given[parameter.name];
    if (text !== undefined) {
      checkChoice(parameter, text);
      const value = fromText(parameter, text);
      if (value === undefined) {
        throw new StreamctlError('usage', `parameter "${parameter.name}" cannot be "${text}"`, {
          hint: `it is ${TYPE_NAMES[parameter.type]}: ${parameter.description}`,
        });
      }
      values[parameter.name] = value;
    } else if (parameter.default !== null) values[parameter.name] = parameter.default;
    else if (parameter.defaultFrom === 'year') values[parameter.name] = new Date(nowMs).getUTCFullYear();
    else {
      throw new StreamctlError('usage', `pipeline "${plan.name}" needs parameter "${parameter.name}"`, {
        hint: `--param ${parameter.name}=...: ${parameter.description}`,
      });
    }
  }
  return values;
}
