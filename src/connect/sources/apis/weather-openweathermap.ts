import type { JsonValue } from '../../../base/row-batch.js';
import type { BodySchema } from '../poll/body-schema.js';
import { BadBody, type Feed, type JsonObject, type PageItems } from '../poll/interfaces.js';
import type { ApiInput } from './interfaces.js';
import type { Region } from './places.js';
import {
  numberOf,
  placeParameters,
  rounded,
  type WeatherParts,
  type WeatherPlaces,
  weatherItem,
} from './weather-item.js';

const BASE = 'https://api.openweathermap.org';
/** Which cities of a box are given: of more detailed maps, smaller ones too. */
const ZOOM = 10;
const KPH_PER_MS = 3.6;

/** OpenWeatherMap: a request per city; a region is a box with all its cities. */
export function openWeatherMap({ cities, regions }: WeatherPlaces, input: ApiInput): WeatherParts {
  const appid = input.secret('OPENWEATHER_API_KEY');
  const address = (path: string, query: Readonly<Record<string, string>>): string => {
    const url = new URL(`/data/2.5/${path}`, input.baseUrl ?? BASE);
    for (const [name, value] of Object.entries({ ...query, units: 'metric', appid })) url.searchParams.set(name, value);
    return url.href;
  };
  return {
    feeds: [
      ...cities.map((place): Feed => {
        const url = address('weather', { lat: String(place.lat), lon: String(place.lon) });
        return { id: place.name, url, headers: {}, parameters: { place: placeParameters(place) }, schema: CITY };
      }),
      ...regions.map((region): Feed => {
        const url = address('box/city', { bbox: bbox(region) });
        return { id: region.name, url, headers: {}, parameters: { region: region.name }, schema: BOX };
      }),
    ],
    items: itemsOf,
  };
}

function bbox({ west, south, east, north }: Region): string {
  return [west, south, east, north, ZOOM].join(',');
}

const CITY: BodySchema = { type: 'object', required: ['main', 'dt'], properties: { main: { type: 'object' } } };
const BOX: BodySchema = {
  type: 'object',
  required: ['list'],
  properties: { list: { type: 'array', items: { type: 'object', required: ['id', 'dt', 'main'] } } },
};

function itemsOf(body: JsonValue, { parameters }: Feed): PageItems {
  const answer = body as JsonObject;
  // An error may come with status 200; its code is a number or a text.
  if (answer.cod !== undefined && Number(answer.cod) !== 200)
    throw new BadBody(`${String(answer.cod)}: ${String(answer.message)}`);
  if (parameters.region === undefined) return { items: [itemOf(answer, parameters.place as JsonObject)] };
  const list = answer.list as readonly JsonObject[];
  return { items: list.map((city) => itemOf(city, { name: null, region: parameters.region! })) };
}

/** A city: the same members everywhere but `coord`, which is `Lat`/`Lon` in a box; no rain is null or left out. */
function itemOf(answer: JsonObject, place: JsonObject): JsonObject {
  const coord = (answer.coord ?? {}) as JsonObject;
  const main = (answer.main ?? {}) as JsonObject;
  const [now] = (Array.isArray(answer.weather) ? answer.weather : []) as readonly (JsonObject | null)[];
  const wind = numberOf((answer.wind as JsonObject | undefined)?.speed);
  const rain = amountOf(answer.rain);
  const snow = amountOf(answer.snow);
  const code = numberOf(now?.id);
  return weatherItem({
    provider: 'openweathermap',
    city: String(place.name ?? answer.name),
    country: place.country ?? (answer.sys as JsonObject | undefined)?.country ?? null,
    region: place.region ?? null,
    latitude: coord.lat ?? coord.Lat ?? null,
    longitude: coord.lon ?? coord.Lon ?? null,
    time: answer.dt ?? null,
    temperature_c: numberOf(main.temp),
    humidity: numberOf(main.humidity),
    rain_mm: rain,
    snow_mm: snow,
    weather_code: code,
    condition: now?.description ?? null,
    // Boxes have no codes.
    is_raining: code === null ? rain > 0 : code >= 200 && code < 600,
    is_snowing: code === null ? snow > 0 : code >= 600 && code < 700,
    wind_kph: wind === null ? null : rounded(wind * KPH_PER_MS),
    pressure_hpa: numberOf(main.pressure),
  });
}

function amountOf(value: JsonValue | undefined): number {
  const amount = (value ?? {}) as JsonObject;
  return numberOf(amount['1h']) ?? (numberOf(amount['3h']) === null ? 0 : rounded(numberOf(amount['3h'])! / 3));
}
