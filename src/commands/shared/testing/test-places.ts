import { dirname, resolve } from 'node:path';
import { StreamctlError } from '../../../base/errors.js';
import { readTableFile } from '../../../run/table-file.js';
import { fileRecords } from '../../../testing/file-records.js';
import type { TestPlaces } from '../../../testing/read-step.js';
import type { Context } from '../frame/context.js';
import { loadPipeline } from '../running/load-pipeline.js';

/** Where what a test file names is: beside it, in the working folder, or among what the program brings along. */
export function testPlaces(context: Context, testFile: string): TestPlaces {
  const beside = (path: string): string => resolve(dirname(testFile), path);
  const find = (path: string): string => {
    const all = [beside(path), context.resolvePath(path), context.program.fixture(path)];
    return all.find((candidate) => context.files.exists(candidate)) ?? all[0]!;
  };
  return {
    loadPlan: (name) => loadPipeline({ ...context, resolvePath: beside }, name),
    readTable: (table, path) => readTableFile(table, find(path), context),
    async readRecords(source, name) {
      const path = find(name);
      if (!context.files.exists(path)) {
        throw new StreamctlError('not-found', `there is no file ${name} beside the test, or in the working folder`);
      }
      return fileRecords(source, name, context.files.readFile(path));
    },
  };
}
