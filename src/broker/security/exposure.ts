import { StreamctlError } from '../../base/errors.js';

/** How a broker is reached. */
export interface Exposure {
  readonly host: string;
  readonly tls: boolean;
  readonly users: boolean;
  /** Somebody said that this is wanted. */
  readonly insecure: boolean;
}

/** Whether an address can only be reached from this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * A broker that others can reach has to know who they are, or hide what they say, or have been told not to care.
 * @throws `usage`
 */
export function checkExposure({ host, tls, users, insecure }: Exposure): void {
  if (isLoopback(host) || tls || users || insecure) return;
  throw new StreamctlError('usage', `listening on ${host} would let anybody in the network read and write everything`, {
    detail: 'Only loopback is open without TLS or SASL.',
    hint: 'give --tls-cert and --tls-key, or --user, or say --insecure',
  });
}
