import type { HttpResponse } from '../../../base/http.js';
import type { JsonValue } from '../../../base/row-batch.js';
import type { BodySchema } from '../poll/body-schema.js';
import { delayUntil } from '../poll/header-times.js';
import type { Feed, JsonObject, PageItems, PollDefinition } from '../poll/interfaces.js';
import { pathRules } from '../poll/item-rules.js';
import { parseJsonPath } from '../poll/json-path.js';
import { type ApiInput, type ApiParameter, type ApiSource, valuesOf } from './interfaces.js';
import { fromGbfs, fromPortal, fromPortalCsv, fromPortalV1, type StationInformation } from './velib-stations.js';

const GBFS = 'https://velib-metropole-opendata.smovengo.cloud';
const GBFS_PATH = '/opendata/Velib_Metropole/';
const PORTAL = 'https://opendata.paris.fr';
const DATASET = 'velib-disponibilite-en-temps-reel';
const PORTAL_PAGE = 100;
/** The portal gives no record behind this one, by records; exports give all. */
const PORTAL_MAX_END = 10_000;
/** Names and places of stations change rarely. */
const INFORMATION_EVERY_MS = 3_600_000;
const ALL = 'all';

const parameters: readonly ApiParameter[] = [
  {
    name: 'provider',
    help: 'where stations are asked for: the operator (gbfs) or the portal of the city',
    placeholder: 'NAME',
    choices: ['gbfs', 'portal', 'portal-export', 'portal-csv', 'portal-v1'],
    default: ['gbfs'],
  },
  {
    name: 'stations',
    help: 'station codes, or all',
    placeholder: 'CODE,...',
    isList: true,
    isPositional: true,
    default: [ALL],
  },
];

/** Bicycles and docks at the stations of Vélib' Métropole (Paris). */
export const velib: ApiSource = {
  name: 'velib',
  summary: "bicycles and docks of the stations of Vélib' (Paris)",
  topic: { name: 'velib-projet', partitions: 1, replicas: 1 },
  everyMs: 60_000,
  dedup: 'body',
  parameters,
  rate: () => ({ count: 60, windowMs: 60_000 }),
  open(input) {
    const provider = valuesOf(parameters, input, 'provider')[0]!;
    const stations = valuesOf(parameters, input, 'stations');
    const wanted = stations.includes(ALL) ? undefined : new Set(stations);
    const common = {
      name: 'velib',
      format: provider === 'portal-csv' ? 'csv' : 'json',
      pagination: { kind: 'none' },
      rules: pathRules({
        key: [parseJsonPath('stationCode')],
        time: parseJsonPath('last_reported'),
        // They come from another request, which may fail or come later.
        ignored: ['name', 'lat', 'lon', 'capacity', 'city'].map(parseJsonPath),
        changedOnly: input.changedOnly,
      }),
      holdMs: portalHold,
      fingerprint: JSON.stringify(['velib', 1, input.changedOnly]),
    } as const;
    const made = provider === 'gbfs' ? gbfs(input, wanted) : portal(input, provider, wanted);
    return { ...common, ...made };
  },
};

type Parts = Pick<PollDefinition, 'feeds' | 'items'> & Partial<PollDefinition>;

const GBFS_SCHEMA: BodySchema = {
  type: 'object',
  required: ['data'],
  properties: {
    data: {
      type: 'object',
      required: ['stations'],
      properties: { stations: { type: 'array', items: { type: 'object', required: ['stationCode'] } } },
    },
  },
};

