import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import type { HttpResponse } from '../../../src/base/http.js';
import type { JsonValue } from '../../../src/base/row-batch.js';
import { APIS } from '../../../src/connect/sources/apis/index.js';
import { judgeAnswer } from '../../../src/connect/sources/poll/answer.js';
import { ChangeTracker } from '../../../src/connect/sources/poll/change-tracker.js';
import { BadBody } from '../../../src/connect/sources/poll/interfaces.js';
import { readPage } from '../../../src/connect/sources/poll/page-reader.js';
import { apiFixture } from '../../support/stub-apis/faults.js';

const NOW = Date.parse('2026-08-21T12:34:56Z');
const ODD: readonly (JsonValue | undefined)[] = [undefined, null, 'x', 5, true, [], {}, [null], [5], { a: null }];
/** Elements of an array that are made odd; the others are like them. */
const ELEMENTS = 2;

/** `value` with one of its parts replaced: each part in turn, by each odd value. */
function* oddOnes(value: JsonValue): Generator<JsonValue | undefined> {
  yield* ODD;
  if (typeof value !== 'object' || value === null) return;
  const members = Array.isArray(value)
    ? (value as JsonValue[]).slice(0, ELEMENTS).map((part, at) => [at, part] as const)
    : Object.entries(value as Readonly<Record<string, JsonValue>>);
  for (const [name, part] of members) {
    for (const odd of oddOnes(part)) {
      const copy: Record<string | number, unknown> = (Array.isArray(value) ? [...value] : { ...value }) as never;
      if (odd === undefined && !Array.isArray(value)) delete copy[name];
      else copy[name] = odd ?? null;
      yield copy as unknown as JsonValue;
    }
  }
}

describe('an answer that is not what the API promises', () => {
  it.each([
    ['velib', { provider: ['gbfs'] }, 'station_information', 'velib-information.json'],
    ['velib', { provider: ['gbfs'] }, 'station_status', 'velib-status.json'],
    ['velib', { provider: ['portal'] }, 'portal', 'velib-portal-v2.json'],
    ['velib', { provider: ['portal-v1'] }, 'portal-v1', 'velib-portal-v1.json'],
    ['weather', { city: ['Paris'] }, 'points-1', 'open-meteo-one.json'],
    ['weather', { city: ['Strasbourg', 'Paris', 'Lyon'] }, 'points-1', 'open-meteo-many.json'],
    ['weather', { provider: ['openweathermap'], city: ['Paris'] }, 'Paris', 'openweathermap-rain.json'],
    ['weather', { provider: ['openweathermap'], region: ['EuropeW'] }, 'EuropeW', 'openweathermap-box.json'],
    ['weather', { provider: ['weatherapi'], city: ['Paris'] }, 'Paris', 'weatherapi-snow.json'],
    ['stocks', {}, 'AAPL', 'yahoo-minutes.json'],
    ['news', {}, 'Ford', 'aylien-ford.json'],
  ] as const)('is told or left out, and ends nothing: %s %j, %s', (name, values, feedId, fixture) => {
    const definition = APIS.find((api) => api.name === name)!.open({
      values: values as Readonly<Record<string, readonly string[]>>,
      baseUrl: undefined,
      secret: () => 'key',
      changedOnly: false,
    });
    const feed = definition.feeds.find(({ id }) => id === feedId)!;
    const body = JSON.parse(apiFixture(fixture)) as JsonValue;
    const wrong = new Set<string>();
    for (const odd of oddOnes(body)) {
      const answer: HttpResponse = {
        kind: 'response',
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: utf8(JSON.stringify(odd) ?? ''),
      };
      try {
        const { content } = readPage(definition, feed, feed.url, answer);
        new ChangeTracker(definition.rules, { mode: 'body', digest: (text) => text }).choose(content.items);
        for (const status of [403, 429, 500]) judgeAnswer({ ...answer, status }, feed.url, definition, NOW);
      } catch (error) {
        if (!(error instanceof BadBody)) wrong.add(`${String(error)}: ${JSON.stringify(odd).slice(0, 150)}`);
      }
    }
    expect([...wrong].slice(0, 5)).toEqual([]);
  });
});
