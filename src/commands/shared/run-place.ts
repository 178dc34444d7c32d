import type { RunPlace } from '../../run/interfaces.js';
import type { Context } from './context.js';
import { clientEdges, clientSettings } from './kafka.js';

/** Where a pipeline run of this command line works. */
export function runPlace(context: Context): RunPlace {
  const { bootstrapServers } = context.broker;
  let asked = false;
  return {
    edges: { ...clientEdges(context), files: context.files },
    connect() {
      const again = asked;
      asked = true;
      return clientSettings(context, again);
    },
    name: bootstrapServers ? bootstrapServers.join(',') : 'embedded broker',
  };
}
