import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import type { HttpResponse } from '../../../src/base/http.js';
import type { JsonValue } from '../../../src/base/row-batch.js';
import { APIS } from '../../../src/connect/sources/apis/index.js';
import { REGIONS } from '../../../src/connect/sources/apis/places.js';
import { judgeAnswer } from '../../../src/connect/sources/poll/answer.js';
import { ChangeTracker } from '../../../src/connect/sources/poll/change-tracker.js';
import type { Feed, JsonObject, PollDefinition } from '../../../src/connect/sources/poll/interfaces.js';
import { readPage } from '../../../src/connect/sources/poll/page-reader.js';
import { apiError, apiFixture } from '../../support/stub-apis/faults.js';

const NOW = Date.parse('2026-08-21T12:34:56Z');
const DATA = resolve('../shared/data');
const hasData = existsSync(DATA);
if (!hasData) console.log('real answers are not here (../shared/data): their tests are left out');

function open(
  name: string,
  values: Readonly<Record<string, readonly string[]>> = {},
  changedOnly = false,
): PollDefinition {
  const api = APIS.find((one) => one.name === name)!;
  return api.open({ values, baseUrl: undefined, secret: (variable) => `<${variable}>`, changedOnly });
}

const respond = (body: string, status = 200, type = 'application/json'): HttpResponse => ({
  kind: 'response',
  status,
  headers: { 'content-type': type },
  body: utf8(body),
});

function read(
  definition: PollDefinition,
  body: string,
  feed: Feed | undefined = definition.feeds.at(-1),
  type?: string,
) {
  return readPage(definition, feed!, feed!.url, respond(body, 200, type));
}

const itemsOf = (definition: PollDefinition, body: string, feed?: Feed, type?: string): JsonObject[] =>
  read(definition, body, feed, type).content.items as JsonObject[];

function problemOf(definition: PollDefinition, name: string) {
  const { status, headers = {}, body } = apiError(name);
  const answer: HttpResponse = { kind: 'response', status, headers, body: utf8(body) };
  const verdict = judgeAnswer(answer, definition.feeds[0]!.url, definition, NOW);
  if (verdict.kind !== 'problem') throw new Error(`${name} is no problem`);
  return { ...verdict.problem, hold: verdict.hold };
}

const real = (path: string): string => readFileSync(resolve(DATA, path), 'utf8');
const tracker = (definition: PollDefinition, mode: 'key' | 'body' = 'body') =>
  new ChangeTracker(definition.rules, { mode, digest: (text) => text });

describe('velib, from the operator', () => {
  const names = apiFixture('velib-information.json');
  const status = apiFixture('velib-status.json');

  it('asks for names once an hour and for bicycles every time, without parameters', () => {
    expect(open('velib').feeds).toMatchObject([
      {
        url: 'https://velib-metropole-opendata.smovengo.cloud/opendata/Velib_Metropole/station_information.json',
        isLookup: true,
        everyMs: 3_600_000,
      },
      { url: 'https://velib-metropole-opendata.smovengo.cloud/opendata/Velib_Metropole/station_status.json' },
    ]);
  });

  it('takes each kind of bicycle from its own map, never the total', () => {
    const definition = open('velib');
    expect(itemsOf(definition, names, definition.feeds[0])).toEqual([]);
    const stations = itemsOf(definition, status);
    expect(stations).toHaveLength(6);
    const station = stations.find(({ stationCode }) => stationCode === '32017')!;
    expect(station).toEqual({
      stationCode: '32017',
      station_id: 17278900001,
      num_bikes_available: 10,
      mechanical: 2,
      ebike: 8,
      num_docks_available: 13,
      is_installed: 1,
      is_renting: 1,
      is_returning: 1,
      last_reported: 1732001840,
      name: 'Rouget - Watteau',
      lat: 48.7781,
      lon: 2.3963,
      capacity: 20,
      city: null,
    });
    expect(stations.find(({ stationCode }) => stationCode === '13114')).toMatchObject({ name: null, lat: null });
    expect(typeof definition.rules.key(station)).toBe('string');
    expect(definition.rules.timeMs(station)).toBe(1732001840_000);
  });

  it('asks only for the stations that are wanted', () => {
    const page = read(open('velib', { stations: ['16107', '32017'] }), status);
    expect(page.content.items.map((item) => (item as JsonObject).stationCode)).toEqual(['16107', '32017']);
    expect(page.content.skipped).toBe(4);
  });

  it('takes a name that comes later for no change, and an older report for none', () => {
    const definition = open('velib');
    const known = tracker(definition);
    known.choose(itemsOf(definition, status));
    known.commit();
    itemsOf(definition, names, definition.feeds[0]);
    expect(known.choose(itemsOf(definition, status)).counts).toMatchObject({ unchanged: 6 });
    const older = status.replace('1732001840', '1732001000');
    expect(known.choose(itemsOf(definition, older)).counts).toMatchObject({ unchanged: 5, stale: 1 });
  });

  it('refuses a body of another shape', () => {
    expect(() => read(open('velib'), '{"data":{"stations":[{"station_id":1}]}}')).toThrow(
      'data.stations[0] has no "stationCode"',
    );
    expect(() => read(open('velib'), '{"data":null}')).toThrow('data is null, not object');
  });
});

