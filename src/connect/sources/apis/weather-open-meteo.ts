import { StreamctlError } from '../../../base/errors.js';
import type { JsonValue } from '../../../base/row-batch.js';
import { BadBody, type Feed, type JsonObject, type PageItems } from '../poll/interfaces.js';
import type { ApiInput } from './interfaces.js';
import { gridOf, type Place } from './places.js';
import {
  numberOf,
  placeParameters,
  rounded,
  type WeatherParts,
  type WeatherPlaces,
  weatherItem,
} from './weather-item.js';

const BASE = 'https://api.open-meteo.com';
const CURRENT = 'temperature_2m,relative_humidity_2m,rain,snowfall,weather_code,wind_speed_10m';
/** Points of one request: the address stays short enough for any server. */
const MAX_POINTS = 100;
/** Seven centimetres of snow are ten millimetres of water, by the API's own documentation. */
const MM_PER_CM_SNOW = 10 / 7;
const KPH: Readonly<Record<string, number>> = { 'km/h': 1, 'm/s': 3.6, mph: 1.609344, kn: 1.852 };

/** Open-Meteo: many points in one request, no key. */
export function openMeteo({ cities, regions }: WeatherPlaces, { baseUrl = BASE }: ApiInput): WeatherParts {
  const places = [...cities, ...regions.flatMap(gridOf)];
  const feeds: Feed[] = [];
  for (let from = 0; from < places.length; from += MAX_POINTS) {
    const group = places.slice(from, from + MAX_POINTS);
    const url = new URL('/v1/forecast', baseUrl);
    url.searchParams.set('latitude', group.map(({ lat }) => lat).join(','));
    url.searchParams.set('longitude', group.map(({ lon }) => lon).join(','));
    url.searchParams.set('current', CURRENT);
    url.searchParams.set('timezone', 'auto');
    feeds.push({
      id: `points-${feeds.length + 1}`,
      url: url.href,
      headers: {},
      parameters: { places: group.map(placeParameters) },
    });
  }
  if (feeds.length === 0)
    throw new StreamctlError('usage', 'no place is asked for', { hint: '--city Strasbourg,Paris' });
  return { feeds, schema: { type: ['object', 'array'], items: { type: 'object' } }, items: itemsOf };
}

/** Several points give an array, one an object; coordinates are those of the nearest grid point, not the asked ones. */
function itemsOf(body: JsonValue, { parameters }: Feed): PageItems {
  const places = parameters.places as unknown as readonly Place[];
  const answers = (Array.isArray(body) ? body : [body]) as readonly JsonObject[];
  if (answers.length !== places.length) {
    throw new BadBody(`${answers.length} points in the answer, ${places.length} were asked for`);
  }
  return {
    items: answers.map((answer, index) => {
      // Items after the first one say which they are.
      const at = typeof answer.location_id === 'number' ? answer.location_id : index;
      return itemOf(answer, places[at] ?? places[index]!);
    }),
  };
}

function itemOf(answer: JsonObject, place: Place): JsonObject {
  const current = answer.current as JsonObject | undefined;
  if (!current) throw new BadBody('the answer has no "current"');
  const units = (answer.current_units ?? {}) as JsonObject;
  const code = numberOf(current.weather_code);
  const wind = numberOf(current.wind_speed_10m);
  const snowCm = numberOf(current.snowfall);
  return weatherItem({
    provider: 'open-meteo',
    city: place.name,
    country: place.country,
    region: place.region,
    latitude: place.lat,
    longitude: place.lon,
    time: epochSeconds(String(current.time), numberOf(answer.utc_offset_seconds) ?? 0),
    temperature_c: numberOf(current.temperature_2m),
    humidity: numberOf(current.relative_humidity_2m),
    rain_mm: numberOf(current.rain),
    snow_mm: snowCm === null ? null : rounded(snowCm * MM_PER_CM_SNOW),
    weather_code: code,
    condition: null,
    is_raining: code !== null && isRainCode(code),
    is_snowing: code !== null && isSnowCode(code),
    wind_kph: wind === null ? null : rounded(wind * (KPH[String(units.wind_speed_10m)] ?? 1)),
    pressure_hpa: numberOf(current.surface_pressure),
  });
}

/** `2026-09-25T23:00` is local time; its offset stands beside it. */
function epochSeconds(local: string, offsetSeconds: number): number {
  const utcMs = Date.parse(`${local}Z`);
  if (Number.isNaN(utcMs)) throw new BadBody(`"${local}" is not a time`);
  return utcMs / 1000 - offsetSeconds;
}

/** Drizzle, rain, showers, thunderstorms. Showers of 0 mm exist. @see WMO code table 4677 */
export function isRainCode(code: number): boolean {
  return (code >= 51 && code <= 67) || (code >= 80 && code <= 82) || (code >= 95 && code <= 99);
}

/** Snow and snow showers. */
export function isSnowCode(code: number): boolean {
  return (code >= 71 && code <= 77) || code === 85 || code === 86;
}
