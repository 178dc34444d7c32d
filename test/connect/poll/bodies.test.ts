import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import type { HttpResponse } from '../../../src/base/http.js';
import { arraysIn } from '../../../src/connect/sources/poll/address-poll.js';
import { explainBody } from '../../../src/connect/sources/poll/api-error.js';
import { readSchema, schemaProblem } from '../../../src/connect/sources/poll/body-schema.js';
import { BadBody } from '../../../src/connect/sources/poll/interfaces.js';
import { parseJsonPath, valueAtPath } from '../../../src/connect/sources/poll/json-path.js';
import { decodeBody } from '../../../src/connect/sources/poll/page-reader.js';
import { nextPage, type Pagination } from '../../../src/connect/sources/poll/pagination.js';

const response = (body: string | Uint8Array, type = 'application/json', status = 200): HttpResponse => ({
  kind: 'response',
  status,
  headers: { 'content-type': type },
  body: typeof body === 'string' ? utf8(body) : body,
});

describe('paths into JSON', () => {
  const body = {
    data: {
      stations: [
        { id: 1, bikes: [1, 2] },
        { id: 2, bikes: [3] },
      ],
    },
    'published_at.start': 'x',
    'a"b': { c: null },
    empty: {},
  };
  it.each([
    ['data.stations[1].id', 2],
    ['$.data.stations[0].id', 1],
    ['data.stations.1.id', 2],
    ['["published_at.start"]', 'x'],
    ["$['published_at.start']", 'x'],
    ['["a\\"b"].c', null],
    ['data.stations[*].id', [1, 2]],
    ['data.stations[*].bikes', [1, 2, 3]],
    ['data.missing.deep', undefined],
    ['published_at.start', undefined],
    ['empty.constructor', undefined],
    ['data.stations[9]', undefined],
  ])('%s', (text, expected) => {
    expect(valueAtPath(body, parseJsonPath(text))).toEqual(expected);
  });

  it('is the value itself for $', () => {
    expect(valueAtPath(body, parseJsonPath('$'))).toBe(body);
  });

  it.each(['', 'a..b', 'a[', 'a[x]', '.a', "a['b"])('refuses %j', (text) => {
    expect(() => parseJsonPath(text)).toThrow(/is not a path/);
  });

  it('finds the arrays that could be meant', () => {
    expect(arraysIn(body)).toEqual([{ path: 'data.stations', count: 2 }]);
  });
});

describe('body schema', () => {
  const schema = readSchema({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    required: ['list'],
    properties: {
      list: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          required: ['id'],
          properties: {
            id: { type: 'integer', minimum: 1 },
            name: { type: ['string', 'null'], minLength: 1, pattern: '^[A-Z]' },
            kind: { enum: ['a', 'b'] },
            value: { anyOf: [{ type: 'number', maximum: 10 }, { const: 'none' }] },
          },
        },
      },
    },
  });
  it.each([
    [{ list: [{ id: 1, name: 'A', kind: 'b', value: 10 }] }, undefined],
    [{ list: [{ id: 12345678901234567890n, name: null, value: 'none' }] }, undefined],
    [[], 'the body is an array, not object'],
    [{}, 'the body has no "list"'],
    [{ list: [] }, 'list has 0 items, not 1'],
    [{ list: [{ id: 1 }, { id: 'x' }] }, 'list[1].id is "x", not integer'],
    [{ list: [{ id: 1.5 }] }, 'list[0].id is 1.5, not integer'],
    [{ list: [{ id: 0 }] }, 'list[0].id is 0, below 1'],
    [{ list: [{ id: 1, name: 'a' }] }, 'list[0].name does not match ^[A-Z]'],
    [{ list: [{ id: 1, kind: 'c' }] }, 'list[0].kind is "c", not one of "a", "b"'],
    [{ list: [{ id: 1, value: 11 }] }, 'list[0].value is 11, above 10'],
  ])('checks %#', (value, problem) => {
    expect(schemaProblem(value as never, schema)).toBe(problem);
  });

  it('refuses a keyword that it would not check', () => {
    expect(() => readSchema({ type: 'object', patternProperties: {} })).toThrow(/patternProperties/);
    expect(() => readSchema({ properties: { a: { type: 'text' } } })).toThrow(/"text" is not a type/);
    expect(() => readSchema([])).toThrow(/not an object/);
  });
});