describe('velib, from the portal', () => {
  const first = {
    stationCode: '13114',
    num_bikes_available: 5,
    mechanical: 3,
    ebike: 2,
    num_docks_available: 18,
    is_installed: 0,
    is_renting: 1,
    is_returning: 1,
    last_reported: 1612885156,
    name: 'Nationale - Duchamp',
    lat: 48.8246374934,
    lon: 2.36780148,
    capacity: 23,
    city: 'Paris',
  };
  const noon = { stationCode: '9020', last_reported: 1612883355 };

  it('reads version 1: [lat, lon], OUI and NON, fields left out when null', () => {
    const stations = itemsOf(open('velib', { provider: ['portal-v1'] }), apiFixture('velib-portal-v1.json'));
    expect(stations[0]).toMatchObject(first);
    expect(stations[1]).toMatchObject({ ...noon, city: null });
    expect(stations[2]).toMatchObject({ is_returning: 0 });
  });

  it('reads version 2.1: {lon, lat}, and pages of a hundred up to ten thousand', () => {
    const definition = open('velib', { provider: ['portal'] });
    expect(itemsOf(definition, apiFixture('velib-portal-v2.json'))[0]).toMatchObject(first);
    const page = (offset: number, results: number) => {
      const url = definition.feeds[0]!.url.replace('offset=0', `offset=${offset}`);
      const body = JSON.stringify({ total_count: 20_000, results: Array.from({ length: results }, () => ({})) });
      return readPage(definition, definition.feeds[0]!, url, respond(body)).next;
    };
    expect(page(0, 100).url).toContain('offset=100');
    expect(page(9800, 100).url).toContain('offset=9900');
    expect(page(9900, 100)).toEqual({ isCut: true });
  });

  it('asks for the wanted stations in the query', () => {
    const url = new URL(open('velib', { provider: ['portal'], stations: ['16107', '9020'] }).feeds[0]!.url);
    expect(url.searchParams.get('where')).toBe('stationcode in ("16107","9020")');
    expect(url.searchParams.get('limit')).toBe('100');
  });

  it('reads exports, as JSON and as CSV with its mark, semicolons and French labels', () => {
    const list = (JSON.parse(apiFixture('velib-portal-v2.json')) as { results: unknown[] }).results;
    expect(itemsOf(open('velib', { provider: ['portal-export'] }), JSON.stringify(list))[0]).toMatchObject(first);
    const csv = itemsOf(
      open('velib', { provider: ['portal-csv'] }),
      apiFixture('velib-portal.csv'),
      undefined,
      'text/csv',
    );
    expect(csv[0]).toMatchObject(first);
    expect(csv[1]).toMatchObject({ ...noon, city: null });
  });

  it('says why it is refused, and stays away until the quota is new', () => {
    const definition = open('velib', { provider: ['portal'] });
    expect(problemOf(definition, 'portalParameter')).toMatchObject({
      retriable: false,
      message: expect.stringMatching(/^400 Bad Request: Invalid value for limit API parameter: 1473/),
    });
    expect(problemOf(definition, 'portalQuota')).toMatchObject({
      what: 'throttled',
      hold: Date.parse('2026-08-22T00:00:00Z') - NOW,
    });
  });
});

