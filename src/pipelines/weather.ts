import {
  and,
  avg,
  between,
  caseWhen,
  cast,
  coalesce,
  concat,
  count,
  countDistinct,
  divide,
  greater,
  isNotNull,
  isNull,
  kafka,
  like,
  lower,
  max,
  min,
  multiply,
  notEqual,
  nullIf,
  or,
  pipeline,
  type Row,
  stddevPopulation,
  subtract,
  type Typed,
} from '../plan/index.js';

const observations = kafka('observations', {
  topic: 'weather',
  columns: {
    city: 'string',
    country: 'string',
    region: 'string',
    latitude: 'double',
    longitude: 'double',
    // Epoch seconds.
    time: 'bigint',
    temperature_c: 'double',
    humidity: 'double',
    rain_mm: 'double',
    snow_mm: 'double',
    is_raining: 'boolean',
    is_snowing: 'boolean',
    condition: 'string',
    wind_kph: 'double',
    pressure_hpa: 'double',
    // The same in the words of the World Weather Repository.
    location_name: 'string',
    last_updated_epoch: 'bigint',
    temperature_celsius: 'double',
    condition_text: 'string',
    precip_mm: 'double',
    pressure_mb: 'double',
  },
  eventTime: {
    name: 'observed',
    from: (row) => cast(multiply(coalesce(row.time, row.last_updated_epoch), 1000), 'timestamp'),
  },
  // Stations report every ten to thirty minutes, each at a time of its own.
  lateness: '1 hour',
  // They are asked every ten minutes: silence in between says nothing.
  idleTimeout: '30 minutes',
});

const metrics = kafka('metrics', { topic: 'weather-metrics' });
const regions = kafka('regions', { topic: 'weather-regions', keys: ['region'] });
const cities = kafka('cities', { topic: 'weather-cities', keys: ['country', 'city'] });

/** What the steps after the check know of an observation. */
type Observed = {
  readonly city: 'string';
  readonly country: 'string';
  readonly region: 'string';
  readonly latitude: 'double';
  readonly longitude: 'double';
  readonly temperature_c: 'double';
  readonly humidity: 'double';
  readonly wind_kph: 'double';
  readonly pressure_hpa: 'double';
  readonly rain_mm: 'double';
  readonly rain_by_code: 'boolean';
  readonly snow_by_code: 'boolean';
  readonly snow_mm: 'double';
  readonly place: 'string';
};

/**
 * Correlation of two measures over the rows that have both (Pearson): null where one of them does not vary.
 * Written with means, so that any engine can do it.
 */
function correlation(a: Typed<'double'>, b: Typed<'double'>): Typed<'double'> {
  const whereBoth = (value: Typed<'double'>): Typed<'double'> => caseWhen([[and(isNotNull(a), isNotNull(b)), value]]);
  const covariance = subtract(avg(multiply(a, b)), multiply(avg(whereBoth(a)), avg(whereBoth(b))));
  const spread = multiply(stddevPopulation(whereBoth(a)), stddevPopulation(whereBoth(b)));
  return divide(covariance, nullIf(spread, 0));
}

function placesWhere(row: Row<Observed>, condition: Typed<'boolean'>): Typed<'bigint'> {
  return countDistinct(caseWhen([[condition, row.place]]));
}

/** Means of the measures; in how many places it rains or snows, by the code and by the amount. */
function means(row: Row<Observed>) {
  return {
    observations: count(),
    places: countDistinct(row.place),
    mean_temperature_c: avg(row.temperature_c),
    min_temperature_c: min(row.temperature_c),
    max_temperature_c: max(row.temperature_c),
    mean_humidity: avg(row.humidity),
    raining_by_code: placesWhere(row, row.rain_by_code),
    raining_by_amount: placesWhere(row, greater(row.rain_mm, 0)),
    snowing_by_code: placesWhere(row, row.snow_by_code),
    snowing_by_amount: placesWhere(row, greater(row.snow_mm, 0)),
  };
}

const MEASURES = ['temperature_c', 'humidity', 'wind_kph', 'pressure_hpa'] as const;

