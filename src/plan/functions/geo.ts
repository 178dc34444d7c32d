import { call, type NumberType, type Operand, type Typed } from '../typed.js';
import { type FunctionSpec, scalar, takes, withFlink } from './function-spec.js';

/** Mean radius of the earth in metres. @see IUGG 1980 */
export const EARTH_RADIUS_M = 6_371_008.8;

function haversine([lat1, lon1, lat2, lon2]: readonly string[]): string {
  const half = (to: string, from: string): string => `POWER(SIN(RADIANS(CAST(${to} AS DOUBLE) - ${from}) / 2), 2)`;
  const cosines = `COS(RADIANS(${lat1})) * COS(RADIANS(${lat2}))`;
  const inside = `${half(`(${lat2})`, `(${lat1})`)} + ${cosines} * ${half(`(${lon2})`, `(${lon1})`)}`;
  return `(2 * ${EARTH_RADIUS_M}E0 * ASIN(LEAST(1E0, SQRT(${inside}))))`;
}

/** Signatures of the functions on places. */
export const geoSpecs: readonly FunctionSpec[] = [
  withFlink(
    scalar(
      'GEO_DISTANCE',
      'GEO_DISTANCE(latitude, longitude, latitude, longitude)',
      'metres between two places in degrees, over a sphere (up to 0.5 % from the true shape of the earth)',
      [4, 4],
      takes(['number'], 'double'),
    ),
    haversine,
  ),
];

type Degrees = Operand<NumberType>;

/** Metres between two places, given in degrees. */
export function geoDistance(lat1: Degrees, lon1: Degrees, lat2: Degrees, lon2: Degrees): Typed<'double'> {
  return call('GEO_DISTANCE', lat1, lon1, lat2, lon2);
}