/** The field `ttl` says an hour while the data change every minute: it is not believed. */
function gbfs({ baseUrl = GBFS }: ApiInput, wanted: ReadonlySet<string> | undefined): Parts {
  const known = new Map<string, StationInformation>();
  const url = (file: string): string => new URL(`${GBFS_PATH}${file}.json`, baseUrl).href;
  const feed = (id: string): Feed => ({ id, url: url(id), headers: {}, parameters: {} });
  return {
    feeds: [{ ...feed('station_information'), isLookup: true, everyMs: INFORMATION_EVERY_MS }, feed('station_status')],
    schema: GBFS_SCHEMA,
    items(body, { id }) {
      const stations = (body as { readonly data: { readonly stations: readonly JsonObject[] } }).data.stations;
      if (id === 'station_information') {
        for (const station of stations)
          known.set(String(station.stationCode), station as unknown as StationInformation);
        return { items: [] };
      }
      return chosen(
        stations.map((station) => fromGbfs(station, known.get(String(station.stationCode)))),
        wanted,
      );
    },
  };
}

function portal(input: ApiInput, provider: string, wanted: ReadonlySet<string> | undefined): Parts {
  const base = input.baseUrl ?? PORTAL;
  const where = wanted && `stationcode in (${[...wanted].map((code) => JSON.stringify(code)).join(',')})`;
  const address = (path: string, query: Readonly<Record<string, string | undefined>>): string => {
    const url = new URL(path, base);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.append(name, value);
    return url.href;
  };
  const feed = (url: string): readonly Feed[] => [{ id: provider, url, headers: {}, parameters: {} }];
  if (provider === 'portal-v1') {
    const url = new URL(
      address('/api/records/1.0/search/', { dataset: DATASET, rows: String(PORTAL_PAGE), start: '0', timezone: 'UTC' }),
    );
    for (const code of wanted ?? []) url.searchParams.append('refine.stationcode', code);
    if ((wanted?.size ?? 0) > 1) url.searchParams.append('disjunctive.stationcode', 'true');
    return {
      feeds: feed(url.href),
      pagination: { kind: 'offset', parameter: 'start', size: { parameter: 'rows' }, maxEnd: PORTAL_MAX_END },
      schema: listSchema('records'),
      items: (body) => chosen((body as { readonly records: readonly JsonObject[] }).records.map(fromPortalV1), wanted),
    };
  }
  const dataset = `/api/explore/v2.1/catalog/datasets/${DATASET}`;
  if (provider === 'portal') {
    return {
      feeds: feed(
        address(`${dataset}/records`, {
          limit: String(PORTAL_PAGE),
          offset: '0',
          // Pages of an unsorted list may overlap.
          order_by: 'stationcode',
          where,
          timezone: 'UTC',
        }),
      ),
      pagination: { kind: 'offset', parameter: 'offset', size: { parameter: 'limit' }, maxEnd: PORTAL_MAX_END },
      schema: listSchema('results'),
      items: (body) => chosen((body as { readonly results: readonly JsonObject[] }).results.map(fromPortal), wanted),
    };
  }
  if (provider === 'portal-csv') {
    return {
      feeds: feed(address(`${dataset}/exports/csv`, { where, timezone: 'UTC' })),
      items: (body) => chosen((body as readonly JsonObject[]).map(fromPortalCsv), wanted),
    };
  }
  return {
    feeds: feed(address(`${dataset}/exports/json`, { where, timezone: 'UTC' })),
    schema: { type: 'array', items: { type: 'object', required: ['stationcode'] } },
    items: (body) => chosen((body as readonly JsonObject[]).map(fromPortal), wanted),
  };
}

function listSchema(name: string): BodySchema {
  return {
    type: 'object',
    required: [name],
    properties: { [name]: { type: 'array', items: { type: 'object' } } },
  };
}

function chosen(stations: readonly JsonObject[], wanted: ReadonlySet<string> | undefined): PageItems {
  if (!wanted) return { items: stations };
  const items = stations.filter(({ stationCode }) => wanted.has(String(stationCode)));
  return { items, skipped: stations.length - items.length };
}

/** The portal says in the body until when its daily limit is used up. */
function portalHold({ status }: HttpResponse, body: JsonValue | undefined, nowMs: number): number | undefined {
  if (status !== 429 || typeof body !== 'object' || body === null) return undefined;
  const { reset_time: reset } = body as JsonObject;
  return typeof reset === 'string' ? delayUntil(reset, nowMs) : undefined;
}