/** Every pair of measures once: `corr_temperature_c_humidity`, ... */
function correlations(row: Row<Observed>): Record<string, Typed<'double'>> {
  const pairs = MEASURES.flatMap((a, at) => MEASURES.slice(at + 1).map((b) => [a, b] as const));
  return Object.fromEntries(pairs.map(([a, b]) => [`corr_${a}_${b}`, correlation(row[a], row[b])]));
}

function says(text: Typed<'string'>, ...words: readonly [string, ...string[]]): Typed<'boolean'> {
  const [first, ...others] = words.map((word) => like(lower(text), `%${word}%`));
  return or(first!, ...others);
}

/** The weather hour by hour: means, rain and snow, what goes with what; over all, per region and per city. */
export const weather = pipeline('weather', {
  description: 'temperature, humidity, rain and snow hour by hour: over all places, per region and per city',
  dashboard: {
    title: 'Weather',
    panels: [
      {
        kind: 'bars',
        title: 'Mean temperature by city',
        sink: 'cities',
        label: 'city',
        value: 'mean_temperature_c',
        unit: '°C',
      },
      {
        kind: 'table',
        title: 'Rain, snow and correlations of the last hour',
        sink: 'metrics',
        columns: [
          'window_end',
          'places',
          'mean_temperature_c',
          'mean_humidity',
          'raining_by_code',
          'raining_by_amount',
          'snowing_by_code',
          'snowing_by_amount',
          'corr_temperature_c_humidity',
        ],
        sortBy: null,
      },
      {
        kind: 'table',
        title: 'Regions',
        sink: 'regions',
        columns: ['region', 'places', 'mean_temperature_c', 'mean_humidity', 'raining_by_code', 'window_end'],
        sortBy: 'mean_temperature_c',
      },
      { kind: 'sparkline', title: 'Rows per second', metric: 'rows-per-second' },
    ],
  },
})
  .from(observations)
  .derive((row) => {
    const condition = coalesce(row.condition, row.condition_text);
    const byWords = says(condition, 'rain', 'drizzle', 'shower', 'thunder');
    const snow = says(condition, 'snow', 'sleet', 'blizzard', 'ice pellets');
    return {
      city: coalesce(row.city, row.location_name),
      temperature_c: coalesce(row.temperature_c, row.temperature_celsius),
      pressure_hpa: coalesce(row.pressure_hpa, row.pressure_mb),
      // The repository does not tell snow from rain: an amount is rain there.
      rain_mm: coalesce(row.rain_mm, row.precip_mm),
      rain_by_code: coalesce(row.is_raining, byWords),
      snow_by_code: coalesce(row.is_snowing, snow),
    };
  })
  // Towns of one name lie in several countries.
  .derive((row) => ({ place: concat(coalesce(row.country, ''), '/', row.city) }), 'place')
  .check((row) => ({
    'city missing': and(isNotNull(row.city), notEqual(row.city, '')),
    'humidity is not from 0 to 100': between(row.humidity, 0, 100),
    'temperature is not from -90 to 60 °C': between(row.temperature_c, -90, 60),
    'coordinates lie nowhere': and(between(row.latitude, -90, 90), between(row.longitude, -180, 180)),
    'rain or snow is less than 0': and(
      or(isNull(row.rain_mm), between(row.rain_mm, 0, 2000)),
      or(isNull(row.snow_mm), between(row.snow_mm, 0, 2000)),
    ),
  }))
  .fork((valid) => {
    const hours = valid.tumble('1 hour');
    return [
      hours.aggregate((row) => ({ ...means(row), ...correlations(row) }), 'all').into(metrics),
      valid
        .where((row) => isNotNull(row.region), 'in-a-region')
        .tumble('1 hour')
        .groupBy('region')
        .aggregate(means)
        .into(regions),
      hours
        .groupBy('country', 'city')
        .aggregate((row) => ({
          observations: count(),
          latitude: avg(row.latitude),
          longitude: avg(row.longitude),
          mean_temperature_c: avg(row.temperature_c),
          mean_humidity: avg(row.humidity),
          max_rain_mm: max(row.rain_mm),
          max_snow_mm: max(row.snow_mm),
        }))
        .into(cities),
    ];
  });
