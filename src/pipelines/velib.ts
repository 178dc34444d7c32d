import {
  and,
  atLeast,
  cast,
  concat,
  count,
  equal,
  greater,
  isNotNull,
  isNull,
  kafka,
  locate,
  multiply,
  notEqual,
  or,
  parameter,
  pipeline,
  type Row,
  replace,
  sum,
  table,
} from '../plan/index.js';

const status = kafka('status', {
  topic: 'velib-projet',
  columns: {
    stationCode: 'string',
    num_bikes_available: 'bigint',
    mechanical: 'bigint',
    ebike: 'bigint',
    num_docks_available: 'bigint',
    // Epoch seconds.
    last_reported: 'bigint',
    name: 'string',
    lat: 'double',
    lon: 'double',
    capacity: 'bigint',
  },
  eventTime: { name: 'reported', from: (row) => cast(multiply(row.last_reported, 1000), 'timestamp') },
  // Stations report when something happens at them, and are asked once a minute.
  lateness: '2 minutes',
  idleTimeout: '2 minutes',
});

const stations = table('stations', {
  file: 'velib-stations.csv',
  columns: { stationCode: 'string', postcode: 'string', city: 'string' },
});

const bikes = kafka('bikes', { topic: 'velib-projet-final-data', keys: ['postcode'] });
const total = kafka('total', { topic: 'velib-total' });
const newest = kafka('stations', {
  topic: 'velib-stations',
  keys: ['stationCode'],
  config: { 'cleanup.policy': 'compact' },
});

type Station = {
  readonly num_bikes_available: 'bigint';
  readonly mechanical: 'bigint';
  readonly ebike: 'bigint';
  readonly num_docks_available: 'bigint';
};

/** What stands at the stations of a group. */
function available(row: Row<Station>) {
  return {
    total_bikes: sum(row.num_bikes_available),
    mechanical_bikes: sum(row.mechanical),
    electric_bikes: sum(row.ebike),
    docks: sum(row.num_docks_available),
    stations: count(),
  };
}

/** Bikes at the stations of Vélib' per postcode, minute by minute; each bike once, however often is asked. */
export const velib = pipeline('velib', {
  description: 'bikes at the stations per postcode, minute by minute, each counted once however often is asked',
  parameters: {
    stations: {
      type: 'string',
      description: 'station codes with commas between, or all',
      default: '16107,32017',
    },
  },
  dashboard: {
    title: "Vélib'",
    panels: [
      {
        kind: 'bars',
        title: 'Bikes by postcode',
        sink: 'bikes',
        label: 'postcode',
        value: 'total_bikes',
        unit: 'bikes',
      },
      {
        kind: 'table',
        title: 'Postcodes',
        sink: 'bikes',
        columns: ['postcode', 'total_bikes', 'mechanical_bikes', 'electric_bikes', 'docks', 'stations', 'as_of'],
        sortBy: 'total_bikes',
      },
      {
        kind: 'table',
        title: 'Stations',
        sink: 'stations',
        columns: ['stationCode', 'name', 'postcode', 'num_bikes_available', 'mechanical', 'ebike', 'reported'],
        sortBy: 'num_bikes_available',
      },
      { kind: 'line', title: 'Bikes by postcode', sink: 'bikes', series: 'postcode', values: ['total_bikes'] },
    ],
  },
})
  .from(status)
  .where((row) => {
    const wanted = replace(parameter('stations', 'string'), ' ', '');
    return or(equal(wanted, 'all'), greater(locate(concat(',', row.stationCode, ','), concat(',', wanted, ',')), 0));
  }, 'wanted')
  .check((row) => ({
    'station code missing': and(isNotNull(row.stationCode), notEqual(row.stationCode, '')),
    'bikes are not 0 or more': and(
      atLeast(row.num_bikes_available, 0),
      or(isNull(row.mechanical), atLeast(row.mechanical, 0)),
      or(isNull(row.ebike), atLeast(row.ebike, 0)),
    ),
    'docks are not 0 or more': or(isNull(row.num_docks_available), atLeast(row.num_docks_available, 0)),
  }))
  // Polls repeat and step back: the newest report of each station counts, once.
  .latestBy('stationCode')
  .fork((latest) => [
    latest.groupBy().aggregate(available, 'all-stations').emit({ every: '1 minute', as: 'as_of' }).into(total),
    latest
      .lookup(stations, { on: ['stationCode'] })
      .fork((located) => [
        located.groupBy('postcode').aggregate(available).emit({ every: '1 minute', as: 'as_of' }).into(bikes),
        located.into(newest),
      ]),
  ]);