describe('decoding', () => {
  it('keeps integers beyond 2^53, whatever stands around them', () => {
    expect(decodeBody(response('{"id":9007199254740993,"x":0.1}'), 'auto')).toEqual({ id: 9007199254740993n, x: 0.1 });
  });

  it('reads lines and CSV with mark, semicolons and carriage returns', () => {
    expect(decodeBody(response('{"a":1}\n\n{"a":2}\n', 'application/x-ndjson'), 'auto')).toEqual([{ a: 1 }, { a: 2 }]);
    const csv = '\ufeffcode;name;bikes;free\r\n01234;"A; B";3;\r\n9020;Été;0;2\r\n';
    expect(decodeBody(response(csv, 'text/csv; charset=utf-8'), 'auto')).toEqual([
      { code: '01234', name: 'A; B', bikes: 3, free: null },
      { code: '9020', name: 'Été', bikes: 0, free: 2 },
    ]);
  });

  it('goes by the charset, and by --format where it is said', () => {
    const latin = Uint8Array.from([0x22, 0xe9, 0x22]);
    expect(decodeBody(response(latin, 'application/json; charset=iso-8859-1'), 'auto')).toBe('é');
    expect(decodeBody(response('a,b\n1,2\n', 'application/octet-stream'), 'csv')).toEqual([{ a: 1, b: 2 }]);
  });

  it.each([
    ['', /empty/],
    ['{"a":', /not JSON/],
    ['<html>', /not JSON/],
  ])('says what is wrong with %j', (body, message) => {
    expect(() => decodeBody(response(body), 'auto')).toThrow(BadBody);
    expect(() => decodeBody(response(body), 'auto')).toThrow(message);
  });

  it('says when bytes are no text', () => {
    expect(() => decodeBody(response(Uint8Array.from([0xff, 0xfe, 0x41])), 'auto')).toThrow(/is not utf-8/);
  });

  it('never throws anything but BadBody', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom('json', 'ndjson', 'csv'), (bytes, format) => {
        try {
          decodeBody(response(bytes), format as 'json');
        } catch (error) {
          expect(error).toBeInstanceOf(BadBody);
        }
      }),
    );
  });
});

describe('what an error says', () => {
  it.each([
    ['{"error":true,"reason":"Daily limit"}', 'Daily limit'],
    ['{"cod":401, "message": "Invalid API key."}', 'Invalid API key.'],
    ['{"error":{"code":2006,"message":"API key is invalid."}}', 'API key is invalid.'],
    ['{"chart":{"result":null,"error":{"code":"Not Found","description":"No data"}}}', 'No data'],
    ['{"errors":[{"title":"Unauthorized","detail":"Not valid."}]}', 'Not valid.'],
    ['{"error_code":"X","message":"Invalid limit"}', 'Invalid limit'],
    ['{"errorcode":10002,"error":"Too many requests"}', 'Too many requests'],
    ['Edge: Too Many Requests', 'Edge: Too Many Requests'],
    ['<!DOCTYPE html><title>Bad\n gateway</title>', 'a web page: Bad gateway'],
    ['', undefined],
    ['{"a":1}', undefined],
    ['line\u001b[31m one\nline two', 'line [31m one line two'],
  ])('%j', (body, expected) => {
    expect(explainBody(response(body, 'text/plain', 500))).toBe(expected);
  });

  it('is one short line', () => {
    expect(explainBody(response('x'.repeat(5000), 'text/plain'))?.length).toBe(200);
  });
});

