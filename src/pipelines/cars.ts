import {
  add,
  and,
  atLeast,
  avg,
  between,
  count,
  greater,
  isNotNull,
  isNull,
  kafka,
  max,
  min,
  notEqual,
  oneOf,
  or,
  parameter,
  pipeline,
  trim,
} from '../plan/index.js';

const adverts = kafka('adverts', {
  topic: 'trafic_cars',
  partitions: 3,
  columns: {
    manufacturer: 'string',
    model: 'string',
    year: 'bigint',
    price: 'double',
    transmission: 'string',
    mileage: 'double',
    fuelType: 'string',
    tax: 'double',
    mpg: 'double',
    engineSize: 'double',
  },
  lateness: '5 seconds',
});

const prices = kafka('prices', { topic: 'cars-prices', keys: ['manufacturer'] });
const models = kafka('models', { topic: 'cars-models', keys: ['manufacturer', 'model'] });

/** Used-car adverts: asking prices per manufacturer and per model, minute by minute. */
export const cars = pipeline('cars', {
  description: 'asking prices of used cars per manufacturer and per model, minute by minute',
  parameters: {
    referenceYear: {
      type: 'bigint',
      description: 'year of the adverts; a car may be of the year after it at most',
      defaultFrom: 'year',
    },
  },
  dashboard: {
    title: 'Used-car prices',
    panels: [
      {
        kind: 'bars',
        title: 'Mean price by manufacturer',
        sink: 'prices',
        label: 'manufacturer',
        value: 'mean_price',
        unit: 'GBP',
      },
      {
        kind: 'table',
        title: 'Last window',
        sink: 'prices',
        columns: ['manufacturer', 'count', 'mean_price', 'min_price', 'max_price', 'window_end'],
        sortBy: 'mean_price',
      },
      { kind: 'sparkline', title: 'Rows per second', metric: 'rows-per-second' },
      {
        kind: 'line',
        title: 'Mean price, window by window',
        sink: 'prices',
        series: 'manufacturer',
        values: ['mean_price'],
      },
    ],
  },
})
  .from(adverts)
  // Model names come with a leading space.
  .derive((row) => ({ manufacturer: trim(row.manufacturer), model: trim(row.model) }))
  .check((row) => ({
    'header row repeated': or(isNull(row.model), notEqual(row.model, 'model')),
    'manufacturer or model missing': and(
      isNotNull(row.manufacturer),
      isNotNull(row.model),
      notEqual(row.manufacturer, ''),
      notEqual(row.model, ''),
    ),
    'price is not above 0': greater(row.price, 0),
    'year is not from 1970 to the year after the reference year': between(
      row.year,
      1970,
      add(parameter('referenceYear', 'bigint'), 1),
    ),
    'mileage is not 0 or more': atLeast(row.mileage, 0),
    // Some files have no mpg column at all.
    'mpg is not above 0': or(isNull(row.mpg), greater(row.mpg, 0)),
    'transmission unknown': oneOf(row.transmission, 'Manual', 'Automatic', 'Semi-Auto', 'Other'),
    'fuel unknown': oneOf(row.fuelType, 'Petrol', 'Diesel', 'Hybrid', 'Electric', 'Other'),
  }))
  .fork((valid) => {
    const minutes = valid.tumble('1 minute');
    return [
      minutes
        .groupBy('manufacturer')
        .aggregate((row) => ({
          count: count(),
          mean_price: avg(row.price),
          min_price: min(row.price),
          max_price: max(row.price),
        }))
        .into(prices),
      minutes
        .groupBy('manufacturer', 'model')
        .aggregate((row) => ({
          count: count(),
          mean_price: avg(row.price),
          min_price: min(row.price),
          max_price: max(row.price),
        }))
        .into(models),
    ];
  });
