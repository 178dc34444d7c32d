import type { RunPlace } from '../../../run/interfaces.js';
import { clientEdges, clientSettings } from '../broker/kafka.js';
import type { Context } from '../frame/context.js';

/** A file as it is named, or the one of that name that the program brings along. */
function findFile(context: Context, path: string): string {
  const given = context.resolvePath(path);
  const own = context.program.fixture(path);
  return !context.files.exists(given) && context.files.exists(own) ? own : given;
}

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
    findFile: (path) => findFile(context, path),
    name: bootstrapServers ? bootstrapServers.join(',') : 'embedded broker',
  };
}