describe('weather', () => {
  it('asks Open-Meteo for all points at once, without a key', () => {
    const { feeds } = open('weather', { city: ['Strasbourg', 'são paulo', 'Kehl@48.57/7.81'] });
    const url = new URL(feeds[0]!.url);
    expect(feeds).toHaveLength(1);
    expect(url.origin + url.pathname).toBe('https://api.open-meteo.com/v1/forecast');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      latitude: '48.58,-23.55,48.57',
      longitude: '7.75,-46.63,7.81',
      current: 'temperature_2m,relative_humidity_2m,rain,snowfall,weather_code,wind_speed_10m',
      timezone: 'auto',
    });
  });

  it('reads one point: an object, local time with the offset beside it, showers of nothing', () => {
    const definition = open('weather', { city: ['Strasbourg'] });
    expect(itemsOf(definition, apiFixture('open-meteo-one.json'))).toEqual([
      {
        provider: 'open-meteo',
        city: 'Strasbourg',
        country: 'France',
        region: null,
        latitude: 48.58,
        longitude: 7.75,
        time: Date.parse('2026-08-21T13:15:00+02:00') / 1000,
        temperature_c: 25.3,
        humidity: 48,
        rain_mm: 0,
        snow_mm: 0,
        weather_code: 80,
        condition: null,
        is_raining: true,
        is_snowing: false,
        wind_kph: 9,
        pressure_hpa: null,
      },
    ]);
  });

  it('reads several points: an array, the wanted coordinates instead of the snapped ones, units as they say', () => {
    const definition = open('weather', { city: ['Strasbourg', 'Paris', 'Reykjavik'] });
    expect(itemsOf(definition, apiFixture('open-meteo-many.json'))).toMatchObject([
      { city: 'Strasbourg', latitude: 48.58 },
      { city: 'Paris', latitude: 48.86, longitude: 2.35, rain_mm: 1.4, is_raining: true, wind_kph: 9 },
      { city: 'Reykjavik', time: 1787310900, snow_mm: 1, is_snowing: true, is_raining: false, temperature_c: -1.5 },
    ]);
    expect(() => read(definition, apiFixture('open-meteo-one.json'))).toThrow(
      '1 points in the answer, 3 were asked for',
    );
  });

  it.each([
    [50, false, false],
    [51, true, false],
    [67, true, false],
    [71, false, true],
    [77, false, true],
    [80, true, false],
    [82, true, false],
    [85, false, true],
    [86, false, true],
    [95, true, false],
    [99, true, false],
  ])('knows what code %i means', (code, rains, snows) => {
    const body = apiFixture('open-meteo-one.json').replace('"weather_code": 80', `"weather_code": ${code}`);
    const [item] = itemsOf(open('weather', { city: ['Paris'] }), body);
    expect(item).toMatchObject({ weather_code: code, is_raining: rains, is_snowing: snows });
  });

  it('takes nine points for a region where there are no boxes, and ten regions for all', () => {
    const { feeds } = open('weather', { region: ['all'] });
    const places = feeds.flatMap(
      ({ parameters }) => parameters.places as unknown as { region: string; lat: number; lon: number }[],
    );
    expect(places).toHaveLength(90);
    for (const region of REGIONS) {
      for (const { lat, lon } of places.filter((place) => place.region === region.name)) {
        expect(lat > region.south && lat < region.north && lon > region.west && lon < region.east).toBe(true);
      }
    }
    const strasbourg = REGIONS[0]!;
    expect(
      strasbourg.west < 7.75 && 7.75 < strasbourg.east && strasbourg.south < 48.58 && 48.58 < strasbourg.north,
    ).toBe(true);
  });

  it('reads cities of OpenWeatherMap: rain or none, coordinates in lower case', () => {
    const definition = open('weather', { provider: ['openweathermap'], city: ['Strasbourg', 'Paris'] });
    expect(new URL(definition.feeds[0]!.url).searchParams.get('appid')).toBe('<OPENWEATHER_API_KEY>');
    const [wet] = itemsOf(definition, apiFixture('openweathermap-rain.json'), definition.feeds[0]);
    expect(wet).toMatchObject({
      city: 'Strasbourg',
      rain_mm: 3.16,
      snow_mm: 0,
      is_raining: true,
      wind_kph: 9,
      latitude: 48.58,
      time: 1787310900,
    });
    const [dry] = itemsOf(definition, apiFixture('openweathermap-dry.json'), definition.feeds[1]);
    expect(dry).toMatchObject({ city: 'Paris', rain_mm: 0, is_raining: false, condition: 'overcast clouds' });
  });

  it('reads boxes of OpenWeatherMap: Lat and Lon, rain null or an amount, two towns of one name', () => {
    const definition = open('weather', { provider: ['openweathermap'], region: ['EuropeW'] });
    expect(new URL(definition.feeds[0]!.url).searchParams.get('bbox')).toBe(
      '3.183905,48.124541,13.027655,50.585558,10',
    );
    const items = itemsOf(definition, apiFixture('openweathermap-box.json'));
    expect(items).toMatchObject([
      {
        city: 'Neustadt',
        region: 'EuropeW',
        latitude: 49.3567,
        longitude: 8.1378,
        rain_mm: 0,
        is_raining: false,
        weather_code: null,
      },
      { city: 'Strasbourg', rain_mm: 0.42, is_raining: true },
      { city: 'Neustadt', snow_mm: 0.3, is_snowing: true },
    ]);
    expect(tracker(definition).choose(items).counts.new).toBe(3);
  });

  it('reads weatherapi.com: one amount for all that falls, rain of 0 mm', () => {
    const definition = open('weather', { provider: ['weatherapi'], city: ['Strasbourg', 'Paris', 'Oslo'] });
    const [sunny, rainy, snowy] = ['sunny', 'light-rain', 'snow'].map(
      (name, index) => itemsOf(definition, apiFixture(`weatherapi-${name}.json`), definition.feeds[index])[0],
    );
    expect(sunny).toMatchObject({
      city: 'Strasbourg',
      is_raining: false,
      temperature_c: 21,
      pressure_hpa: 1011,
      time: 1787310900,
    });
    expect(rainy).toMatchObject({ city: 'Paris', is_raining: true, rain_mm: 0, condition: 'Light rain' });
    expect(snowy).toMatchObject({ city: 'Oslo', is_snowing: true, snow_mm: 0.4, rain_mm: 0 });
  });

  it.each([
    ['openMeteoBad', '400 Bad Request: Latitude must be in range of -90 to 90°. Given: 999.0.', undefined],
    [
      'openMeteoMinute',
      '429 Too Many Requests: Minutely API request limit exceeded. Please try again in one minute.',
      60_000,
    ],
    [
      'openMeteoDay',
      '429 Too Many Requests: Daily API request limit exceeded. Please try again tomorrow.',
      Date.parse('2026-08-22T00:00:00Z') - NOW,
    ],
    [
      'openWeatherMapKey',
      '401 Unauthorized: Invalid API key. Please see https://openweathermap.org/faq#error401 for more info.',
      undefined,
    ],
    ['openWeatherMapCity', '404 Not Found: city not found', undefined],
    ['openWeatherMapLimit', /^429 .*temporary blocked/, 60_000],
    ['weatherApiKey', '401 Unauthorized: API key is invalid.', undefined],
    ['weatherApiPlace', '400 Bad Request: No matching location found.', undefined],
    ['weatherApiQuota', '403 Forbidden: API key has exceeded calls per month quota.', 3_600_000],
  ])('understands %s', (name, message, hold) => {
    const problem = problemOf(open('weather'), name);
    if (typeof message === 'string') expect(problem.message).toBe(message);
    else expect(problem.message).toMatch(message);
    expect(problem.hold).toBe(hold);
  });

  it.each([
    [{ city: ['Strassbourg'] }, /city "Strassbourg" is not known/],
    [{ city: ['X@91/0'] }, /lies nowhere/],
    [{ region: ['Mars'] }, /region "Mars" is not known/],
  ])('refuses %j', (values, message) => {
    expect(() => open('weather', values as Record<string, string[]>)).toThrow(message);
  });
});

