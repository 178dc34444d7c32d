import { StreamctlError } from '../../../base/errors.js';
import { didYouMean } from '../../../plan/did-you-mean.js';

/** A point whose weather is asked for. */
export interface Place {
  readonly name: string;
  readonly country: string | null;
  readonly region: string | null;
  readonly lat: number;
  readonly lon: number;
}

/** A box on the map: west, south, east, north in degrees. */
export interface Region {
  readonly name: string;
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

function region(name: string, west: number, south: number, east: number, north: number): Region {
  return { name, west, south, east, north };
}

/** The ten regions that are compared with each other. EuropeW holds Strasbourg. */
export const REGIONS: readonly Region[] = [
  region('EuropeW', 3.183905, 48.124541, 13.027655, 50.585558),
  region('EuropeE', 17.984474, 48.72351, 25.455177, 51.866246),
  region('AsieW', 72.989052, 28.244139, 78.614052, 31.595136),
  region('AsieE', 115.193519, 32.84249, 119.390297, 35.317188),
  region('AfriqueN', -4.328613, 33.85217, 0.439453, 35.38905),
  region('AfriqueC', 12.325603, 6.321483, 16.939861, 9.974979),
  region('AfriqueS', 19.827204, -8.148851, 24.990778, -4.414764),
  region('AmeriqueN', -76.955032, 42.559503, -71.110306, 45.558631),
  region('AmeriqueC', -92.59843, 13.389995, -87.808391, 17.665328),
  region('AmeriqueS', -51.072407, -21.156289, -47.468892, -17.717346),
];

/** Points of a region where an API knows points only: a grid of three by three, away from the border. */
const GRID = [1 / 6, 1 / 2, 5 / 6];

type CityRow = readonly [name: string, country: string, lat: number, lon: number];
const CITIES: readonly CityRow[] = [
  ['Strasbourg', 'France', 48.58, 7.75],
  ['Paris', 'France', 48.86, 2.35],
  ['Lyon', 'France', 45.76, 4.84],
  ['Marseille', 'France', 43.3, 5.37],
  ['Toulouse', 'France', 43.6, 1.44],
  ['Nice', 'France', 43.7, 7.27],
  ['Nantes', 'France', 47.22, -1.55],
  ['Lille', 'France', 50.63, 3.07],
  ['Bordeaux', 'France', 44.84, -0.58],
  ['London', 'United Kingdom', 51.51, -0.13],
  ['Dublin', 'Ireland', 53.35, -6.26],
  ['Brussels', 'Belgium', 50.85, 4.35],
  ['Amsterdam', 'Netherlands', 52.37, 4.9],
  ['Luxembourg', 'Luxembourg', 49.61, 6.13],
  ['Berlin', 'Germany', 52.52, 13.41],
  ['Munich', 'Germany', 48.14, 11.58],
  ['Bern', 'Switzerland', 46.95, 7.45],
  ['Zurich', 'Switzerland', 47.37, 8.54],
  ['Vienna', 'Austria', 48.21, 16.37],
  ['Prague', 'Czechia', 50.08, 14.44],
  ['Warsaw', 'Poland', 52.23, 21.01],
  ['Budapest', 'Hungary', 47.5, 19.04],
  ['Rome', 'Italy', 41.9, 12.5],
  ['Milan', 'Italy', 45.46, 9.19],
  ['Madrid', 'Spain', 40.42, -3.7],
  ['Barcelona', 'Spain', 41.39, 2.17],
  ['Lisbon', 'Portugal', 38.72, -9.14],
  ['Athens', 'Greece', 37.98, 23.73],
  ['Copenhagen', 'Denmark', 55.68, 12.57],
  ['Oslo', 'Norway', 59.91, 10.75],
  ['Stockholm', 'Sweden', 59.33, 18.07],
  ['Helsinki', 'Finland', 60.17, 24.94],
  ['Reykjavik', 'Iceland', 64.15, -21.94],
  ['Kyiv', 'Ukraine', 50.45, 30.52],
  ['Bucharest', 'Romania', 44.43, 26.1],
  ['Istanbul', 'Turkey', 41.01, 28.98],
  ['Cairo', 'Egypt', 30.04, 31.24],
  ['Algiers', 'Algeria', 36.75, 3.06],
  ['Rabat', 'Morocco', 34.02, -6.84],
  ['Tunis', 'Tunisia', 36.81, 10.18],
  ['Dakar', 'Senegal', 14.72, -17.47],
  ['Lagos', 'Nigeria', 6.52, 3.38],
  ['Nairobi', 'Kenya', -1.29, 36.82],
  ['Kinshasa', 'Congo', -4.44, 15.27],
  ['Cape Town', 'South Africa', -33.92, 18.42],
  ['Dubai', 'United Arab Emirates', 25.2, 55.27],
  ['New Delhi', 'India', 28.61, 77.21],
  ['Mumbai', 'India', 19.08, 72.88],
  ['Beijing', 'China', 39.9, 116.41],
  ['Shanghai', 'China', 31.23, 121.47],
  ['Seoul', 'South Korea', 37.57, 126.98],
  ['Tokyo', 'Japan', 35.68, 139.69],
  ['Singapore', 'Singapore', 1.35, 103.82],
  ['Sydney', 'Australia', -33.87, 151.21],
  ['New York', 'United States', 40.71, -74.01],
  ['Los Angeles', 'United States', 34.05, -118.24],
  ['Chicago', 'United States', 41.88, -87.63],
  ['Toronto', 'Canada', 43.65, -79.38],
  ['Montreal', 'Canada', 45.5, -73.57],
  ['Mexico City', 'Mexico', 19.43, -99.13],
  ['Bogota', 'Colombia', 4.71, -74.07],
  ['Sao Paulo', 'Brazil', -23.55, -46.63],
  ['Buenos Aires', 'Argentina', -34.6, -58.38],
  ['Santiago', 'Chile', -33.45, -70.67],
];

/** Cities that are asked for when none are named. */
export const DEFAULT_CITIES: readonly string[] = CITIES.slice(0, 10).map(([name]) => name);

/**
 * The place of a city: one of those known by name, or `Kehl@48.57/7.81` with its latitude and longitude.
 * @throws `usage`
 */
export function cityPlace(text: string): Place {
  const match = /^(.+)@(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/.exec(text);
  if (match) {
    const [lat, lon] = [Number(match[2]), Number(match[3])];
    if (Math.abs(lat) <= 90 && Math.abs(lon) <= 180) return { name: match[1]!, country: null, region: null, lat, lon };
    throw new StreamctlError('usage', `"${text}" lies nowhere: latitude is -90 to 90, longitude -180 to 180`);
  }
  const found = CITIES.find(([name]) => plain(name) === plain(text));
  if (found) return { name: found[0], country: found[1], region: null, lat: found[2], lon: found[3] };
  const near = didYouMean(
    text,
    CITIES.map(([name]) => name),
  );
  throw new StreamctlError('usage', `city "${text}" is not known`, {
    hint: `${near ? `did you mean ${near}? Or ` : ''}write it with its place: ${text}@48.57/7.81`,
  });
}

/** Without accents and letter case: São Paulo is Sao Paulo. */
function plain(name: string): string {
  return name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Regions by name, `all` for the ten. @throws `usage` */
export function regionsNamed(names: readonly string[]): readonly Region[] {
  if (names.includes('all')) return REGIONS;
  return names.map((name) => {
    const found = REGIONS.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (found) return found;
    throw new StreamctlError('usage', `region "${name}" is not known`, {
      hint: `write all, or some of ${REGIONS.map((one) => one.name).join(', ')}`,
    });
  });
}

/** Points inside a region, for APIs that know points only. */
export function gridOf({ name, west, south, east, north }: Region): readonly Place[] {
  return GRID.flatMap((up, row) =>
    GRID.map((along, column) => ({
      name: `${name}-${row * GRID.length + column + 1}`,
      country: null,
      region: name,
      lat: rounded(south + (north - south) * up),
      lon: rounded(west + (east - west) * along),
    })),
  );
}

function rounded(degrees: number): number {
  return Math.round(degrees * 10_000) / 10_000;
}
