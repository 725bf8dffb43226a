import { Command } from 'commander';
import type { Part } from '../../../workers/serve.ts';
import { needPipe } from '../output/closed-pipe.ts';

interface Options {
  readonly config?: string;
  readonly dryRun?: boolean;
}

/** The Temporal SDK is loaded only by the commands that need it: the others start in a moment. */
async function serve(parts: readonly Part[], { config, dryRun }: Options): Promise<void> {
  needPipe();
  const { serve: run } = await import('../../../workers/serve.ts');
  await run(parts, dryRun === true ? { ...process.env, KUBESKIPPY_DRY_RUN: 'true' } : process.env, config);
}

const part = (name: string, description: string, parts: readonly Part[]) => (): Command => {
  const command = new Command(name)
    .description(description)
    .option('--config <file>', 'YAML file with settings; KUBESKIPPY_… variables win over it');
  if (parts.includes('worker'))
    command.option('--dry-run', 'every action is a server-side dry run, whatever its policy says');
  return command.action((options: Options) => serve(parts, options));
};

export const serveCommands = {
  controller: part('controller', 'watch policies, workloads and actions, and hand them to Temporal', ['controller']),
  worker: part('worker', 'carry out the workflows: this is what changes the cluster', ['worker']),
  run: part('run', 'controller and worker in one process', ['worker', 'controller']),
};
