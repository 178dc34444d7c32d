export { brokerAddress, readBrokerFile } from './broker-file.js';
export { ensureBroker } from './ensure-broker.js';
export { findBroker } from './find-broker.js';
export { spawnBroker } from './spawn-broker.js';
export { type OwnedBroker, startBroker } from './start-broker.js';
export { resetBroker, stopBroker } from './stop-broker.js';