describe('stocks', () => {
  const minutes = apiFixture('yahoo-minutes.json');
  const definition = open('stocks', { symbol: ['AAPL', 'VOD.L', 'NEW.PA'] });

  it('looks like a browser, and asks for a symbol at a time', () => {
    expect(definition.feeds[1]!.url).toBe(
      'https://query1.finance.yahoo.com/v8/finance/chart/VOD.L?interval=1m&range=1d',
    );
    expect(definition.feeds[0]!.headers['user-agent']).toMatch(/^Mozilla\//);
    const period = open('stocks', { symbol: ['A'], period: ['1', '2'] }).feeds[0]!.url;
    expect(period).toContain('period1=1&period2=2');
    expect(() => open('stocks', { period: ['x'] })).toThrow(/is not two times/);
  });

  it('leaves out minutes without a trade, and marks the last bar that is off the grid', () => {
    const { items, skipped } = read(definition, minutes, definition.feeds[0]).content;
    expect(skipped).toBe(1);
    expect(items).toHaveLength(4);
    expect(items[0]).toEqual({
      symbol: 'AAPL',
      interval: '1m',
      time: 1683055800,
      kind: 'bar',
      open: 25.700000762939453,
      high: 25.71,
      low: 25.62,
      close: 25.62,
      volume: 0,
      currency: 'USD',
      scale: 1,
      exchange: 'NMS',
      timezone: 'America/New_York',
    });
    expect(items.map((item) => (item as JsonObject).kind)).toEqual(['bar', 'bar', 'bar', 'live']);
  });

  it('emits a bar when it is new or has changed, however often it comes', () => {
    const known = tracker(definition);
    const first = known.choose(itemsOf(definition, minutes, definition.feeds[0]));
    known.commit();
    expect(first.counts.new).toBe(4);
    expect(known.choose(itemsOf(definition, minutes, definition.feeds[0])).counts.unchanged).toBe(4);
    const grown = minutes.replace('106000', '107500');
    const again = known.choose(itemsOf(definition, grown, definition.feeds[0]));
    expect(again.counts).toMatchObject({ changed: 1, unchanged: 3 });
    expect(definition.rules.key(again.chosen[0]!.item)).toBe('AAPL');
  });

  it('says that pence are hundredths, and gives nothing for an empty day', () => {
    const [pence] = itemsOf(definition, apiFixture('yahoo-pence.json'), definition.feeds[1]);
    expect(pence).toMatchObject({ close: 72.6, currency: 'GBP', scale: 100 });
    expect(itemsOf(definition, apiFixture('yahoo-empty.json'), definition.feeds[2])).toEqual([]);
  });

  it('understands its errors, the one that is plain text too', () => {
    expect(problemOf(definition, 'yahooLimit')).toMatchObject({
      what: 'throttled',
      message: '429 Too Many Requests: Edge: Too Many Requests',
      hold: undefined,
    });
    expect(problemOf(definition, 'yahooSymbol')).toMatchObject({
      status: 404,
      message: '404 Not Found: No data found, symbol may be delisted',
      retriable: false,
    });
    expect(problemOf(definition, 'yahooInterval').message).toMatch(/interval=7d is not supported/);
    expect(() => read(definition, apiError('yahooSymbol').body, definition.feeds[0])).toThrow(
      'no bars of AAPL: No data found',
    );
  });
});

describe('news', () => {
  const definition = open('news', { brand: ['Ford', 'Toyota', 'Land Rover'] });

  it('asks per brand, with keys in headers and a first cursor of *', () => {
    const url = new URL(definition.feeds[0]!.url);
    expect(url.origin + url.pathname).toBe('https://api.aylien.com/news/stories');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      aql: 'text:(Ford) AND language:en',
      'published_at.start': 'NOW-7DAYS/DAY',
      cursor: '*',
      sort_by: 'published_at',
    });
    expect(new URL(definition.feeds[2]!.url).searchParams.get('aql')).toBe('text:("Land Rover") AND language:en');
    expect(definition.feeds[0]!.headers).toEqual({
      'x-aylien-newsapi-application-id': '<AYLIEN_APP_ID>',
      'x-aylien-newsapi-application-key': '<AYLIEN_APP_KEY>',
    });
    expect(() => open('news', { brand: ['Ford") OR text:(x'] })).toThrow(/cannot be searched for/);
  });

  it('makes one record per story and brand: a story that names two counts once for each', () => {
    const known = tracker(definition, 'key');
    const ford = itemsOf(definition, apiFixture('aylien-ford.json'), definition.feeds[0]);
    expect(ford[0]).toEqual({
      type: 'Ford',
      id: 5467437877,
      sentiment_body_p: 'positive',
      sentiment_body_s: 0.47,
      sentiment_title_p: 'neutral',
      sentiment_title_s: 0.76,
      published: '2023-03-31T21:19:36Z',
    });
    const toyota = itemsOf(definition, apiFixture('aylien-toyota.json'), definition.feeds[1]);
    const choice = known.choose([...ford, ...toyota]);
    expect(choice.counts.new).toBe(5);
    const both = choice.chosen.filter(({ item }) => (item as JsonObject).id === 5467437877);
    expect(both.map(({ key }) => key).sort()).toEqual(['Ford', 'Toyota']);
    // Newest first as they come, oldest first as they go.
    const times = choice.chosen.map(({ timeMs }) => timeMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(toyota[1]!.id).toBe(9007199254740993n);
  });

  it('ends when the cursor comes back, or nothing comes', () => {
    const body = (cursor: string, stories = '[{"id":1}]'): string =>
      `{"stories":${stories},"next_page_cursor":"${cursor}","published_at.start":"x"}`;
    expect(read(definition, body('abc')).next.url).toContain('cursor=abc');
    expect(read(definition, body('*')).next).toEqual({});
    expect(read(definition, body('abc', '[]')).next).toEqual({});
  });

  it('understands its errors', () => {
    expect(problemOf(definition, 'aylienKey').message).toBe('401 Unauthorized: The application key is not valid.');
    expect(problemOf(definition, 'aylienLimit')).toMatchObject({ what: 'throttled' });
  });
});

