-- Pipeline water: measures of lakes and streams per site, method, region and programme; quality of rows and lots.
-- Apache Flink SQL (2.2 or newer), made by: streamctl pipelines explain water --sql
-- Parameter missing STRING: null, a constant below.
-- Parameter threshold DOUBLE: 0.95, a constant below.
--
-- Where Flink goes its own way:
-- * samples: a row of "samples" without event time fails the Flink job; here it is rejected.
-- * samples: a partition of water-quality silent for 30 seconds is set aside as here, but when all are, Flink waits for the next row.
-- * check: rows that break a rule are dropped; here they go to topic water-quarantine with the reason.
-- * with-sites: table sites reads water-sites.csv as CSV with commas, columns in this order, once at the start; its header is a row like others.
-- * with-methods: table methods reads water-methods.csv as CSV with commas, columns in this order, once at the start; its header is a row like others.
-- * with-methods: of two periods of "methods" with the same bounds any is taken; here the last.
-- * lots: the record key of water-lots is a JSON object of its columns, not a JSON array.
-- * lots: rows whose record key is null are left out; here they have a record without key.
-- * programmes: rows whose record key is null are left out; here they have a record without key.
-- * metrics: the record key of water-metrics is a JSON object of its columns, not a JSON array.
-- * metrics: rows whose record key is null are left out; here they have a record without key.
-- * sites: the record key of water-sites is a JSON object of its columns, not a JSON array.
-- * sites: rows whose record key is null are left out; here they have a record without key.
-- * ph-bands: the record key of water-ph-bands is a JSON object of its columns, not a JSON array.
-- * ph-bands: rows whose record key is null are left out; here they have a record without key.

SET 'table.local-time-zone' = 'UTC';

SET 'execution.checkpointing.interval' = '10 s';

SET 'table.exec.sink.not-null-enforcer' = 'DROP';

