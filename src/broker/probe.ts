import { StreamctlError } from '../base/errors.js';
import type { Network } from '../base/network.js';
import type { Clock } from '../base/time.js';
import { metadataApi } from '../wire/apis/03-metadata.js';
import { decodeResponse, encodeRequest } from '../wire/frame.js';
import { FrameSplitter } from '../wire/frame-splitter.js';

/** Longest a probe waits for an answer. */
const PROBE_MS = 3_000;
const METADATA_VERSION = 4;

/**
 * Asks whatever listens at an address for its cluster id.
 * @returns undefined when nothing listens there, or not a Kafka broker, or not in time.
 */
export async function probeBroker(
  network: Network,
  clock: Clock,
  host: string,
  port: number,
): Promise<string | undefined> {
  try {
    const connection = await network.connect(host, port, { timeoutMs: PROBE_MS });
    const answered = new Promise<Uint8Array | undefined>((resolve) => {
      const splitter = new FrameSplitter(1 << 20);
      const timer = clock.after(PROBE_MS, () => resolve(undefined));
      const finish = (frame: Uint8Array | undefined): void => {
        timer.cancel();
        resolve(frame);
      };
      connection.onData((bytes) => {
        try {
          const [frame] = splitter.push(bytes);
          if (frame) finish(frame);
        } catch {
          // Not Kafka's protocol.
          finish(undefined);
        }
      });
      connection.onClose(() => finish(undefined));
    });
    connection.send(encodeRequest(metadataApi, METADATA_VERSION, 1, 'streamctl', { topics: [] }));
    const frame = await answered;
    connection.end();
    return frame && (decodeResponse(metadataApi, METADATA_VERSION, frame).body.clusterId ?? undefined);
  } catch (error) {
    if (error instanceof StreamctlError) return undefined;
    throw error;
  }
}
