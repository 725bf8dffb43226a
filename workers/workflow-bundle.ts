import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Path of the workflows' bundle: the one made at build time, or one made from the sources and kept until they change. */
export async function workflowBundle(): Promise<string> {
  const built = join(root, 'workflow-bundle.js');
  if (existsSync(built)) return built;

  const directory = join(root, 'node_modules/.cache/kubeskippy');
  const path = join(directory, `workflows-${sourceDigest()}.js`);
  if (existsSync(path)) return path;
  const workflowsPath = createRequire(import.meta.url).resolve('../workflows/index.ts');
  const code = await bundleWorkflows(workflowsPath);
  mkdirSync(directory, { recursive: true });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, code);
  renameSync(partial, path); // whole or not at all, also when two processes do it at once
  return path;
}

/** The code of the workflows and all that they import. Its source map leaves the sources out: two thirds of a bundle. */
export async function bundleWorkflows(workflowsPath: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: (config) => ({ ...config, devtool: 'inline-nosources-source-map' }),
  });
  return code;
}

/** Everything that a bundle is made of: our sources that workflows may reach, how they are bundled, and the SDK's version. */
function sourceDigest(): string {
  const hash = createHash('sha256');
  const sdk = createRequire(import.meta.url).resolve('@temporalio/worker/package.json');
  hash.update(readFileSync(sdk)).update(readFileSync(import.meta.filename));
  for (const file of globSync(['workflows/**/*.ts', 'src/domain/**/*.ts', 'src/api/*.ts'], { cwd: root }).sort())
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