describe('pages', () => {
  const from = (pagination: Pagination, url: string, body: unknown, count: number, headers = {}) =>
    nextPage(pagination, { url, body: body as never, count, headers });

  it('follows a Link header', () => {
    const headers = { link: '<https://a/x?p=0>; rel="prev", </x?p=2>; title="a, b"; rel="last next"' };
    expect(from({ kind: 'link' }, 'https://a/x?p=1', {}, 1, headers)).toEqual({ url: 'https://a/x?p=2' });
    expect(from({ kind: 'link' }, 'https://a/x', {}, 1, { link: '<https://a/y>; rel="nextish"' })).toEqual({});
  });

  it('follows an address in the body, relative or not', () => {
    expect(from({ kind: 'next' }, 'https://a/v1/x', { next: '/v1/x?o=2' }, 1)).toEqual({ url: 'https://a/v1/x?o=2' });
    expect(from({ kind: 'next' }, 'https://a/x', { '@odata.nextLink': 'https://a/y' }, 1)).toEqual({
      url: 'https://a/y',
    });
    expect(from({ kind: 'next' }, 'https://a/x', { next: null }, 1)).toEqual({});
    expect(from({ kind: 'next', path: parseJsonPath('more') }, 'https://a/x', { more: '?p=2' }, 1)).toEqual({
      url: 'https://a/x?p=2',
    });
    expect(from({ kind: 'next', path: parseJsonPath('more') }, 'https://a/v1/x', { more: 'x?p=2' }, 1)).toEqual({
      url: 'https://a/v1/x?p=2',
    });
    expect(from({ kind: 'next' }, 'https://a/v1/x', { next: 'x?p=2' }, 1)).toEqual({});
  });

  it('puts a cursor into its parameter, and ends at none, the same one, or no items', () => {
    const cursor: Pagination = { kind: 'cursor', parameter: 'cursor', path: parseJsonPath('next_page_cursor') };
    const url = 'https://a/x?cursor=*&q=b';
    expect(from(cursor, url, { next_page_cursor: 'abc=' }, 2)).toEqual({ url: 'https://a/x?cursor=abc%3D&q=b' });
    expect(from(cursor, url, { next_page_cursor: '*' }, 2)).toEqual({});
    expect(from(cursor, url, { next_page_cursor: null }, 2)).toEqual({});
    expect(from(cursor, url, { next_page_cursor: 'abc' }, 0)).toEqual({});
  });

  it('counts pages until one is short or empty, or the total is reached', () => {
    const page: Pagination = { kind: 'page', parameter: 'page', size: { parameter: 'per_page' } };
    expect(from(page, 'https://a/x?per_page=2', {}, 2)).toEqual({ url: 'https://a/x?per_page=2&page=2' });
    expect(from(page, 'https://a/x?per_page=2&page=2', {}, 1)).toEqual({});
    expect(from(page, 'https://a/x?per_page=2&page=2', { total: 4 }, 2)).toEqual({});
    expect(from({ kind: 'page', parameter: 'page' }, 'https://a/x?page=3', {}, 0)).toEqual({});
  });

  it('counts items, and ends where the API gives no more', () => {
    const offset: Pagination = { kind: 'offset', parameter: 'start', size: { parameter: 'rows' }, maxEnd: 10 };
    expect(from(offset, 'https://a/x?rows=4&start=0', { nhits: 30 }, 4)).toEqual({ url: 'https://a/x?rows=4&start=4' });
    expect(from(offset, 'https://a/x?rows=4&start=4', { nhits: 30 }, 4)).toEqual({ url: 'https://a/x?rows=2&start=8' });
    expect(from(offset, 'https://a/x?rows=2&start=8', { nhits: 30 }, 2)).toEqual({ isCut: true });
    expect(from(offset, 'https://a/x?rows=4&start=4', { nhits: 8 }, 4)).toEqual({});
    expect(from(offset, 'https://a/x?rows=4&start=4', {}, 3)).toEqual({});
  });

  it('finds out by itself how an answer goes on', () => {
    const auto: Pagination = { kind: 'auto' };
    expect(from(auto, 'https://a/x', {}, 2, { link: '</x?p=2>; rel=next' })).toEqual({ url: 'https://a/x?p=2' });
    expect(from(auto, 'https://a/x', { links: { next: '/y' } }, 2)).toEqual({ url: 'https://a/y' });
    const about = { link: '</openapi.json>; rel="service-desc", </x>; rel=self' };
    expect(from(auto, 'https://a/x', { next: '/y' }, 2, about)).toEqual({ url: 'https://a/y' });
    const last = { link: '</x?page=1>; rel="first", </x?page=2>; rel="prev"' };
    expect(from(auto, 'https://a/x?page=3', {}, 2, last)).toEqual({});
    expect(from(auto, 'https://a/x?cursor=1', { next_cursor: '2' }, 2)).toEqual({ url: 'https://a/x?cursor=2' });
    expect(from(auto, 'https://a/x?page=1', {}, 2)).toEqual({ url: 'https://a/x?page=2' });
    expect(from(auto, 'https://a/x?offset=0&limit=2', {}, 2)).toEqual({ url: 'https://a/x?offset=2&limit=2' });
    expect(from(auto, 'https://a/x', { next_cursor: '2' }, 2)).toEqual({});
    expect(from(auto, 'https://a/x', {}, 2)).toEqual({});
  });
});
