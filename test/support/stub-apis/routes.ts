import { apiError, apiFixture } from './faults.js';

/** What a route gives. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** What a route sees. */
export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Where the stub is: for addresses inside of answers. */
  readonly origin: string;
}

/** Keys that the stub takes for good. */
export const GOOD_KEY = 'good-key-4711';

function json(value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

function error(name: string): Answer {
  return apiError(name);
}

function text(name: string): string {
  return apiFixture(name);
}

/** A body that can be asked for conditionally. */
function cached(name: string, asked: Asked, type = 'application/json'): Answer {
  const body = text(name);
  const etag = `"${name}-${body.length}"`;
  const headers = { 'content-type': type, etag };
  return asked.headers['if-none-match'] === etag ? { status: 304, headers, body: '' } : { status: 200, headers, body };
}

const DATASET = '/api/explore/v2.1/catalog/datasets/velib-disponibilite-en-temps-reel';

interface Portal {
  readonly records: readonly { readonly fields: { readonly stationcode: string } }[];
}
interface PortalResults {
  readonly total_count: number;
  readonly results: readonly { readonly stationcode: string }[];
}

function portalV1({ query }: Asked): Answer {
  const wanted = query.getAll('refine.stationcode');
  const all = (JSON.parse(text('velib-portal-v1.json')) as Portal).records.filter(
    ({ fields }) => wanted.length === 0 || wanted.includes(fields.stationcode),
  );
  const start = Number(query.get('start') ?? 0);
  const rows = Number(query.get('rows') ?? 10);
  return json(
    { nhits: all.length, parameters: { rows, start }, records: all.slice(start, start + rows) },
    { 'x-ratelimit-limit': '10000', 'x-ratelimit-remaining': '9000', 'x-ratelimit-reset': '2026-08-22 00:00:00+00:00' },
  );
}

function portalRecords({ query }: Asked): Answer {
  const limit = Number(query.get('limit') ?? 10);
  if (limit > 100) return error('portalParameter');
  const { results } = JSON.parse(text('velib-portal-v2.json')) as PortalResults;
  const codes = [...(query.get('where') ?? '').matchAll(/"([^"]+)"/g)].map(([, code]) => code);
  const all = results.filter(({ stationcode }) => codes.length === 0 || codes.includes(stationcode));
  const offset = Number(query.get('offset') ?? 0);
  return json({ total_count: all.length, results: all.slice(offset, offset + limit) });
}

function openMeteo({ query }: Asked): Answer {
  const latitudes = (query.get('latitude') ?? '').split(',').map(Number);
  if (latitudes.some((latitude) => !(Math.abs(latitude) <= 90))) return error('openMeteoBad');
  if (latitudes.length === 1)
    return { status: 200, headers: { 'content-type': 'application/json' }, body: text('open-meteo-one.json') };
  const many = JSON.parse(text('open-meteo-many.json')) as readonly object[];
  return json(
    latitudes.map((latitude, index) => ({
      ...many[index % many.length],
      latitude,
      ...(index > 0 ? { location_id: index } : {}),
    })),
  );
}

function openWeatherMap({ path, query }: Asked): Answer {
  if (query.get('appid') !== GOOD_KEY) return error('openWeatherMapKey');
  if (path.endsWith('/box/city')) return json(JSON.parse(text('openweathermap-box.json')));
  if (query.get('lat') === '0') return error('openWeatherMapCity');
  return json(JSON.parse(text(Number(query.get('lon')) > 5 ? 'openweathermap-rain.json' : 'openweathermap-dry.json')));
}

function weatherApi({ query }: Asked): Answer {
  if (query.get('key') !== GOOD_KEY) return error('weatherApiKey');
  const place = query.get('q') ?? '';
  if (place.startsWith('0,')) return error('weatherApiPlace');
  const name = place.startsWith('59') ? 'snow' : place.startsWith('48.86') ? 'light-rain' : 'sunny';
  return json(JSON.parse(text(`weatherapi-${name}.json`)));
}

function yahoo({ path, query, headers }: Asked): Answer {
  // It turns away what does not look like a browser.
  if (!/^Mozilla\//.test(headers['user-agent'] ?? '')) return error('yahooLimit');
  if (query.get('interval') === '7d') return error('yahooInterval');
  const symbol = decodeURIComponent(path.split('/').at(-1)!);
  const file = { AAPL: 'minutes', 'VOD.L': 'pence', 'NEW.PA': 'empty' }[symbol];
  return file ? json(JSON.parse(text(`yahoo-${file}.json`))) : error('yahooSymbol');
}

/** Pages of two stories; the end gives back the cursor that was sent. */
function aylien({ query, headers }: Asked): Answer {
  if (headers['x-aylien-newsapi-application-key'] !== GOOD_KEY) return error('aylienKey');
  const brand = /text:\((\w+)\)/.exec(query.get('aql') ?? '')?.[1]?.toLowerCase();
  const known = brand === 'ford' || brand === 'toyota';
  const stories = known ? (JSON.parse(text(`aylien-${brand}.json`)) as { stories: unknown[] }).stories : [];
  const sent = query.get('cursor') ?? '*';
  const from = sent === '*' ? 0 : Number(atob(sent));
  const page = stories.slice(from, from + 2);
  const next = from + 2 < stories.length ? btoa(String(from + 2)) : sent;
  const body = {
    stories: page,
    next_page_cursor: next,
    'published_at.start': '2023-03-24T00:00:00Z',
    'published_at.end': '2023-03-31T21:35:00Z',
  };
  return json(body, { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '59', 'x-ratelimit-reset': '60' });
}

/** The usual answer of each API; undefined for an address that none of them has. */
export function route(asked: Asked): Answer | undefined {
  const { path } = asked;
  if (path === '/opendata/Velib_Metropole/station_status.json') return cached('velib-status.json', asked);
  if (path === '/opendata/Velib_Metropole/station_information.json') return cached('velib-information.json', asked);
  if (path === '/api/records/1.0/search/') return portalV1(asked);
  if (path === `${DATASET}/records`) return portalRecords(asked);
  if (path === `${DATASET}/exports/json`)
    return json((JSON.parse(text('velib-portal-v2.json')) as PortalResults).results);
  if (path === `${DATASET}/exports/csv`) return cached('velib-portal.csv', asked, 'text/csv; charset=utf-8');
  if (path === '/v1/forecast') return openMeteo(asked);
  if (path.startsWith('/data/2.5/')) return openWeatherMap(asked);
  if (path === '/v1/current.json') return weatherApi(asked);
  if (path.startsWith('/v8/finance/chart/')) return yahoo(asked);
  if (path === '/news/stories') return aylien(asked);
  return undefined;
}
