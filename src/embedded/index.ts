export { type BrokerFile, readBrokerFile } from './broker-file.js';
export { type EnsureOptions, ensureBroker } from './ensure-broker.js';
export { findBroker } from './find-broker.js';
export { type SpawnBroker, type SpawnedBroker, spawnBroker } from './spawn-broker.js';
export { type OwnedBroker, type OwnerOptions, startBroker } from './start-broker.js';
export { resetBroker, stopBroker } from './stop-broker.js';
