import type { HttpResponse } from '../../../base/http.js';
import type { JsonValue } from '../../../base/row-batch.js';
import { parseExactJson } from '../../codecs/json-value.js';
import { parseJsonPath, scalarText, valueAtPath } from './json-path.js';

const MAX_TEXT = 200;
/** Where APIs say what is wrong, the telling ones first. */
const MESSAGES = [
  'reason',
  'chart.error.description',
  'errors[0].detail',
  'errors[0].title',
  'errors[0].message',
  'error.message',
  'error.description',
  'error.reason',
  'error_description',
  'message',
  'detail',
  'title',
  'error',
].map(parseJsonPath);

/** What an error answer says in its own words, on one line; undefined where it says nothing readable. */
export function explainBody({ headers, body }: HttpResponse): string | undefined {
  const text = new TextDecoder().decode(body.subarray(0, 64 * 1024)).trim();
  if (text === '') return undefined;
  if (text.startsWith('{') || text.startsWith('[')) {
    const parsed = parseExactJson(text);
    if (parsed !== undefined) return messageOf(parsed);
  }
  if (/html/i.test(headers['content-type'] ?? '') || /^<(!doctype|html)/i.test(text)) {
    const title = /<title[^>]*>([^<]*)<\/title>/i.exec(text)?.[1];
    return title === undefined ? 'a web page' : `a web page: ${oneLine(title)}`;
  }
  return oneLine(text);
}

function messageOf(body: JsonValue): string | undefined {
  const first = Array.isArray(body) ? body[0] : body;
  for (const path of MESSAGES) {
    const found = scalarText(valueAtPath(first, path));
    if (found !== undefined && found !== '' && found !== 'true') return oneLine(found);
  }
  return undefined;
}

function oneLine(text: string): string {
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ').trim();
  return plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT - 3)}...` : plain;
}
