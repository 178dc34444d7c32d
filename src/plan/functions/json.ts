import { jsonPath } from '../../base/json-path.js';
import type { Value, ValueType } from '../../base/row-batch.js';
import { call, type Operand, type Typed } from '../typed.js';
import { type ArgumentType, type FunctionSpec, scalar, withFlink } from './function-spec.js';

function badPath([, path]: readonly (Value | undefined)[]): string | undefined {
  const found = typeof path === 'string' ? jsonPath(path) : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** A json value or a text that holds one, and a path. */
function onJson(result: ValueType): (types: readonly ArgumentType[]) => ValueType | null {
  return ([value, path]) => {
    const good = (value === 'json' || value === 'string' || value === null) && (path === 'string' || path === null);
    return good ? result : null;
  };
}

/** Signatures of the functions on JSON. A text that is no JSON gives null, as a path that leads nowhere does. */
export const jsonSpecs: readonly FunctionSpec[] = [
  withFlink(
    scalar(
      'JSON_VALUE',
      'JSON_VALUE(json, path)',
      'the text, number or boolean at a path, as text; json.key[0] is short for it',
      [2, 2],
      onJson('string'),
    ),
    undefined,
    badPath,
  ),
  withFlink(
    scalar('JSON_QUERY', 'JSON_QUERY(json, path)', 'the object or array at a path', [2, 2], onJson('json')),
    undefined,
    badPath,
  ),
  withFlink(
    scalar(
      'JSON_EXISTS',
      'JSON_EXISTS(json, path)',
      'whether there is something other than null at a path',
      [2, 2],
      onJson('boolean'),
    ),
    undefined,
    badPath,
  ),
];

type Json = Typed<'json'> | Typed<'string'>;

/** The text, number or boolean at a path such as `$.user.tags[0]`, as text. */
export function jsonValue(json: Json, path: Operand<'string'>): Typed<'string'> {
  return call('JSON_VALUE', json, path);
}

/** The object or array at a path. */
export function jsonQuery(json: Json, path: Operand<'string'>): Typed<'json'> {
  return call('JSON_QUERY', json, path);
}

/** Whether there is something at a path. */
export function jsonExists(json: Json, path: Operand<'string'>): Typed<'boolean'> {
  return call('JSON_EXISTS', json, path);
}
