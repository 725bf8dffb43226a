import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { PROGRAMS, type ProgramName } from './programs.ts';
import { runBriefly } from './run-briefly.ts';

/** The first executable file of that name on PATH, as a shell would find it. */
export function whichOnPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  for (const directory of (env['PATH'] ?? '').split(delimiter)) {
    if (directory === '') continue;
    const file = resolve(join(directory, name));
    if (isExecutable(file)) return file;
  }
  return undefined;
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** A program on PATH in a version that will do; `onPassedOver` hears why another one will not. */
export async function acceptableOnPath(
  name: ProgramName,
  env: NodeJS.ProcessEnv,
  onPassedOver: (line: string) => void,
): Promise<string | undefined> {
  const file = whichOnPath(name, env);
  if (file === undefined) return undefined;
  const { versionArgs, accepts, wanted } = PROGRAMS[name];
  const { code, output } = await runBriefly(file, versionArgs, env);
  const version = code === 0 ? /(\d+)\.(\d+)\.(\d+)/.exec(output) : null;
  if (version !== null && accepts(Number(version[1]), Number(version[2]), Number(version[3]))) return file;
  const problem = version === null ? 'does not tell its version' : `is version ${version[0]}`;
  onPassedOver(`${file} ${problem}, ${wanted} is needed: passed over`);
  return undefined;
}
