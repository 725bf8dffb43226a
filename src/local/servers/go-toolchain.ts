import { whichOnPath } from './on-path.ts';
import { ProvisionError } from './provision-error.ts';
import { runBriefly } from './run-briefly.ts';

export interface GoToolchain {
  readonly command: string;
  readonly version: string;
  /** Where compiled packages are kept; most of the disk space goes there. */
  readonly buildCache: string;
}

/** Settings of the user's that could make our modules unbuildable are left out. */
export const goEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  CGO_ENABLED: '0',
  GOFLAGS: '',
  GOWORK: 'off',
});

/** The user's Go, if it can fetch the version that the modules ask for (1.21 and later can). Throws ProvisionError. */
export async function findGo(env: NodeJS.ProcessEnv): Promise<GoToolchain> {
  const command = whichOnPath('go', env);
  if (command === undefined) throw new ProvisionError('there is no Go on PATH');
  const args = ['env', 'GOVERSION', 'GOCACHE'];
  const { code, output } = await runBriefly(command, args, goEnvironment(env));
  const [version = '', buildCache = ''] = output.trim().split('\n');
  const parsed = /^go(\d+)\.(\d+)/.exec(version);
  if (code !== 0 || parsed === null) throw new ProvisionError(`${command} does not work: ${output.trim()}`);
  if (Number(parsed[1]) === 1 && Number(parsed[2]) < 21)
    throw new ProvisionError(`${command} is ${version}, 1.21 or later is needed`);
  return { command, version, buildCache };
}
