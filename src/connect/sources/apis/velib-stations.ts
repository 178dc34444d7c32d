import type { JsonValue } from '../../../base/row-batch.js';
import type { JsonObject } from '../poll/interfaces.js';

/** What the operator says of a station besides its bicycles. */
export interface StationInformation {
  readonly name?: string;
  readonly lat?: number;
  readonly lon?: number;
  readonly capacity?: number;
}

/**
 * A station of the operator's `station_status`, in the members every provider gives: `stationCode` (text), `station_id`,
 * `num_bikes_available`, `mechanical`, `ebike`, `num_docks_available`, `is_installed`, `is_renting`, `is_returning`
 * (0 or 1), `last_reported` (epoch seconds), `name`, `lat`, `lon`, `capacity`, `city`.
 */
export function fromGbfs(station: JsonObject, information: StationInformation | undefined): JsonObject {
  const types = mergedTypes(station.num_bikes_available_types);
  return {
    stationCode: text(station.stationCode),
    station_id: station.station_id ?? null,
    num_bikes_available: station.num_bikes_available ?? station.numBikesAvailable ?? null,
    mechanical: types.mechanical ?? null,
    ebike: types.ebike ?? null,
    num_docks_available: station.num_docks_available ?? station.numDocksAvailable ?? null,
    is_installed: station.is_installed ?? null,
    is_renting: station.is_renting ?? null,
    is_returning: station.is_returning ?? null,
    last_reported: station.last_reported ?? null,
    name: information?.name ?? null,
    lat: information?.lat ?? null,
    lon: information?.lon ?? null,
    capacity: information?.capacity ?? null,
    city: null,
  };
}

/** `[{"mechanical": 1}, {"ebike": 4}]`: each kind in a map of its own. */
function mergedTypes(types: JsonValue | undefined): JsonObject {
  return Array.isArray(types) ? (Object.assign({}, ...(types as readonly JsonObject[])) as JsonObject) : {};
}

/** A record of the portal's API v2.1. */
export function fromPortal(record: JsonObject): JsonObject {
  return portalStation(record, placeOf(record.coordonnees_geo));
}

/** A record of the portal's API v1: fields without a value are left out, the place is `[lat, lon]`. */
export function fromPortalV1(record: JsonObject): JsonObject {
  const fields = (record.fields ?? {}) as JsonObject;
  return portalStation(fields, placeOf(fields.coordonnees_geo));
}

const LABELS: Readonly<Record<string, string>> = {
  'Identifiant station': 'stationcode',
  'Nom station': 'name',
  'Station en fonctionnement': 'is_installed',
  'Capacité de la station': 'capacity',
  'Nombre bornettes libres': 'numdocksavailable',
  'Nombre total vélos disponibles': 'numbikesavailable',
  'Vélos mécaniques disponibles': 'mechanical',
  'Vélos électriques disponibles': 'ebike',
  'Borne de paiement disponible': 'is_renting',
  'Retour vélib possible': 'is_returning',
  'Actualisation de la donnée': 'duedate',
  'Coordonnées géographiques': 'coordonnees_geo',
  'Nom communes équipées': 'nom_arrondissement_communes',
};

/** A row of the portal's CSV export, whose columns have French names. */
export function fromPortalCsv(row: JsonObject): JsonObject {
  const record = Object.fromEntries(
    Object.entries(row).map(([label, value]) => [LABELS[label.normalize('NFC')] ?? label, value]),
  );
  const place = typeof record.coordonnees_geo === 'string' ? record.coordonnees_geo.split(',').map(Number) : [];
  return portalStation(record, { lat: place[0] ?? null, lon: place[1] ?? null });
}

function portalStation(record: JsonObject, place: { readonly lat: JsonValue; readonly lon: JsonValue }): JsonObject {
  const reportedMs = typeof record.duedate === 'string' ? Date.parse(record.duedate) : Number.NaN;
  return {
    stationCode: text(record.stationcode),
    station_id: null,
    num_bikes_available: record.numbikesavailable ?? null,
    mechanical: record.mechanical ?? null,
    ebike: record.ebike ?? null,
    num_docks_available: record.numdocksavailable ?? null,
    is_installed: yesNo(record.is_installed),
    is_renting: yesNo(record.is_renting),
    is_returning: yesNo(record.is_returning),
    last_reported: Number.isNaN(reportedMs) ? null : Math.floor(reportedMs / 1000),
    name: record.name ?? null,
    lat: place.lat,
    lon: place.lon,
    capacity: record.capacity ?? null,
    city: record.nom_arrondissement_communes ?? null,
  };
}

function placeOf(value: JsonValue | undefined): { readonly lat: JsonValue; readonly lon: JsonValue } {
  if (Array.isArray(value)) return { lat: (value as JsonValue[])[0] ?? null, lon: (value as JsonValue[])[1] ?? null };
  const { lat = null, lon = null } = (value ?? {}) as JsonObject;
  return { lat, lon };
}

function yesNo(value: JsonValue | undefined): JsonValue {
  return value === 'OUI' ? 1 : value === 'NON' ? 0 : null;
}

function text(value: JsonValue | undefined): JsonValue {
  return value === undefined || value === null ? null : String(value);
}
