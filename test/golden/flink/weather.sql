-- Pipeline weather: temperature, humidity, rain and snow hour by hour: over all places, per region and per city.
-- Apache Flink SQL (2.2 or newer), made by: streamctl pipelines explain weather --sql
--
-- Where Flink goes its own way:
-- * observations: a row of "observations" without event time fails the Flink job; here it is rejected.
-- * observations: a partition of weather silent for 30 minutes is set aside as here, but when all are, Flink waits for the next row.
-- * check: rows that break a rule are dropped; here they go to topic weather-dead-letters with the reason.
-- * cities: the record key of weather-cities is a JSON object of its columns, not a JSON array.

SET 'table.local-time-zone' = 'UTC';

SET 'execution.checkpointing.interval' = '10 s';

CREATE TEMPORARY TABLE observations (
  city STRING,
  country STRING,
  region STRING,
  latitude DOUBLE,
  longitude DOUBLE,
  `time` BIGINT,
  temperature_c DOUBLE,
  humidity DOUBLE,
  rain_mm DOUBLE,
  snow_mm DOUBLE,
  is_raining BOOLEAN,
  is_snowing BOOLEAN,
  `condition` STRING,
  wind_kph DOUBLE,
  pressure_hpa DOUBLE,
  location_name STRING,
  last_updated_epoch BIGINT,
  temperature_celsius DOUBLE,
  condition_text STRING,
  precip_mm DOUBLE,
  pressure_mb DOUBLE,
  observed AS TO_TIMESTAMP_LTZ(COALESCE(`time`, last_updated_epoch) * 1000, 3),
  WATERMARK FOR observed AS observed - INTERVAL '1' HOUR
) WITH (
  'connector' = 'kafka',
  'topic' = 'weather',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'streamctl-weather-flink',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '1800000 ms',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY VIEW derive AS
SELECT
  COALESCE(city, location_name) AS city,
  country,
  region,
  latitude,
  longitude,
  `time`,
  COALESCE(temperature_c, temperature_celsius) AS temperature_c,
  humidity,
  COALESCE(rain_mm, precip_mm) AS rain_mm,
  snow_mm,
  is_raining,
  is_snowing,
  `condition`,
  wind_kph,
  COALESCE(pressure_hpa, pressure_mb) AS pressure_hpa,
  location_name,
  last_updated_epoch,
  temperature_celsius,
  condition_text,
  precip_mm,
  pressure_mb,
  observed,
  COALESCE(is_raining, LOWER(COALESCE(`condition`, condition_text)) LIKE '%rain%' OR LOWER(COALESCE(`condition`, condition_text)) LIKE '%drizzle%' OR LOWER(COALESCE(`condition`, condition_text)) LIKE '%shower%' OR LOWER(COALESCE(`condition`, condition_text)) LIKE '%thunder%') AS rain_by_code,
  COALESCE(is_snowing, LOWER(COALESCE(`condition`, condition_text)) LIKE '%snow%' OR LOWER(COALESCE(`condition`, condition_text)) LIKE '%sleet%' OR LOWER(COALESCE(`condition`, condition_text)) LIKE '%blizzard%' OR LOWER(COALESCE(`condition`, condition_text)) LIKE '%ice pellets%') AS snow_by_code
FROM observations;

CREATE TEMPORARY VIEW place AS
SELECT
  city,
  country,
  region,
  latitude,
  longitude,
  `time`,
  temperature_c,
  humidity,
  rain_mm,
  snow_mm,
  is_raining,
  is_snowing,
  `condition`,
  wind_kph,
  pressure_hpa,
  location_name,
  last_updated_epoch,
  temperature_celsius,
  condition_text,
  precip_mm,
  pressure_mb,
  observed,
  rain_by_code,
  snow_by_code,
  CONCAT(COALESCE(country, ''), '/', city) AS place
FROM derive;

CREATE TEMPORARY VIEW `check` AS
SELECT
  city,
  country,
  region,
  latitude,
  longitude,
  `time`,
  temperature_c,
  humidity,
  rain_mm,
  snow_mm,
  is_raining,
  is_snowing,
  `condition`,
  wind_kph,
  pressure_hpa,
  location_name,
  last_updated_epoch,
  temperature_celsius,
  condition_text,
  precip_mm,
  pressure_mb,
  observed,
  rain_by_code,
  snow_by_code,
  place
FROM place
WHERE
  -- rejected otherwise: city missing
  (city IS NOT NULL AND city <> '')
  -- rejected otherwise: humidity is not from 0 to 100
  AND (humidity BETWEEN 0 AND 100)
  -- rejected otherwise: temperature is not from -90 to 60 °C
  AND (temperature_c BETWEEN -90 AND 60)
  -- rejected otherwise: coordinates lie nowhere
  AND (latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180)
  -- rejected otherwise: rain or snow is less than 0
  AND ((rain_mm IS NULL OR rain_mm BETWEEN 0 AND 2000) AND (snow_mm IS NULL OR snow_mm BETWEEN 0 AND 2000));

CREATE TEMPORARY VIEW `all` AS
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
  CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
  COUNT(*) AS observations,
  COUNT(DISTINCT place) AS places,
  AVG(temperature_c) AS mean_temperature_c,
  MIN(temperature_c) AS min_temperature_c,
  MAX(temperature_c) AS max_temperature_c,
  AVG(humidity) AS mean_humidity,
  COUNT(DISTINCT CASE WHEN rain_by_code THEN place END) AS raining_by_code,
  COUNT(DISTINCT CASE WHEN rain_mm > 0 THEN place END) AS raining_by_amount,
  COUNT(DISTINCT CASE WHEN snow_by_code THEN place END) AS snowing_by_code,
  COUNT(DISTINCT CASE WHEN snow_mm > 0 THEN place END) AS snowing_by_amount,
  (AVG(temperature_c * humidity) - AVG(CASE WHEN temperature_c IS NOT NULL AND humidity IS NOT NULL THEN temperature_c END) * AVG(CASE WHEN temperature_c IS NOT NULL AND humidity IS NOT NULL THEN humidity END)) / NULLIF(STDDEV_POP(CASE WHEN temperature_c IS NOT NULL AND humidity IS NOT NULL THEN temperature_c END) * STDDEV_POP(CASE WHEN temperature_c IS NOT NULL AND humidity IS NOT NULL THEN humidity END), 0) AS corr_temperature_c_humidity,
  (AVG(temperature_c * wind_kph) - AVG(CASE WHEN temperature_c IS NOT NULL AND wind_kph IS NOT NULL THEN temperature_c END) * AVG(CASE WHEN temperature_c IS NOT NULL AND wind_kph IS NOT NULL THEN wind_kph END)) / NULLIF(STDDEV_POP(CASE WHEN temperature_c IS NOT NULL AND wind_kph IS NOT NULL THEN temperature_c END) * STDDEV_POP(CASE WHEN temperature_c IS NOT NULL AND wind_kph IS NOT NULL THEN wind_kph END), 0) AS corr_temperature_c_wind_kph,
  (AVG(temperature_c * pressure_hpa) - AVG(CASE WHEN temperature_c IS NOT NULL AND pressure_hpa IS NOT NULL THEN temperature_c END) * AVG(CASE WHEN temperature_c IS NOT NULL AND pressure_hpa IS NOT NULL THEN pressure_hpa END)) / NULLIF(STDDEV_POP(CASE WHEN temperature_c IS NOT NULL AND pressure_hpa IS NOT NULL THEN temperature_c END) * STDDEV_POP(CASE WHEN temperature_c IS NOT NULL AND pressure_hpa IS NOT NULL THEN pressure_hpa END), 0) AS corr_temperature_c_pressure_hpa,
  (AVG(humidity * wind_kph) - AVG(CASE WHEN humidity IS NOT NULL AND wind_kph IS NOT NULL THEN humidity END) * AVG(CASE WHEN humidity IS NOT NULL AND wind_kph IS NOT NULL THEN wind_kph END)) / NULLIF(STDDEV_POP(CASE WHEN humidity IS NOT NULL AND wind_kph IS NOT NULL THEN humidity END) * STDDEV_POP(CASE WHEN humidity IS NOT NULL AND wind_kph IS NOT NULL THEN wind_kph END), 0) AS corr_humidity_wind_kph,
  (AVG(humidity * pressure_hpa) - AVG(CASE WHEN humidity IS NOT NULL AND pressure_hpa IS NOT NULL THEN humidity END) * AVG(CASE WHEN humidity IS NOT NULL AND pressure_hpa IS NOT NULL THEN pressure_hpa END)) / NULLIF(STDDEV_POP(CASE WHEN humidity IS NOT NULL AND pressure_hpa IS NOT NULL THEN humidity END) * STDDEV_POP(CASE WHEN humidity IS NOT NULL AND pressure_hpa IS NOT NULL THEN pressure_hpa END), 0) AS corr_humidity_pressure_hpa,
  (AVG(wind_kph * pressure_hpa) - AVG(CASE WHEN wind_kph IS NOT NULL AND pressure_hpa IS NOT NULL THEN wind_kph END) * AVG(CASE WHEN wind_kph IS NOT NULL AND pressure_hpa IS NOT NULL THEN pressure_hpa END)) / NULLIF(STDDEV_POP(CASE WHEN wind_kph IS NOT NULL AND pressure_hpa IS NOT NULL THEN wind_kph END) * STDDEV_POP(CASE WHEN wind_kph IS NOT NULL AND pressure_hpa IS NOT NULL THEN pressure_hpa END), 0) AS corr_wind_kph_pressure_hpa,
  window_time AS row_time
FROM TABLE(TUMBLE(TABLE `check`, DESCRIPTOR(observed), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, window_time;

CREATE TEMPORARY VIEW `in-a-region` AS
SELECT
  city,
  country,
  region,
  latitude,
  longitude,
  `time`,
  temperature_c,
  humidity,
  rain_mm,
  snow_mm,
  is_raining,
  is_snowing,
  `condition`,
  wind_kph,
  pressure_hpa,
  location_name,
  last_updated_epoch,
  temperature_celsius,
  condition_text,
  precip_mm,
  pressure_mb,
  observed,
  rain_by_code,
  snow_by_code,
  place
FROM `check`
WHERE region IS NOT NULL;

CREATE TEMPORARY VIEW `by-region` AS
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
  CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
  region,
  COUNT(*) AS observations,
  COUNT(DISTINCT place) AS places,
  AVG(temperature_c) AS mean_temperature_c,
  MIN(temperature_c) AS min_temperature_c,
  MAX(temperature_c) AS max_temperature_c,
  AVG(humidity) AS mean_humidity,
  COUNT(DISTINCT CASE WHEN rain_by_code THEN place END) AS raining_by_code,
  COUNT(DISTINCT CASE WHEN rain_mm > 0 THEN place END) AS raining_by_amount,
  COUNT(DISTINCT CASE WHEN snow_by_code THEN place END) AS snowing_by_code,
  COUNT(DISTINCT CASE WHEN snow_mm > 0 THEN place END) AS snowing_by_amount,
  window_time AS row_time
FROM TABLE(TUMBLE(TABLE `in-a-region`, DESCRIPTOR(observed), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, window_time, region;

CREATE TEMPORARY VIEW `by-country-city` AS
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
  CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
  country,
  city,
  COUNT(*) AS observations,
  AVG(latitude) AS latitude,
  AVG(longitude) AS longitude,
  AVG(temperature_c) AS mean_temperature_c,
  AVG(humidity) AS mean_humidity,
  MAX(rain_mm) AS max_rain_mm,
  MAX(snow_mm) AS max_snow_mm,
  window_time AS row_time
FROM TABLE(TUMBLE(TABLE `check`, DESCRIPTOR(observed), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, window_time, country, city;

CREATE TEMPORARY TABLE metrics (
  window_start TIMESTAMP_LTZ(3),
  window_end TIMESTAMP_LTZ(3),
  observations BIGINT,
  places BIGINT,
  mean_temperature_c DOUBLE,
  min_temperature_c DOUBLE,
  max_temperature_c DOUBLE,
  mean_humidity DOUBLE,
  raining_by_code BIGINT,
  raining_by_amount BIGINT,
  snowing_by_code BIGINT,
  snowing_by_amount BIGINT,
  corr_temperature_c_humidity DOUBLE,
  corr_temperature_c_wind_kph DOUBLE,
  corr_temperature_c_pressure_hpa DOUBLE,
  corr_humidity_wind_kph DOUBLE,
  corr_humidity_pressure_hpa DOUBLE,
  corr_wind_kph_pressure_hpa DOUBLE,
  record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'weather-metrics',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE regions (
  window_start TIMESTAMP_LTZ(3),
  window_end TIMESTAMP_LTZ(3),
  region STRING,
  observations BIGINT,
  places BIGINT,
  mean_temperature_c DOUBLE,
  min_temperature_c DOUBLE,
  max_temperature_c DOUBLE,
  mean_humidity DOUBLE,
  raining_by_code BIGINT,
  raining_by_amount BIGINT,
  snowing_by_code BIGINT,
  snowing_by_amount BIGINT,
  record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'weather-regions',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'key.fields' = 'region',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE cities (
  window_start TIMESTAMP_LTZ(3),
  window_end TIMESTAMP_LTZ(3),
  country STRING,
  city STRING,
  observations BIGINT,
  latitude DOUBLE,
  longitude DOUBLE,
  mean_temperature_c DOUBLE,
  mean_humidity DOUBLE,
  max_rain_mm DOUBLE,
  max_snow_mm DOUBLE,
  record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
  'connector' = 'kafka',
  'topic' = 'weather-cities',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'json',
  'key.json.timestamp-format.standard' = 'ISO-8601',
  'key.fields' = 'country;city',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO metrics
SELECT window_start, window_end, observations, places, mean_temperature_c, min_temperature_c, max_temperature_c, mean_humidity, raining_by_code, raining_by_amount, snowing_by_code, snowing_by_amount, corr_temperature_c_humidity, corr_temperature_c_wind_kph, corr_temperature_c_pressure_hpa, corr_humidity_wind_kph, corr_humidity_pressure_hpa, corr_wind_kph_pressure_hpa, row_time
FROM `all`;

INSERT INTO regions
SELECT window_start, window_end, region, observations, places, mean_temperature_c, min_temperature_c, max_temperature_c, mean_humidity, raining_by_code, raining_by_amount, snowing_by_code, snowing_by_amount, row_time
FROM `by-region`;

INSERT INTO cities
SELECT window_start, window_end, country, city, observations, latitude, longitude, mean_temperature_c, mean_humidity, max_rain_mm, max_snow_mm, row_time
FROM `by-country-city`;
END;