describe.skipIf(!hasData)('real answers', () => {
  const sum = (items: readonly JsonObject[], name: string): number =>
    items.reduce((all, item) => all + Number(item[name]), 0);

  it('velib: 15,626 bicycles at 1,485 stations, 10,307 of them mechanical', () => {
    const definition = open('velib');
    itemsOf(definition, real('velib/gbfs_2024-11-19/station_information.json'), definition.feeds[0]);
    const stations = itemsOf(definition, real('velib/gbfs_2024-11-19/station_status.json'));
    expect(stations).toHaveLength(1485);
    expect(['num_bikes_available', 'mechanical', 'ebike'].map((name) => sum(stations, name))).toEqual([
      15_626, 10_307, 5_319,
    ]);
    expect(stations.filter(({ lat }) => lat === null).length).toBeLessThan(50);
    expect(stations.find(({ stationCode }) => stationCode === '16107')).toMatchObject({
      num_bikes_available: 1,
      mechanical: 1,
      ebike: 0,
    });
    expect(stations.find(({ stationCode }) => stationCode === '32017')).toMatchObject({
      num_bikes_available: 10,
      mechanical: 2,
      ebike: 8,
    });
    expect(tracker(definition).choose(stations).counts.new).toBe(1485);
  });

  it('velib: the portal in all its forms', () => {
    const complete = (items: readonly JsonObject[]): boolean =>
      items.every(
        ({ stationCode, lat, last_reported, is_renting }) =>
          stationCode && lat !== null && last_reported !== null && is_renting !== null,
      );
    const v1 = itemsOf(open('velib', { provider: ['portal-v1'] }), real('velib/ods_v1_search_2021-02-09_records.json'));
    const v2 = itemsOf(open('velib', { provider: ['portal'] }), real('velib/ods_v2.1_records_2026-04_sample.json'));
    const json = itemsOf(
      open('velib', { provider: ['portal-export'] }),
      real('velib/ods_v2.1_export_2023-10-25_sample.json'),
    );
    const csv = itemsOf(
      open('velib', { provider: ['portal-csv'] }),
      real('velib/ods_export_2026-04-06.csv'),
      undefined,
      'text/csv',
    );
    expect([v1, v2, json].map((items) => [items.length > 1, complete(items)])).toEqual([
      [true, true],
      [true, true],
      [true, true],
    ]);
    expect(csv.length).toBeGreaterThan(1000);
    expect(
      csv.every(
        ({ stationCode, mechanical, ebike, num_bikes_available: all }) =>
          stationCode && Number(mechanical) + Number(ebike) === Number(all),
      ),
    ).toBe(true);
  });

  it('weather: a box of 399 towns, and single answers', () => {
    const box = itemsOf(
      open('weather', { provider: ['openweathermap'], region: ['EuropeW'] }),
      real('weather/owm_box_city_EuropeW.derived.json'),
    );
    expect(box).toHaveLength(399);
    expect(box.every(({ latitude, time, rain_mm }) => latitude !== null && time !== null && rain_mm === 0)).toBe(true);
    const dry = open('weather', { city: ['Florence@43.78/11.24'] });
    expect(itemsOf(dry, real('weather/open_meteo_current_florence_code80_but_dry_2026-08-21.json'))[0]).toMatchObject({
      is_raining: true,
      rain_mm: 0,
    });
    expect(itemsOf(dry, real('weather/open_meteo_current_denver_2026-09-25.json'))[0]).toMatchObject({
      wind_kph: 13.46,
      time: Date.parse('2026-09-25T23:00Z') / 1000,
    });
    const owm = open('weather', { provider: ['openweathermap'], city: ['Berlin'] });
    expect(itemsOf(owm, real('weather/owm_current_zocca_docs.json'))[0]).toMatchObject({
      rain_mm: 3.16,
      is_raining: true,
    });
    const other = open('weather', { provider: ['weatherapi'], city: ['London'] });
    expect(
      itemsOf(other, real('weather/weatherapi_current_london_lightrain_precip0_2023-09-10.json'))[0],
    ).toMatchObject({ is_raining: true, rain_mm: 0 });
  });

  it('stocks: bars with nulls, and daily ones', () => {
    const definition = open('stocks', { symbol: ['X'] });
    const bars = read(definition, real('stocks/yahoo_v8/PETR4.SA_1m_null_and_offgrid_last_2023-03-06.json')).content;
    expect(bars.skipped).toBe(1);
    expect(bars.items.map((item) => (item as JsonObject).kind)).toEqual(['bar', 'bar', 'bar', 'bar', 'live']);
    expect(itemsOf(definition, real('stocks/yahoo_v8/AMZN_1m_range30m_2023-05-02.json')).length).toBe(31);
    expect(itemsOf(definition, real('stocks/yahoo_v8/SPY_1d_5points_2026-02.json')).length).toBe(5);
  });

  it('news: a hundred stories of Ford, 57 positive, 14 neutral, 29 negative', () => {
    const definition = open('news', { brand: ['Ford'] });
    const stories = itemsOf(definition, real('news/aylien_stories_ford.derived.json'));
    const count = (polarity: string): number => stories.filter((story) => story.sentiment_body_p === polarity).length;
    expect([stories.length, count('positive'), count('neutral'), count('negative')]).toEqual([100, 57, 14, 29]);
    expect(
      itemsOf(definition, real('news/aylien_stories_2016_v1_trimmed.json')).every(
        (story) => (story.id as JsonValue) !== null,
      ),
    ).toBe(true);
  });
});
