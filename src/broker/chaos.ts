import { type Random, seededRandom } from '../base/random.js';
import type { Api, RequestOf } from '../wire/api.js';
import type { produceApi } from '../wire/apis/00-produce.js';
import type { fetchApi } from '../wire/apis/01-fetch.js';
import type { listOffsetsApi } from '../wire/apis/02-list-offsets.js';
import type { offsetCommitApi } from '../wire/apis/08-offset-commit.js';
import type { findCoordinatorApi } from '../wire/apis/10-find-coordinator.js';
import type { endTxnApi } from '../wire/apis/26-end-txn.js';
import { errorCodes } from '../wire/error-codes.js';

/** How often a broker misbehaves, on purpose and by a plan. */
export interface ChaosOptions {
  /** The same seed disturbs the same requests. */
  readonly seed: number;
  /** Share of the requests that are disturbed, 0 to 1. */
  readonly rate: number;
}

const NO_RECORDS = new Uint8Array(0);

/** A request that every broker may answer so: clients have to try again. By API key. */
const DISTURBANCES: Readonly<Record<number, (request: never) => object>> = {
  0: (request: RequestOf<typeof produceApi>) => ({
    responses: request.topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      partitionResponses: partitionData.map(({ index }) => ({
        index,
        errorCode: errorCodes.NOT_LEADER_OR_FOLLOWER,
        baseOffset: -1n,
      })),
    })),
  }),
  1: (request: RequestOf<typeof fetchApi>) => ({
    responses: request.topics.map(({ topic, topicId, partitions }) => ({
      topic,
      topicId,
      partitions: partitions.map(({ partition }) => ({
        partitionIndex: partition,
        errorCode: errorCodes.NOT_LEADER_OR_FOLLOWER,
        highWatermark: -1n,
        abortedTransactions: null,
        records: NO_RECORDS,
      })),
    })),
  }),
  2: (request: RequestOf<typeof listOffsetsApi>) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: errorCodes.LEADER_NOT_AVAILABLE,
      })),
    })),
  }),
  8: (request: RequestOf<typeof offsetCommitApi>) => ({
    topics: request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
      })),
    })),
  }),
  10: (request: RequestOf<typeof findCoordinatorApi>) => {
    const node = { nodeId: -1, host: '', port: -1, errorCode: errorCodes.COORDINATOR_NOT_AVAILABLE };
    const coordinators = request.coordinatorKeys.map((key) => ({ ...node, key, errorMessage: null }));
    return { ...node, errorMessage: null, coordinators };
  },
  11: () => ({
    errorCode: errorCodes.COORDINATOR_NOT_AVAILABLE,
    protocolName: '',
    leader: '',
    memberId: '',
    members: [],
  }),
  22: () => ({ errorCode: errorCodes.CONCURRENT_TRANSACTIONS, producerId: -1n, producerEpoch: -1 }),
  25: () => ({ errorCode: errorCodes.CONCURRENT_TRANSACTIONS }),
  26: (request: RequestOf<typeof endTxnApi>) => ({
    errorCode: errorCodes.CONCURRENT_TRANSACTIONS,
    producerId: request.producerId,
    producerEpoch: request.producerEpoch,
  }),
};

/** Answers some requests with an error that a real cluster gives now and then. The request is not carried out. */
export class Chaos {
  readonly #random: Random;
  readonly #rate: number;

  constructor(options: ChaosOptions) {
    this.#random = seededRandom(options.seed);
    this.#rate = options.rate;
  }

  /** An answer in place of the handler's; undefined: let the handler do it. */
  interfere(api: Api, request: object): object | undefined {
    const disturb = DISTURBANCES[api.key];
    if (!disturb || this.#random.next() >= this.#rate) return undefined;
    // Without an answer there is nothing to disturb: acks=0.
    if (api.key === 0 && (request as RequestOf<typeof produceApi>).acks === 0) return undefined;
    return disturb(request as never);
  }
}