CREATE TEMPORARY TABLE samples (
  SITE_ID STRING,
  PROGRAM_ID STRING,
  DATE_SMP STRING,
  TIME_SMP STRING,
  SAMPLE_LOCATION STRING,
  WATERBODY_TYPE STRING,
  ANC_UEQ_L STRING,
  CA_UEQ_L STRING,
  CHL_A_UG_L STRING,
  CL_UEQ_L STRING,
  COND_UM_CM STRING,
  DOC_MG_L STRING,
  F_UEQ_L STRING,
  K_UEQ_L STRING,
  MG_UEQ_L STRING,
  NA_UEQ_L STRING,
  NH4_UEQ_L STRING,
  NO3_UEQ_L STRING,
  N_TD_UEQ_L STRING,
  PH_EQ STRING,
  PH_FLD STRING,
  PH_LAB STRING,
  PH_STVL STRING,
  P_TL_UEQ_L STRING,
  SECCHI_M STRING,
  SIO2_MG_L STRING,
  SO4_UEQ_L STRING,
  WTEMP_DEG_C STRING,
  record_headers MAP<STRING, BYTES> METADATA FROM 'headers' VIRTUAL,
  lot AS DECODE(record_headers['streamctl-lot'], 'UTF-8'),
  file AS DECODE(record_headers['streamctl-source'], 'UTF-8'),
  sampled AS COALESCE(TRY_CAST(CONCAT(CASE WHEN SUBSTRING(TRIM(DATE_SMP), 5, 1) = '-' THEN SUBSTRING(TRIM(DATE_SMP), 1, 10) ELSE CONCAT(SUBSTRING(TRIM(DATE_SMP), 7, 4), '-', SUBSTRING(TRIM(DATE_SMP), 1, 2), '-', SUBSTRING(TRIM(DATE_SMP), 4, 2)) END, ' ', CONCAT(SUBSTRING(CASE WHEN TIME_SMP LIKE '%:%:%' THEN SUBSTRING(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 5) ELSE SUBSTRING(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 3) END, 1, 2), ':', SUBSTRING(CASE WHEN TIME_SMP LIKE '%:%:%' THEN SUBSTRING(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 5) ELSE SUBSTRING(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 3) END, 3, 2)), ':00') AS TIMESTAMP_LTZ(3)), CAST(TIMESTAMP '1970-01-01 00:00:00.000' AS TIMESTAMP_LTZ(3))),
  record_partition INT METADATA FROM 'partition' VIRTUAL,
  record_offset BIGINT METADATA FROM 'offset' VIRTUAL,
  WATERMARK FOR sampled AS sampled
) WITH (
  'connector' = 'kafka',
  'topic' = 'water-quality',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'streamctl-water-flink',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '30000 ms',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY VIEW numbers AS
SELECT
  SITE_ID,
  PROGRAM_ID,
  DATE_SMP,
  TIME_SMP,
  SAMPLE_LOCATION,
  WATERBODY_TYPE,
  ANC_UEQ_L,
  CA_UEQ_L,
  CHL_A_UG_L,
  CL_UEQ_L,
  COND_UM_CM,
  DOC_MG_L,
  F_UEQ_L,
  K_UEQ_L,
  MG_UEQ_L,
  NA_UEQ_L,
  NH4_UEQ_L,
  NO3_UEQ_L,
  N_TD_UEQ_L,
  PH_EQ,
  PH_FLD,
  PH_LAB,
  PH_STVL,
  P_TL_UEQ_L,
  SECCHI_M,
  SIO2_MG_L,
  SO4_UEQ_L,
  WTEMP_DEG_C,
  lot,
  file,
  sampled,
  TRY_CAST(REPLACE(REPLACE(REPLACE(ANC_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS ANC_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(CA_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS CA_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(CHL_A_UG_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS CHL_A_UG_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(CL_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS CL_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(COND_UM_CM, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS COND_UM_CM_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(DOC_MG_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS DOC_MG_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(F_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS F_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(K_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS K_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(MG_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS MG_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(NA_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS NA_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(NH4_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS NH4_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(NO3_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS NO3_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(N_TD_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS N_TD_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(PH_EQ, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS PH_EQ_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(PH_FLD, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS PH_FLD_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(PH_LAB, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS PH_LAB_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(PH_STVL, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS PH_STVL_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(P_TL_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS P_TL_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(SECCHI_M, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS SECCHI_M_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(SIO2_MG_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS SIO2_MG_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(SO4_UEQ_L, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS SO4_UEQ_L_number,
  TRY_CAST(REPLACE(REPLACE(REPLACE(WTEMP_DEG_C, ' ', ''), ' ', ''), ',', '.') AS DOUBLE) AS WTEMP_DEG_C_number,
  TRY_CAST(SUBSTRING(CASE WHEN SUBSTRING(TRIM(DATE_SMP), 5, 1) = '-' THEN SUBSTRING(TRIM(DATE_SMP), 1, 10) ELSE CONCAT(SUBSTRING(TRIM(DATE_SMP), 7, 4), '-', SUBSTRING(TRIM(DATE_SMP), 1, 2), '-', SUBSTRING(TRIM(DATE_SMP), 4, 2)) END, 1, 4) AS BIGINT) AS `year`,
  record_partition,
  record_offset
FROM samples;

CREATE TEMPORARY VIEW judged AS
SELECT
  SITE_ID,
  PROGRAM_ID,
  DATE_SMP,
  TIME_SMP,
  SAMPLE_LOCATION,
  WATERBODY_TYPE,
  ANC_UEQ_L,
  CA_UEQ_L,
  CHL_A_UG_L,
  CL_UEQ_L,
  COND_UM_CM,
  DOC_MG_L,
  F_UEQ_L,
  K_UEQ_L,
  MG_UEQ_L,
  NA_UEQ_L,
  NH4_UEQ_L,
  NO3_UEQ_L,
  N_TD_UEQ_L,
  PH_EQ,
  PH_FLD,
  PH_LAB,
  PH_STVL,
  P_TL_UEQ_L,
  SECCHI_M,
  SIO2_MG_L,
  SO4_UEQ_L,
  WTEMP_DEG_C,
  lot,
  file,
  sampled,
  ANC_UEQ_L_number,
  CA_UEQ_L_number,
  CHL_A_UG_L_number,
  CL_UEQ_L_number,
  COND_UM_CM_number,
  DOC_MG_L_number,
  F_UEQ_L_number,
  K_UEQ_L_number,
  MG_UEQ_L_number,
  NA_UEQ_L_number,
  NH4_UEQ_L_number,
  NO3_UEQ_L_number,
  N_TD_UEQ_L_number,
  PH_EQ_number,
  PH_FLD_number,
  PH_LAB_number,
  PH_STVL_number,
  P_TL_UEQ_L_number,
  SECCHI_M_number,
  SIO2_MG_L_number,
  SO4_UEQ_L_number,
  WTEMP_DEG_C_number,
  `year`,
  COALESCE(SITE_ID IS NOT NULL AND SITE_ID <> '', FALSE) AND COALESCE(SITE_ID <> 'SITE_ID', FALSE) AND COALESCE(TRY_CAST(CONCAT(CASE WHEN SUBSTRING(TRIM(DATE_SMP), 5, 1) = '-' THEN SUBSTRING(TRIM(DATE_SMP), 1, 10) ELSE CONCAT(SUBSTRING(TRIM(DATE_SMP), 7, 4), '-', SUBSTRING(TRIM(DATE_SMP), 1, 2), '-', SUBSTRING(TRIM(DATE_SMP), 4, 2)) END, ' ', CONCAT(SUBSTRING(CASE WHEN TIME_SMP LIKE '%:%:%' THEN SUBSTRING(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 5) ELSE SUBSTRING(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 3) END, 1, 2), ':', SUBSTRING(CASE WHEN TIME_SMP LIKE '%:%:%' THEN SUBSTRING(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 5) ELSE SUBSTRING(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 3) END, 3, 2)), ':00') AS TIMESTAMP_LTZ(3)) IS NOT NULL, FALSE) AND COALESCE(PH_LAB IS NULL OR PH_LAB_number IS NOT NULL, FALSE) AND COALESCE(WTEMP_DEG_C IS NULL OR WTEMP_DEG_C_number IS NOT NULL, FALSE) AND COALESCE('null' <> 'error' OR PH_LAB IS NOT NULL, FALSE) AND COALESCE('null' <> 'error' OR WTEMP_DEG_C IS NOT NULL, FALSE) AND COALESCE(PH_LAB_number IS NULL OR PH_LAB_number BETWEEN 0 AND 14, FALSE) AND COALESCE((ANC_UEQ_L IS NULL OR ANC_UEQ_L_number IS NOT NULL) AND (CA_UEQ_L IS NULL OR CA_UEQ_L_number IS NOT NULL) AND (CHL_A_UG_L IS NULL OR CHL_A_UG_L_number IS NOT NULL) AND (CL_UEQ_L IS NULL OR CL_UEQ_L_number IS NOT NULL) AND (COND_UM_CM IS NULL OR COND_UM_CM_number IS NOT NULL) AND (DOC_MG_L IS NULL OR DOC_MG_L_number IS NOT NULL) AND (F_UEQ_L IS NULL OR F_UEQ_L_number IS NOT NULL) AND (K_UEQ_L IS NULL OR K_UEQ_L_number IS NOT NULL) AND (MG_UEQ_L IS NULL OR MG_UEQ_L_number IS NOT NULL) AND (NA_UEQ_L IS NULL OR NA_UEQ_L_number IS NOT NULL) AND (NH4_UEQ_L IS NULL OR NH4_UEQ_L_number IS NOT NULL) AND (NO3_UEQ_L IS NULL OR NO3_UEQ_L_number IS NOT NULL) AND (N_TD_UEQ_L IS NULL OR N_TD_UEQ_L_number IS NOT NULL) AND (PH_EQ IS NULL OR PH_EQ_number IS NOT NULL) AND (PH_FLD IS NULL OR PH_FLD_number IS NOT NULL) AND (PH_STVL IS NULL OR PH_STVL_number IS NOT NULL) AND (P_TL_UEQ_L IS NULL OR P_TL_UEQ_L_number IS NOT NULL) AND (SECCHI_M IS NULL OR SECCHI_M_number IS NOT NULL) AND (SIO2_MG_L IS NULL OR SIO2_MG_L_number IS NOT NULL) AND (SO4_UEQ_L IS NULL OR SO4_UEQ_L_number IS NOT NULL), FALSE) AS valid,
  record_partition,
  record_offset
FROM numbers;

CREATE TEMPORARY VIEW `by-file-lot` AS
SELECT
  file,
  lot,
  COUNT(*) AS `rows`,
  COUNT(CASE WHEN valid THEN 1 END) AS valid,
  COUNT(CASE WHEN valid = FALSE THEN 1 END) AS rejected,
  COUNT(*) - COUNT(PH_LAB) AS ph_missing,
  COUNT(*) - COUNT(WTEMP_DEG_C) AS temperature_missing,
  TRY_CAST(COUNT(CASE WHEN valid THEN 1 END) AS DOUBLE) / COUNT(*) AS valid_share,
  CASE WHEN TRY_CAST(COUNT(CASE WHEN valid THEN 1 END) AS DOUBLE) / COUNT(*) >= 0.95 THEN 'accepted' ELSE 'quarantined' END AS state
FROM judged
GROUP BY file, lot;

CREATE TEMPORARY VIEW `by-PROGRAM_ID` AS
SELECT
  PROGRAM_ID,
  COUNT(*) AS `rows`,
  COUNT(CASE WHEN valid THEN 1 END) AS valid,
  COUNT(CASE WHEN valid = FALSE THEN 1 END) AS rejected,
  COUNT(*) - COUNT(PH_LAB) AS ph_missing,
  COUNT(*) - COUNT(WTEMP_DEG_C) AS temperature_missing,
  TRY_CAST(COUNT(CASE WHEN valid THEN 1 END) AS DOUBLE) / COUNT(*) AS valid_share,
  CASE WHEN TRY_CAST(COUNT(CASE WHEN valid THEN 1 END) AS DOUBLE) / COUNT(*) >= 0.95 THEN 'accepted' ELSE 'quarantined' END AS state
FROM judged
GROUP BY PROGRAM_ID;

CREATE TEMPORARY VIEW `check` AS
SELECT
  SITE_ID,
  PROGRAM_ID,
  DATE_SMP,
  TIME_SMP,
  SAMPLE_LOCATION,
  WATERBODY_TYPE,
  ANC_UEQ_L,
  CA_UEQ_L,
  CHL_A_UG_L,
  CL_UEQ_L,
  COND_UM_CM,
  DOC_MG_L,
  F_UEQ_L,
  K_UEQ_L,
  MG_UEQ_L,
  NA_UEQ_L,
  NH4_UEQ_L,
  NO3_UEQ_L,
  N_TD_UEQ_L,
  PH_EQ,
  PH_FLD,
  PH_LAB,
  PH_STVL,
  P_TL_UEQ_L,
  SECCHI_M,
  SIO2_MG_L,
  SO4_UEQ_L,
  WTEMP_DEG_C,
  lot,
  file,
  sampled,
  ANC_UEQ_L_number,
  CA_UEQ_L_number,
  CHL_A_UG_L_number,
  CL_UEQ_L_number,
  COND_UM_CM_number,
  DOC_MG_L_number,
  F_UEQ_L_number,
  K_UEQ_L_number,
  MG_UEQ_L_number,
  NA_UEQ_L_number,
  NH4_UEQ_L_number,
  NO3_UEQ_L_number,
  N_TD_UEQ_L_number,
  PH_EQ_number,
  PH_FLD_number,
  PH_LAB_number,
  PH_STVL_number,
  P_TL_UEQ_L_number,
  SECCHI_M_number,
  SIO2_MG_L_number,
  SO4_UEQ_L_number,
  WTEMP_DEG_C_number,
  `year`,
  valid,
  record_partition,
  record_offset
FROM judged
WHERE
  -- rejected otherwise: SITE_ID missing
  (SITE_ID IS NOT NULL AND SITE_ID <> '')
  -- rejected otherwise: header row repeated
  AND (SITE_ID <> 'SITE_ID')
  -- rejected otherwise: DATE_SMP or TIME_SMP is no time
  AND (TRY_CAST(CONCAT(CASE WHEN SUBSTRING(TRIM(DATE_SMP), 5, 1) = '-' THEN SUBSTRING(TRIM(DATE_SMP), 1, 10) ELSE CONCAT(SUBSTRING(TRIM(DATE_SMP), 7, 4), '-', SUBSTRING(TRIM(DATE_SMP), 1, 2), '-', SUBSTRING(TRIM(DATE_SMP), 4, 2)) END, ' ', CONCAT(SUBSTRING(CASE WHEN TIME_SMP LIKE '%:%:%' THEN SUBSTRING(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 5) ELSE SUBSTRING(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 3) END, 1, 2), ':', SUBSTRING(CASE WHEN TIME_SMP LIKE '%:%:%' THEN SUBSTRING(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('000000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 5) ELSE SUBSTRING(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', '')), CHAR_LENGTH(CONCAT('0000', REPLACE(COALESCE(TRIM(TIME_SMP), ''), ':', ''))) - 3) END, 3, 2)), ':00') AS TIMESTAMP_LTZ(3)) IS NOT NULL)
  -- rejected otherwise: PH_LAB is not a number
  AND (PH_LAB IS NULL OR PH_LAB_number IS NOT NULL)
  -- rejected otherwise: WTEMP_DEG_C is not a number
  AND (WTEMP_DEG_C IS NULL OR WTEMP_DEG_C_number IS NOT NULL)
  -- rejected otherwise: PH_LAB missing
  AND ('null' <> 'error' OR PH_LAB IS NOT NULL)
  -- rejected otherwise: WTEMP_DEG_C missing
  AND ('null' <> 'error' OR WTEMP_DEG_C IS NOT NULL)
  -- rejected otherwise: PH_LAB is not from 0 to 14
  AND (PH_LAB_number IS NULL OR PH_LAB_number BETWEEN 0 AND 14)
  -- rejected otherwise: another measure is not a number
  AND ((ANC_UEQ_L IS NULL OR ANC_UEQ_L_number IS NOT NULL) AND (CA_UEQ_L IS NULL OR CA_UEQ_L_number IS NOT NULL) AND (CHL_A_UG_L IS NULL OR CHL_A_UG_L_number IS NOT NULL) AND (CL_UEQ_L IS NULL OR CL_UEQ_L_number IS NOT NULL) AND (COND_UM_CM IS NULL OR COND_UM_CM_number IS NOT NULL) AND (DOC_MG_L IS NULL OR DOC_MG_L_number IS NOT NULL) AND (F_UEQ_L IS NULL OR F_UEQ_L_number IS NOT NULL) AND (K_UEQ_L IS NULL OR K_UEQ_L_number IS NOT NULL) AND (MG_UEQ_L IS NULL OR MG_UEQ_L_number IS NOT NULL) AND (NA_UEQ_L IS NULL OR NA_UEQ_L_number IS NOT NULL) AND (NH4_UEQ_L IS NULL OR NH4_UEQ_L_number IS NOT NULL) AND (NO3_UEQ_L IS NULL OR NO3_UEQ_L_number IS NOT NULL) AND (N_TD_UEQ_L IS NULL OR N_TD_UEQ_L_number IS NOT NULL) AND (PH_EQ IS NULL OR PH_EQ_number IS NOT NULL) AND (PH_FLD IS NULL OR PH_FLD_number IS NOT NULL) AND (PH_STVL IS NULL OR PH_STVL_number IS NOT NULL) AND (P_TL_UEQ_L IS NULL OR P_TL_UEQ_L_number IS NOT NULL) AND (SECCHI_M IS NULL OR SECCHI_M_number IS NOT NULL) AND (SIO2_MG_L IS NULL OR SIO2_MG_L_number IS NOT NULL) AND (SO4_UEQ_L IS NULL OR SO4_UEQ_L_number IS NOT NULL));

CREATE TEMPORARY TABLE sites (
  SITE_ID STRING,
  PROGRAM_ID STRING,
  SITE_NAME STRING,
  STATE STRING,
  ECONAME_III STRING,
  LATDD DOUBLE,
  LONDD DOUBLE,
  holds_since AS TO_TIMESTAMP_LTZ(0, 3),
  WATERMARK FOR holds_since AS holds_since,
  PRIMARY KEY (SITE_ID, PROGRAM_ID) NOT ENFORCED
) WITH (
  'connector' = 'filesystem',
  'path' = 'water-sites.csv',
  'format' = 'csv',
  'csv.ignore-parse-errors' = 'true',
  'csv.null-literal' = ''
);

CREATE TEMPORARY VIEW `with-sites` AS
SELECT
  r.SITE_ID,
  r.PROGRAM_ID,
  r.DATE_SMP,
  r.TIME_SMP,
  r.SAMPLE_LOCATION,
  r.WATERBODY_TYPE,
  r.ANC_UEQ_L,
  r.CA_UEQ_L,
  r.CHL_A_UG_L,
  r.CL_UEQ_L,
  r.COND_UM_CM,
  r.DOC_MG_L,
  r.F_UEQ_L,
  r.K_UEQ_L,
  r.MG_UEQ_L,
  r.NA_UEQ_L,
  r.NH4_UEQ_L,
  r.NO3_UEQ_L,
  r.N_TD_UEQ_L,
  r.PH_EQ,
  r.PH_FLD,
  r.PH_LAB,
  r.PH_STVL,
  r.P_TL_UEQ_L,
  r.SECCHI_M,
  r.SIO2_MG_L,
  r.SO4_UEQ_L,
  r.WTEMP_DEG_C,
  r.lot,
  r.file,
  r.sampled,
  r.ANC_UEQ_L_number,
  r.CA_UEQ_L_number,
  r.CHL_A_UG_L_number,
  r.CL_UEQ_L_number,
  r.COND_UM_CM_number,
  r.DOC_MG_L_number,
  r.F_UEQ_L_number,
  r.K_UEQ_L_number,
  r.MG_UEQ_L_number,
  r.NA_UEQ_L_number,
  r.NH4_UEQ_L_number,
  r.NO3_UEQ_L_number,
  r.N_TD_UEQ_L_number,
  r.PH_EQ_number,
  r.PH_FLD_number,
  r.PH_LAB_number,
  r.PH_STVL_number,
  r.P_TL_UEQ_L_number,
  r.SECCHI_M_number,
  r.SIO2_MG_L_number,
  r.SO4_UEQ_L_number,
  r.WTEMP_DEG_C_number,
  r.`year`,
  r.valid,
  t.SITE_NAME AS SITE_NAME,
  t.STATE AS STATE,
  t.ECONAME_III AS ECONAME_III,
  t.LATDD AS LATDD,
  t.LONDD AS LONDD,
  r.record_partition AS record_partition,
  r.record_offset AS record_offset
FROM `check` AS r
LEFT JOIN sites FOR SYSTEM_TIME AS OF r.sampled AS t
ON r.SITE_ID = t.SITE_ID
AND r.PROGRAM_ID = t.PROGRAM_ID;

CREATE TEMPORARY VIEW located AS
SELECT
  SITE_ID,
  PROGRAM_ID,
  DATE_SMP,
  TIME_SMP,
  SAMPLE_LOCATION,
  WATERBODY_TYPE,
  ANC_UEQ_L,
  CA_UEQ_L,
  CHL_A_UG_L,
  CL_UEQ_L,
  COND_UM_CM,
  DOC_MG_L,
  F_UEQ_L,
  K_UEQ_L,
  MG_UEQ_L,
  NA_UEQ_L,
  NH4_UEQ_L,
  NO3_UEQ_L,
  N_TD_UEQ_L,
  PH_EQ,
  PH_FLD,
  PH_LAB,
  PH_STVL,
  P_TL_UEQ_L,
  SECCHI_M,
  SIO2_MG_L,
  SO4_UEQ_L,
  WTEMP_DEG_C,
  lot,
  file,
  sampled,
  ANC_UEQ_L_number,
  CA_UEQ_L_number,
  CHL_A_UG_L_number,
  CL_UEQ_L_number,
  COND_UM_CM_number,
  DOC_MG_L_number,
  F_UEQ_L_number,
  K_UEQ_L_number,
  MG_UEQ_L_number,
  NA_UEQ_L_number,
  NH4_UEQ_L_number,
  NO3_UEQ_L_number,
  N_TD_UEQ_L_number,
  PH_EQ_number,
  PH_FLD_number,
  PH_LAB_number,
  PH_STVL_number,
  P_TL_UEQ_L_number,
  SECCHI_M_number,
  SIO2_MG_L_number,
  SO4_UEQ_L_number,
  WTEMP_DEG_C_number,
  `year`,
  valid,
  SITE_NAME,
  STATE,
  ECONAME_III,
  LATDD,
  LONDD,
  ECONAME_III AS region,
  record_partition,
  record_offset
FROM `with-sites`;

CREATE TEMPORARY VIEW `measures` AS
SELECT
  PROGRAM_ID AS programme,
  SITE_ID AS site,
  COALESCE(region, 'unknown') AS region,
  `year`,
  ANC_UEQ_L_number,
  CA_UEQ_L_number,
  CHL_A_UG_L_number,
  CL_UEQ_L_number,
  COND_UM_CM_number,
  DOC_MG_L_number,
  F_UEQ_L_number,
  K_UEQ_L_number,
  MG_UEQ_L_number,
  NA_UEQ_L_number,
  NH4_UEQ_L_number,
  NO3_UEQ_L_number,
  N_TD_UEQ_L_number,
  PH_EQ_number,
  PH_FLD_number,
  PH_LAB_number,
  PH_STVL_number,
  P_TL_UEQ_L_number,
  SECCHI_M_number,
  SIO2_MG_L_number,
  SO4_UEQ_L_number,
  WTEMP_DEG_C_number,
  sampled AS row_time,
  record_partition,
  record_offset
FROM located;

CREATE TEMPORARY VIEW measured AS
SELECT
  r.programme,
  r.site,
  r.region,
  r.`year`,
  u.measure,
  u.`value`,
  r.row_time AS row_time,
  r.record_partition AS record_partition,
  r.record_offset AS record_offset,
  u.measure AS branch
FROM `measures` AS r
CROSS JOIN UNNEST(ARRAY[
  ROW(CAST('ANC' AS STRING), CAST(r.ANC_UEQ_L_number AS DOUBLE)),
  ROW(CAST('CA' AS STRING), CAST(r.CA_UEQ_L_number AS DOUBLE)),
  ROW(CAST('CHL_A' AS STRING), CAST(r.CHL_A_UG_L_number AS DOUBLE)),
  ROW(CAST('CL' AS STRING), CAST(r.CL_UEQ_L_number AS DOUBLE)),
  ROW(CAST('COND' AS STRING), CAST(r.COND_UM_CM_number AS DOUBLE)),
  ROW(CAST('DOC' AS STRING), CAST(r.DOC_MG_L_number AS DOUBLE)),
  ROW(CAST('F' AS STRING), CAST(r.F_UEQ_L_number AS DOUBLE)),
  ROW(CAST('K' AS STRING), CAST(r.K_UEQ_L_number AS DOUBLE)),
  ROW(CAST('MG' AS STRING), CAST(r.MG_UEQ_L_number AS DOUBLE)),
  ROW(CAST('NA' AS STRING), CAST(r.NA_UEQ_L_number AS DOUBLE)),
  ROW(CAST('NH4' AS STRING), CAST(r.NH4_UEQ_L_number AS DOUBLE)),
  ROW(CAST('NO3' AS STRING), CAST(r.NO3_UEQ_L_number AS DOUBLE)),
  ROW(CAST('N_TD' AS STRING), CAST(r.N_TD_UEQ_L_number AS DOUBLE)),
  ROW(CAST('PH_EQ' AS STRING), CAST(r.PH_EQ_number AS DOUBLE)),
  ROW(CAST('PH_FLD' AS STRING), CAST(r.PH_FLD_number AS DOUBLE)),
  ROW(CAST('PH_LAB' AS STRING), CAST(r.PH_LAB_number AS DOUBLE)),
  ROW(CAST('PH_STVL' AS STRING), CAST(r.PH_STVL_number AS DOUBLE)),
  ROW(CAST('P_TL' AS STRING), CAST(r.P_TL_UEQ_L_number AS DOUBLE)),
  ROW(CAST('SECCHI' AS STRING), CAST(r.SECCHI_M_number AS DOUBLE)),
  ROW(CAST('SIO2' AS STRING), CAST(r.SIO2_MG_L_number AS DOUBLE)),
  ROW(CAST('SO4' AS STRING), CAST(r.SO4_UEQ_L_number AS DOUBLE)),
  ROW(CAST('WTEMP' AS STRING), CAST(r.WTEMP_DEG_C_number AS DOUBLE))
]) AS u(measure, `value`)
WHERE u.`value` IS NOT NULL;

CREATE TEMPORARY TABLE methods (
  PROGRAM_ID STRING,
  `PARAMETER` STRING,
  START_YEAR BIGINT,
  END_YEAR BIGINT,
  `METHOD` STRING
) WITH (
  'connector' = 'filesystem',
  'path' = 'water-methods.csv',
  'format' = 'csv',
  'csv.ignore-parse-errors' = 'true',
  'csv.null-literal' = ''
);

CREATE TEMPORARY VIEW `with-methods` AS
SELECT
  programme,
  site,
  region,
  `year`,
  measure,
  `value`,
  `METHOD`,
  row_time,
  record_partition,
  record_offset,
  branch
FROM (
  SELECT
    r.programme,
    r.site,
    r.region,
    r.`year`,
    r.measure,
    r.`value`,
    r.row_time,
    r.record_partition,
    r.record_offset,
    r.branch,
    t.`METHOD` AS `METHOD`,
    ROW_NUMBER() OVER (PARTITION BY r.record_partition, r.record_offset, r.branch ORDER BY t.START_YEAR DESC, CASE WHEN t.END_YEAR IS NULL THEN 1 ELSE 0 END, t.END_YEAR ASC) AS best_first
  FROM (
    SELECT
      programme,
      site,
      region,
      `year`,
      measure,
      `value`,
      CAST(row_time AS TIMESTAMP_LTZ(3)) AS row_time,
      record_partition,
      record_offset,
      branch
    FROM measured
  ) AS r
  LEFT JOIN methods AS t
  ON r.programme = t.PROGRAM_ID
  AND r.measure = t.`PARAMETER`
  AND (t.START_YEAR IS NULL OR t.START_YEAR <= r.`year`)
  AND (t.END_YEAR IS NULL OR r.`year` <= t.END_YEAR)
  AND r.`year` IS NOT NULL
)
WHERE best_first = 1;

CREATE TEMPORARY VIEW placed AS
SELECT
  COALESCE(programme, 'unknown') AS programme,
  site,
  region,
  COALESCE(`METHOD`, 'unknown') AS `method`,
  measure,
  `value`,
  row_time,
  record_partition,
  record_offset,
  branch
FROM `with-methods`;

CREATE TEMPORARY VIEW dimensions AS
SELECT
  r.measure,
  r.`value`,
  u.dimension,
  u.name,
  r.row_time AS row_time,
  r.record_partition AS record_partition,
  r.record_offset AS record_offset,
  r.branch AS branch,
  u.dimension AS _branch
FROM placed AS r
CROSS JOIN UNNEST(ARRAY[
  ROW(CAST('programme' AS STRING), CAST(r.programme AS STRING)),
  ROW(CAST('site' AS STRING), CAST(r.site AS STRING)),
  ROW(CAST('region' AS STRING), CAST(r.region AS STRING)),
  ROW(CAST('method' AS STRING), CAST(r.`method` AS STRING))
]) AS u(dimension, name)
WHERE u.name IS NOT NULL;

CREATE TEMPORARY VIEW `by-dimension-name-measure` AS
SELECT
  dimension,
  name,
  measure,
  COUNT(*) AS `count`,
  AVG(`value`) AS mean,
  MIN(`value`) AS `min`,
  MAX(`value`) AS `max`
FROM dimensions
GROUP BY dimension, name, measure;

CREATE TEMPORARY VIEW `by-site` AS
SELECT
  SITE_ID,
  PROGRAM_ID,
  MAX(SITE_NAME) AS SITE_NAME,
  MAX(STATE) AS STATE,
  MAX(region) AS region,
  MAX(LATDD) AS latitude,
  MAX(LONDD) AS longitude,
  COUNT(*) AS `rows`,
  MIN(sampled) AS first_sample,
  MAX(sampled) AS last_sample,
  COUNT(PH_LAB_number) AS ph_values,
  AVG(PH_LAB_number) AS mean_ph,
  MIN(PH_LAB_number) AS min_ph,
  MAX(PH_LAB_number) AS max_ph,
  COUNT(WTEMP_DEG_C_number) AS temperature_values,
  AVG(WTEMP_DEG_C_number) AS mean_temperature,
  MIN(WTEMP_DEG_C_number) AS min_temperature,
  MAX(WTEMP_DEG_C_number) AS max_temperature
FROM located
GROUP BY SITE_ID, PROGRAM_ID;

CREATE TEMPORARY VIEW `with-ph` AS
SELECT
  SITE_ID,
  PROGRAM_ID,
  DATE_SMP,
  TIME_SMP,
  SAMPLE_LOCATION,
  WATERBODY_TYPE,
  ANC_UEQ_L,
  CA_UEQ_L,
  CHL_A_UG_L,
  CL_UEQ_L,
  COND_UM_CM,
  DOC_MG_L,
  F_UEQ_L,
  K_UEQ_L,
  MG_UEQ_L,
  NA_UEQ_L,
  NH4_UEQ_L,
  NO3_UEQ_L,
  N_TD_UEQ_L,
  PH_EQ,
  PH_FLD,
  PH_LAB,
  PH_STVL,
  P_TL_UEQ_L,
  SECCHI_M,
  SIO2_MG_L,
  SO4_UEQ_L,
  WTEMP_DEG_C,
  lot,
  file,
  sampled,
  ANC_UEQ_L_number,
  CA_UEQ_L_number,
  CHL_A_UG_L_number,
  CL_UEQ_L_number,
  COND_UM_CM_number,
  DOC_MG_L_number,
  F_UEQ_L_number,
  K_UEQ_L_number,
  MG_UEQ_L_number,
  NA_UEQ_L_number,
  NH4_UEQ_L_number,
  NO3_UEQ_L_number,
  N_TD_UEQ_L_number,
  PH_EQ_number,
  PH_FLD_number,
  PH_LAB_number,
  PH_STVL_number,
  P_TL_UEQ_L_number,
  SECCHI_M_number,
  SIO2_MG_L_number,
  SO4_UEQ_L_number,
  WTEMP_DEG_C_number,
  `year`,
  valid,
  SITE_NAME,
  STATE,
  ECONAME_III,
  LATDD,
  LONDD,
  region,
  record_partition,
  record_offset
FROM located
WHERE PH_LAB_number IS NOT NULL;

CREATE TEMPORARY VIEW banded AS
SELECT
  SITE_ID,
  PROGRAM_ID,
  DATE_SMP,
  TIME_SMP,
  SAMPLE_LOCATION,
  WATERBODY_TYPE,
  ANC_UEQ_L,
  CA_UEQ_L,
  CHL_A_UG_L,
  CL_UEQ_L,
  COND_UM_CM,
  DOC_MG_L,
  F_UEQ_L,
  K_UEQ_L,
  MG_UEQ_L,
  NA_UEQ_L,
  NH4_UEQ_L,
  NO3_UEQ_L,
  N_TD_UEQ_L,
  PH_EQ,
  PH_FLD,
  PH_LAB,
  PH_STVL,
  P_TL_UEQ_L,
  SECCHI_M,
  SIO2_MG_L,
  SO4_UEQ_L,
  WTEMP_DEG_C,
  lot,
  file,
  sampled,
  ANC_UEQ_L_number,
  CA_UEQ_L_number,
  CHL_A_UG_L_number,
  CL_UEQ_L_number,
  COND_UM_CM_number,
  DOC_MG_L_number,
  F_UEQ_L_number,
  K_UEQ_L_number,
  MG_UEQ_L_number,
  NA_UEQ_L_number,
  NH4_UEQ_L_number,
  NO3_UEQ_L_number,
  N_TD_UEQ_L_number,
  PH_EQ_number,
  PH_FLD_number,
  PH_LAB_number,
  PH_STVL_number,
  P_TL_UEQ_L_number,
  SECCHI_M_number,
  SIO2_MG_L_number,
  SO4_UEQ_L_number,
  WTEMP_DEG_C_number,
  `year`,
  valid,
  SITE_NAME,
  STATE,
  ECONAME_III,
  LATDD,
  LONDD,
  region,
  CASE WHEN PH_LAB_number < 4 THEN 'below 4.0' WHEN PH_LAB_number < 4.5 THEN '4.0-4.5' WHEN PH_LAB_number < 5 THEN '4.5-5.0' WHEN PH_LAB_number < 5.5 THEN '5.0-5.5' WHEN PH_LAB_number < 6 THEN '5.5-6.0' WHEN PH_LAB_number < 6.5 THEN '6.0-6.5' WHEN PH_LAB_number < 7 THEN '6.5-7.0' WHEN PH_LAB_number < 7.5 THEN '7.0-7.5' WHEN PH_LAB_number < 8 THEN '7.5-8.0' ELSE 'from 8.0' END AS band,
  record_partition,
  record_offset
FROM `with-ph`;

CREATE TEMPORARY VIEW `by-WATERBODY_TYPE-band` AS
SELECT
  WATERBODY_TYPE,
  band,
  COUNT(*) AS samples,
  AVG(PH_LAB_number) AS mean_ph
FROM banded
GROUP BY WATERBODY_TYPE, band;

CREATE TEMPORARY TABLE lots (
  file STRING,
  lot STRING,
  `rows` BIGINT,
  valid BIGINT,
  rejected BIGINT,
  ph_missing BIGINT,
  temperature_missing BIGINT,
  valid_share DOUBLE,
  state STRING,
  PRIMARY KEY (file, lot) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'water-lots',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'json',
  'key.json.timestamp-format.standard' = 'ISO-8601',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE programmes (
  PROGRAM_ID STRING,
  `rows` BIGINT,
  valid BIGINT,
  rejected BIGINT,
  ph_missing BIGINT,
  temperature_missing BIGINT,
  valid_share DOUBLE,
  state STRING,
  PRIMARY KEY (PROGRAM_ID) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'water-programmes',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'raw',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE metrics (
  dimension STRING,
  name STRING,
  measure STRING,
  `count` BIGINT,
  mean DOUBLE,
  `min` DOUBLE,
  `max` DOUBLE,
  PRIMARY KEY (dimension, name, measure) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'water-metrics',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'json',
  'key.json.timestamp-format.standard' = 'ISO-8601',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE `sites-topic` (
  SITE_ID STRING,
  PROGRAM_ID STRING,
  SITE_NAME STRING,
  STATE STRING,
  region STRING,
  latitude DOUBLE,
  longitude DOUBLE,
  `rows` BIGINT,
  first_sample TIMESTAMP_LTZ(3),
  last_sample TIMESTAMP_LTZ(3),
  ph_values BIGINT,
  mean_ph DOUBLE,
  min_ph DOUBLE,
  max_ph DOUBLE,
  temperature_values BIGINT,
  mean_temperature DOUBLE,
  min_temperature DOUBLE,
  max_temperature DOUBLE,
  PRIMARY KEY (SITE_ID, PROGRAM_ID) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'water-sites',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'json',
  'key.json.timestamp-format.standard' = 'ISO-8601',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE `ph-bands` (
  WATERBODY_TYPE STRING,
  band STRING,
  samples BIGINT,
  mean_ph DOUBLE,
  PRIMARY KEY (WATERBODY_TYPE, band) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'water-ph-bands',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'key.format' = 'json',
  'key.json.timestamp-format.standard' = 'ISO-8601',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO lots
SELECT file, lot, `rows`, valid, rejected, ph_missing, temperature_missing, valid_share, state
FROM `by-file-lot`;

INSERT INTO programmes
SELECT PROGRAM_ID, `rows`, valid, rejected, ph_missing, temperature_missing, valid_share, state
FROM `by-PROGRAM_ID`;

INSERT INTO metrics
SELECT dimension, name, measure, `count`, mean, `min`, `max`
FROM `by-dimension-name-measure`;

INSERT INTO `sites-topic`
SELECT SITE_ID, PROGRAM_ID, SITE_NAME, STATE, region, latitude, longitude, `rows`, first_sample, last_sample, ph_values, mean_ph, min_ph, max_ph, temperature_values, mean_temperature, min_temperature, max_temperature
FROM `by-site`;

INSERT INTO `ph-bands`
SELECT WATERBODY_TYPE, band, samples, mean_ph
FROM `by-WATERBODY_TYPE-band`;
END;
