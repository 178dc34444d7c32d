import type { JsonValue } from '../../../base/row-batch.js';
import type { JsonObject, PollDefinition } from '../poll/interfaces.js';
import type { Place, Region } from './places.js';

/** What is asked for. */
export interface WeatherPlaces {
  readonly cities: readonly Place[];
  readonly regions: readonly Region[];
}

/** What a provider adds to the definition. */
export type WeatherParts = Pick<PollDefinition, 'feeds' | 'items'> & Partial<PollDefinition>;

/** What every provider can say, in common units; null where it does not. */
export interface Weather {
  readonly provider: string;
  readonly city: string;
  readonly country: JsonValue;
  readonly region: JsonValue;
  readonly latitude: JsonValue;
  readonly longitude: JsonValue;
  /** Epoch seconds. */
  readonly time: JsonValue;
  readonly temperature_c: JsonValue;
  readonly humidity: JsonValue;
  /** Of the last hour or interval; 0 where the provider says there was none. */
  readonly rain_mm: JsonValue;
  /** As water. */
  readonly snow_mm: JsonValue;
  /** The provider's own. */
  readonly weather_code: JsonValue;
  readonly condition: JsonValue;
  /** By its code, which may say rain where the amount is 0. */
  readonly is_raining: boolean;
  readonly is_snowing: boolean;
  readonly wind_kph: JsonValue;
  readonly pressure_hpa: JsonValue;
}

/** The item, its members in this order. */
export function weatherItem(weather: Weather): JsonObject {
  return { ...weather };
}

/** Number of a member, null where there is none. */
export function numberOf(value: JsonValue | undefined): number | null {
  return typeof value === 'number' ? value : null;
}

/** A place as a feed keeps it. */
export function placeParameters({ name, country, region, lat, lon }: Place): JsonObject {
  return { name, country, region, lat, lon };
}

/** One decimal more than anybody measures: products of binary fractions have no tails. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
