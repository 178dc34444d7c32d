import { StreamctlError } from '../../../base/errors.js';
import { type BrokerFile, type BrokerSecurity, brokerAddress } from '../../../embedded/broker-file.js';

/** The settings that a secured broker needs, as they are typed. */
export function neededSettings({ protocol, clientCertificate }: BrokerSecurity): string {
  const settings = [`security.protocol=${protocol.toUpperCase()}`];
  if (protocol !== 'sasl_plaintext') settings.push('ssl.ca.location=FILE');
  if (clientCertificate) settings.push('ssl.certificate.location=FILE', 'ssl.key.location=FILE');
  if (protocol !== 'ssl') settings.push('sasl.mechanism=SCRAM-SHA-256', 'sasl.username=NAME', 'sasl.password=PASSWORD');
  return settings.map((setting) => `-X ${setting}`).join(' ');
}

/** Says what is missing before a secured broker cuts the connection without a word. @throws `usage` */
export function checkClientSecurity(broker: BrokerFile, properties: Readonly<Record<string, string>>): void {
  const { security } = broker;
  const chosen = properties['security.protocol']?.toLowerCase() ?? 'plaintext';
  if (!security || security.protocol === chosen) return;
  throw new StreamctlError('usage', `the broker of this folder, ${brokerAddress(broker)}, was started with security`, {
    detail: `It takes clients with security.protocol=${security.protocol.toUpperCase()}; here it is ${chosen.toUpperCase()}.`,
    hint: neededSettings(security),
  });
}
