-- Pipeline velib: bikes at the stations per postcode, minute by minute, each counted once however often is asked.
-- Apache Flink SQL (2.2 or newer), made by: streamctl pipelines explain velib --sql
-- Parameter stations STRING: 16107,32017, a constant below.
--
-- Where Flink goes its own way:
-- * status: a row of "status" without event time fails the Flink job; here it is rejected.
-- * status: a partition of velib-projet silent for 2 minutes is set aside as here, but when all are, Flink waits for the next row.
-- * check: rows that break a rule are dropped; here they go to topic velib-dead-letters with the reason.
-- * latest: of two rows of a key with the same time the later arrival stays; here the first.
-- * all-stations: approximated: a result with every change; here one for each 1 minute of event time.
-- * with-stations: table stations reads velib-stations.csv as CSV with commas, columns in this order, once at the start; its header is a row like others.
-- * by-postcode: approximated: a result with every change; here one for each 1 minute of event time.
-- * total: its records have a key, the text total; here they have none.
-- * bikes: rows whose record key is null are left out; here they have a record without key.
-- * stations: rows whose record key is null are left out; here they have a record without key.

SET 'table.local-time-zone' = 'UTC';

SET 'execution.checkpointing.interval' = '10 s';

SET 'table.exec.sink.not-null-enforcer' = 'DROP';

CREATE TEMPORARY TABLE status (
  stationCode STRING,
  num_bikes_available BIGINT,
  mechanical BIGINT,
  ebike BIGINT,
  num_docks_available BIGINT,
  last_reported BIGINT,
  name STRING,
  lat DOUBLE,
  lon DOUBLE,
  capacity BIGINT,
  reported AS TO_TIMESTAMP_LTZ(last_reported * 1000, 3),
  WATERMARK FOR reported AS reported - INTERVAL '2' MINUTE
) WITH (
  'connector' = 'kafka',
  'topic' = 'velib-projet',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'streamctl-velib-flink',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '120000 ms',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY VIEW wanted AS
SELECT
  stationCode,
  num_bikes_available,
  mechanical,
  ebike,
  num_docks_available,
  last_reported,
  name,
  lat,
  lon,
  capacity,
  reported
FROM status
WHERE REPLACE('16107,32017', ' ', '') = 'all' OR LOCATE(CONCAT(',', stationCode, ','), CONCAT(',', REPLACE('16107,32017', ' ', ''), ',')) > 0;

CREATE TEMPORARY VIEW `check` AS
SELECT
  stationCode,
  num_bikes_available,
  mechanical,
  ebike,
  num_docks_available,
  last_reported,
  name,
  lat,
  lon,
  capacity,
  reported
FROM wanted
WHERE
  -- rejected otherwise: station code missing
  (stationCode IS NOT NULL AND stationCode <> '')
  -- rejected otherwise: bikes are not 0 or more
  AND (num_bikes_available >= 0 AND (mechanical IS NULL OR mechanical >= 0) AND (ebike IS NULL OR ebike >= 0))
  -- rejected otherwise: docks are not 0 or more
  AND (num_docks_available IS NULL OR num_docks_available >= 0);

CREATE TEMPORARY VIEW latest AS
SELECT
  stationCode,
  num_bikes_available,
  mechanical,
  ebike,
  num_docks_available,
  last_reported,
  name,
  lat,
  lon,
  capacity,
  reported
FROM (
  SELECT
    stationCode,
    num_bikes_available,
    mechanical,
    ebike,
    num_docks_available,
    last_reported,
    name,
    lat,
    lon,
    capacity,
    reported,
    ROW_NUMBER() OVER (PARTITION BY stationCode ORDER BY reported DESC) AS newest_first
  FROM `check`
)
WHERE newest_first = 1;

CREATE TEMPORARY VIEW `all-stations` AS
SELECT
  MAX(CAST(reported AS TIMESTAMP_LTZ(3))) AS as_of,
  SUM(num_bikes_available) AS total_bikes,
  SUM(mechanical) AS mechanical_bikes,
  SUM(ebike) AS electric_bikes,
  SUM(num_docks_available) AS docks,
  COUNT(*) AS stations
FROM latest;

CREATE TEMPORARY TABLE stations (
  stationCode STRING,
  postcode STRING,
  city STRING,
  holds_since AS TO_TIMESTAMP_LTZ(0, 3),
  WATERMARK FOR holds_since AS holds_since,
  PRIMARY KEY (stationCode) NOT ENFORCED
) WITH (
  'connector' = 'filesystem',
  'path' = 'velib-stations.csv',
  'format' = 'csv',
  'csv.ignore-parse-errors' = 'true',
  'csv.null-literal' = ''
);

CREATE TEMPORARY VIEW `with-stations` AS
SELECT
  r.stationCode,
  r.num_bikes_available,
  r.mechanical,
  r.ebike,
  r.num_docks_available,
  r.last_reported,
  r.name,
  r.lat,
  r.lon,
  r.capacity,
  r.reported,
  t.postcode AS postcode,
  t.city AS city
FROM latest AS r
JOIN stations AS t
ON r.stationCode = t.stationCode;

CREATE TEMPORARY VIEW `by-postcode` AS
SELECT
  postcode,
  MAX(CAST(reported AS TIMESTAMP_LTZ(3))) AS as_of,
  SUM(num_bikes_available) AS total_bikes,
  SUM(mechanical) AS mechanical_bikes,
  SUM(ebike) AS electric_bikes,
  SUM(num_docks_available) AS docks,
  COUNT(*) AS stations
FROM `with-stations`
GROUP BY postcode;

CREATE TEMPORARY TABLE total (
  as_of TIMESTAMP_LTZ(3),
  total_bikes BIGINT,
  mechanical_bikes BIGINT,
  electric_bikes BIGINT,
  docks BIGINT,
  stations BIGINT,
  record_key STRING,
  PRIMARY KEY (record_key) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'velib-total',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'value.format' = 'json',
  'value.fields-include' = 'EXCEPT_KEY',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE bikes (
  as_of TIMESTAMP_LTZ(3),
  postcode STRING,
  total_bikes BIGINT,
  mechanical_bikes BIGINT,
  electric_bikes BIGINT,
  docks BIGINT,
  stations BIGINT,
  PRIMARY KEY (postcode) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'velib-projet-final-data',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE `stations-topic` (
  stationCode STRING,
  num_bikes_available BIGINT,
  mechanical BIGINT,
  ebike BIGINT,
  num_docks_available BIGINT,
  last_reported BIGINT,
  name STRING,
  lat DOUBLE,
  lon DOUBLE,
  capacity BIGINT,
  reported TIMESTAMP_LTZ(3),
  postcode STRING,
  city STRING,
  PRIMARY KEY (stationCode) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'velib-stations',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO total
SELECT as_of, total_bikes, mechanical_bikes, electric_bikes, docks, stations, 'total'
FROM `all-stations`;

INSERT INTO bikes
SELECT as_of, postcode, total_bikes, mechanical_bikes, electric_bikes, docks, stations
FROM `by-postcode`;

INSERT INTO `stations-topic`
SELECT stationCode, num_bikes_available, mechanical, ebike, num_docks_available, last_reported, name, lat, lon, capacity, reported, postcode, city
FROM `with-stations`;
END;
