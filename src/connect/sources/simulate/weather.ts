import type { Random } from '../../../base/random.js';
import { cityPlace, gridOf, type Place, REGIONS } from '../apis/places.js';
import { weatherItem } from '../apis/weather-item.js';
import { isRainCode, isSnowCode } from '../apis/weather-open-meteo.js';
import { clamp, decimals, hourOf, normal, seasonOf } from './dice.js';
import type { Anomaly, Scene, SimulatedRow, Simulator } from './interfaces.js';

const CITIES = [
  'Strasbourg',
  'Paris',
  'Marseille',
  'London',
  'Dublin',
  'Berlin',
  'Madrid',
  'Oslo',
  'Helsinki',
  'Reykjavik',
  'Athens',
  'Cairo',
  'Nairobi',
  'New Delhi',
  'Tokyo',
  'Singapore',
  'Sydney',
  'New York',
  'Mexico City',
  'Sao Paulo',
];
/** Points of each region. */
const POINTS = 3;
const PLACES: readonly Place[] = [
  ...CITIES.map(cityPlace),
  ...REGIONS.flatMap((region) =>
    gridOf(region)
      .filter((_, at) => at % 4 === 0)
      .slice(0, POINTS),
  ),
];

/** A station reports so often, at a time of its own. */
const REPORT_MS = 900_000;
const DAY_MS = 86_400_000;
/** Below it a front stands over the place. */
const FRONT = -0.55;

const anomalies: readonly Anomaly[] = [
  { name: 'city missing', spoil: (fields) => ({ ...fields, city: null }) },
  { name: 'humidity beyond 100', spoil: (fields) => ({ ...fields, humidity: 255 }) },
  {
    name: 'temperature in kelvin',
    spoil: (fields) => ({ ...fields, temperature_c: decimals(Number(fields.temperature_c) + 273.15, 1) }),
  },
  { name: 'coordinates swapped', spoil: (fields) => ({ ...fields, latitude: 139.69, longitude: fields.latitude! }) },
  { name: 'negative rain', spoil: (fields) => ({ ...fields, rain_mm: -9999 }) },
  {
    name: 'bare NaN',
    spoil: (fields) => JSON.stringify({ ...fields, snow_mm: null }).replace('"snow_mm":null', '"snow_mm":NaN'),
  },
];

/** Two waves of pressure that travel eastward: where they add up, a front stands. */
interface Sky {
  readonly long: number;
  readonly short: number;
}

/** Weather of cities and regions: fronts that travel east, days and seasons, rain and snow where a front stands. */
export const weather: Simulator = {
  name: 'weather',
  perSecond: PLACES.length / (REPORT_MS / 1000),
  speed: 600,
  sampleMs: DAY_MS / 2,
  beginning: (nowMs) => nowMs - 3 * DAY_MS,
  anomalies,
  *rows({ random, startMs, perSecond }: Scene): Generator<SimulatedRow, never> {
    const sky: Sky = { long: random.next(), short: random.next() };
    const stepMs = 1000 / perSecond;
    for (let at = 0; ; at++) {
      const eventMs = Math.floor((startMs + at * stepMs) / 1000) * 1000;
      yield observe(PLACES[at % PLACES.length]!, eventMs, sky, random);
    }
  },
};

function observe(place: Place, eventMs: number, sky: Sky, random: Random): SimulatedRow {
  const wave = waveAt(place, eventMs, sky);
  const isFront = wave < FRONT;
  const temperature = temperatureAt(place, eventMs, wave) + normal(random, 0, 0.3);
  const humidity = Math.round(clamp(62 - 22 * wave - 0.3 * (temperature - 12) + normal(random, 0, 3), 8, 100));
  const amount = isFront && random.next() < 0.8 ? (FRONT - wave) * 3 * (0.3 + random.next()) : 0;
  const code = codeOf(wave, isFront, amount, temperature, random);
  const fields = weatherItem({
    provider: 'simulated',
    city: place.name,
    country: place.country,
    region: place.region,
    latitude: place.lat,
    longitude: place.lon,
    time: eventMs / 1000,
    temperature_c: decimals(temperature, 1),
    humidity,
    rain_mm: isSnowCode(code) ? 0 : decimals(amount, 2),
    snow_mm: isSnowCode(code) ? decimals(amount, 2) : 0,
    weather_code: code,
    condition: null,
    is_raining: isRainCode(code),
    is_snowing: isSnowCode(code),
    wind_kph: decimals(Math.max(0, 14 - 11 * wave + normal(random, 0, 3)), 1),
    pressure_hpa: decimals(1014 + wave * pressureSwing(place) + normal(random, 0, 0.4), 1),
  });
  return { eventMs, key: place.name, subject: place.name, fields };
}

/** From -1.6, in the middle of a low, to 1.6. */
function waveAt({ lat, lon }: Place, atMs: number, { long, short }: Sky): number {
  const days = atMs / DAY_MS;
  const turn = 2 * Math.PI;
  return (
    Math.sin(turn * (lon / 70 - days / 2.9 + lat / 90 + long)) +
    0.6 * Math.sin(turn * (lon / 37 - days / 1.7 - lat / 66 + short))
  );
}

/** Lows are deep far from the equator only. */
function pressureSwing({ lat }: Place): number {
  return 2 + 10 * Math.min(1, Math.abs(lat) / 50);
}

function temperatureAt({ lat, lon }: Place, atMs: number, wave: number): number {
  const away = Math.abs(lat) / 90;
  const yearly = 28 - 48 * away ** 1.5;
  const summer = Math.cos(2 * Math.PI * (seasonOf(atMs) - (lat >= 0 ? 0.55 : 0.05)));
  const local = hourOf(atMs) + lon / 15;
  // Clouds keep days cool and nights warm.
  const daily = 4.5 * clamp(1 + 0.4 * wave, 0.3, 1.4) * Math.cos((2 * Math.PI * (local - 15)) / 24);
  return yearly + 16 * away * summer + daily + 2.5 * wave * (lat >= 0 ? -1 : 1) * away;
}

/** A code of the WMO's table 4677; showers of 0 mm exist. */
function codeOf(wave: number, isFront: boolean, amount: number, temperature: number, random: Random): number {
  if (isFront && amount === 0) return random.next() < 0.5 ? 80 : 3;
  if (amount > 0 && temperature < 0.5) return amount > 1.5 ? 75 : amount > 0.5 ? 73 : 71;
  if (amount > 0) return amount > 2.5 ? 65 : amount > 0.8 ? 63 : 61;
  return wave > 0.5 ? 0 : wave > 0 ? 2 : 3;
}
