import type { JsonValue } from '../../../base/row-batch.js';
import type { BodySchema } from '../poll/body-schema.js';
import type { Feed, JsonObject, PageItems } from '../poll/interfaces.js';
import type { ApiInput } from './interfaces.js';
import { gridOf } from './places.js';
import { numberOf, placeParameters, type WeatherParts, type WeatherPlaces, weatherItem } from './weather-item.js';

const BASE = 'https://api.weatherapi.com';

/** weatherapi.com: a request per point. */
export function weatherApi({ cities, regions }: WeatherPlaces, input: ApiInput): WeatherParts {
  const key = input.secret('WEATHERAPI_KEY');
  return {
    feeds: [...cities, ...regions.flatMap(gridOf)].map((place): Feed => {
      const url = new URL('/v1/current.json', input.baseUrl ?? BASE);
      url.searchParams.set('key', key);
      url.searchParams.set('q', `${place.lat},${place.lon}`);
      return { id: place.name, url: url.href, headers: {}, parameters: { place: placeParameters(place) } };
    }),
    schema: SCHEMA,
    items: itemsOf,
  };
}

const SCHEMA: BodySchema = {
  type: 'object',
  required: ['current'],
  properties: { current: { type: 'object', required: ['last_updated_epoch'] }, location: { type: 'object' } },
};

function itemsOf(body: JsonValue, { parameters }: Feed): PageItems {
  const { location = {}, current } = body as unknown as {
    readonly location?: JsonObject;
    readonly current: JsonObject;
  };
  const place = parameters.place as JsonObject;
  const condition = (current.condition ?? {}) as JsonObject;
  const code = numberOf(condition.code);
  const isSnowing = code !== null && isSnowCode(code);
  const fallen = numberOf(current.precip_mm) ?? 0;
  return {
    items: [
      weatherItem({
        provider: 'weatherapi',
        city: String(place.name),
        country: place.country ?? location.country ?? null,
        region: place.region ?? null,
        latitude: location.lat ?? place.lat ?? null,
        longitude: location.lon ?? place.lon ?? null,
        time: current.last_updated_epoch ?? null,
        temperature_c: numberOf(current.temp_c),
        humidity: numberOf(current.humidity),
        // One amount for all that falls: the code tells what it is. Rain of 0 mm exists.
        rain_mm: isSnowing ? 0 : fallen,
        snow_mm: isSnowing ? fallen : 0,
        weather_code: code,
        condition: condition.text ?? null,
        is_raining: code !== null && isRainCode(code),
        is_snowing: isSnowing,
        wind_kph: numberOf(current.wind_kph),
        pressure_hpa: numberOf(current.pressure_mb),
      }),
    ],
  };
}

const SNOW = new Set([
  1066, 1069, 1072, 1114, 1117, 1204, 1207, 1210, 1213, 1216, 1219, 1222, 1225, 1237, 1249, 1252, 1255, 1258, 1261,
  1264, 1279, 1282,
]);
const RAIN = new Set([
  1063, 1087, 1150, 1153, 1168, 1171, 1180, 1183, 1186, 1189, 1192, 1195, 1198, 1201, 1240, 1243, 1246, 1273, 1276,
]);

function isSnowCode(code: number): boolean {
  return SNOW.has(code);
}

function isRainCode(code: number): boolean {
  return RAIN.has(code);
}
