// Behavior:
// * Lists the APIs that have a handler, with the versions that are served; nothing else is there.
// * Produce is listed from version 0 although 0 to 2 are refused: librdkafka takes a broker without them for too old.
// * A version that is not known is answered in the form of version 0 with UNSUPPORTED_VERSION and the real list
//   (KIP-511), see session.ts. The header of the answer is the oldest one in every version.
// * `transaction.version` is finalised at 2, which is what makes clients end transactions in KIP-890's second version.
//
// Version notes:
// * v0 the list
// * v1 throttle time
// * v3 client software name and version in the request, features in the answer; flexible
// * v4 features with a lowest version of 0 are shown

import type { ResponseInputOf } from '../../wire/api.js';
import { apiVersionsApi } from '../../wire/apis/18-api-versions.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { Broker } from '../broker.js';
import { defineHandler } from '../handler.js';

const PRODUCE_KEY = 0;
/** Java clients that ask in an older version take no broker with a feature whose lowest version is 0. */
const FROM_ZERO_VERSION = 4;
/** Metadata version of Apache Kafka 4.3: clients derive nothing from it, tools show it. */
const METADATA_VERSION = 29;

/** Answers ApiVersions. */
export const apiVersionsHandler = defineHandler(apiVersionsApi, ({ broker, version }) =>
  apiVersionsBody(broker, version),
);

/** The list of what this broker offers, for a version of ApiVersions. */
export function apiVersionsBody(broker: Broker, version: number): ResponseInputOf<typeof apiVersionsApi> {
  return {
    errorCode: errorCodes.NONE,
    apiKeys: broker.apis.map((api) => ({
      apiKey: api.key,
      minVersion: api.key === PRODUCE_KEY ? 0 : api.minVersion,
      maxVersion: api.maxVersion,
    })),
    supportedFeatures: broker.features
      .filter(({ min }) => min > 0 || version >= FROM_ZERO_VERSION)
      .map(({ name, min, max }) => ({ name, minVersion: min, maxVersion: max })),
    finalizedFeaturesEpoch: 1n,
    finalizedFeatures: broker.features.map(({ name, level }) => ({
      name,
      minVersionLevel: level,
      maxVersionLevel: level,
    })),
  };
}

/** Feature levels that every broker of this program has. */
export const METADATA_FEATURE = { name: 'metadata.version', min: 7, max: METADATA_VERSION, level: METADATA_VERSION };
