import { fromUtf8 } from '../../base/bytes.js';

/**
 * The topics a consumer says it subscribes to, from the bytes it joins with: version, then an array of names.
 * @returns undefined when the bytes are not of that form (they belong to the clients; we only look).
 * @see https://kafka.apache.org/protocol (ConsumerProtocolSubscription)
 */
export function subscribedTopics(metadata: Uint8Array): string[] | undefined {
  const view = new DataView(metadata.buffer, metadata.byteOffset, metadata.byteLength);
  if (metadata.length < 6 || view.getInt16(0) < 0) return undefined;
  const count = view.getInt32(2);
  const topics: string[] = [];
  let at = 6;
  for (let index = 0; index < count; index++) {
    if (at + 2 > metadata.length) return undefined;
    const length = view.getInt16(at);
    at += 2;
    if (length < 0 || at + length > metadata.length) return undefined;
    topics.push(fromUtf8(metadata.subarray(at, at + length)));
    at += length;
  }
  return topics;
}
