import type { HttpResponse } from '../../../base/http.js';
import type { JsonValue } from '../../../base/row-batch.js';
import { delayUntil } from '../poll/header-times.js';
import type { JsonObject, PollDefinition } from '../poll/interfaces.js';
import { pathRules } from '../poll/item-rules.js';
import { parseJsonPath } from '../poll/json-path.js';
import { type ApiInput, type ApiParameter, type ApiSource, valuesOf } from './interfaces.js';
import { cityPlace, DEFAULT_CITIES, regionsNamed } from './places.js';
import type { WeatherParts, WeatherPlaces } from './weather-item.js';
import { openMeteo } from './weather-open-meteo.js';
import { openWeatherMap } from './weather-openweathermap.js';
import { weatherApi } from './weather-weatherapi.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const parameters: readonly ApiParameter[] = [
  {
    name: 'provider',
    help: 'which API is asked; all but open-meteo need a key',
    placeholder: 'NAME',
    choices: ['open-meteo', 'openweathermap', 'weatherapi'],
    default: ['open-meteo'],
  },
  {
    name: 'city',
    help: 'cities, or NAME@LAT/LON',
    placeholder: 'NAME,...',
    isList: true,
    isPositional: true,
  },
  { name: 'region', help: 'regions instead of cities, or all', placeholder: 'NAME,...', isList: true },
];

const PROVIDERS: Readonly<Record<string, (places: WeatherPlaces, input: ApiInput) => WeatherParts>> = {
  'open-meteo': openMeteo,
  openweathermap: openWeatherMap,
  weatherapi: weatherApi,
};

/** The weather now, in cities or in the ten regions, in the same members whoever is asked. */
export const weather: ApiSource = {
  name: 'weather',
  summary: 'the weather now, in cities or regions',
  topic: { name: 'weather', partitions: 1, replicas: 1 },
  everyMs: 600_000,
  dedup: 'body',
  parameters,
  rate: ({ provider }) => ({ count: provider?.[0] === 'open-meteo' || !provider ? 600 : 60, windowMs: MINUTE_MS }),
  open(input) {
    const provider = valuesOf(parameters, input, 'provider')[0]!;
    const regions = regionsNamed(valuesOf(parameters, input, 'region'));
    const cities = valuesOf(parameters, input, 'city');
    // Cities are the default, but not beside regions that were asked for.
    const named = cities.length > 0 || regions.length > 0 ? cities : DEFAULT_CITIES;
    const places = { cities: named.map(cityPlace), regions };
    const definition: PollDefinition = {
      name: 'weather',
      format: 'json',
      pagination: { kind: 'none' },
      rules: pathRules({
        key: [parseJsonPath('city')],
        // A region has several towns of one name.
        identity: ['city', 'latitude', 'longitude'].map(parseJsonPath),
        time: parseJsonPath('time'),
        ignored: [],
        changedOnly: input.changedOnly,
      }),
      holdMs: limitHold,
      fingerprint: JSON.stringify(['weather', 1, input.changedOnly]),
      ...PROVIDERS[provider]!(places, input),
    };
    return definition;
  },
};

/** None of these APIs has a Retry-After: how long to wait stands in the words. */
function limitHold({ status, headers }: HttpResponse, body: JsonValue | undefined, nowMs: number): number | undefined {
  const { reason, error } = (typeof body === 'object' && body !== null ? body : {}) as {
    readonly reason?: string;
    readonly error?: JsonObject;
  };
  // weatherapi.com: the calls of the month are used up. An hour is a polite while to look again.
  if (status === 403 && error?.code === 2007) return 60 * MINUTE_MS;
  if (status !== 429) return undefined;
  if (/daily|tomorrow/i.test(reason ?? '')) return DAY_MS - (nowMs % DAY_MS);
  if (/hour/i.test(reason ?? '')) return 60 * MINUTE_MS - (nowMs % (60 * MINUTE_MS));
  return delayUntil(headers['retry-after'] ?? '', nowMs) ?? MINUTE_MS;
}
