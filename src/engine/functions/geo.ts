import { EARTH_RADIUS_M } from '../../plan/functions/geo.js';
import type { ScalarFunction } from './scalar-function.js';

type Num = number | bigint;
const radians = (degrees: Num): number => (Number(degrees) * Math.PI) / 180;

/** The haversine of an angle. */
function haversine(angle: number): number {
  return Math.sin(angle / 2) ** 2;
}

function distanceM(lat1: Num, lon1: Num, lat2: Num, lon2: Num): number {
  const [from, to] = [radians(lat1), radians(lat2)];
  const inside = haversine(to - from) + Math.cos(from) * Math.cos(to) * haversine(radians(lon2) - radians(lon1));
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(inside)));
}

/** Behaviour of the functions on places. */
export const geoFunctions: Readonly<Record<string, ScalarFunction>> = { GEO_DISTANCE: distanceM };
