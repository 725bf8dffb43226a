import { Command } from 'commander';
import type { Part } from '../../../workers/serve.ts';

/** The Temporal SDK is loaded only by the commands that need it: the others start in a moment. */
async function serve(parts: readonly Part[], options: { readonly config?: string }): Promise<void> {
  const { serve: run } = await import('../../../workers/serve.ts');
  await run(parts, options.config);
}

const part = (name: string, description: string, parts: readonly Part[]) => (): Command =>
  new Command(name)
    .description(description)
    .option('--config <file>', 'YAML file with settings; KUBESKIPPY_… variables win over it')
    .action((options: { readonly config?: string }) => serve(parts, options));

export const serveCommands = {
  controller: part('controller', 'watch policies, workloads and actions, and hand them to Temporal', ['controller']),
  worker: part('worker', 'carry out the workflows: this is what changes the cluster', ['worker']),
  run: part('run', 'controller and worker in one process', ['worker', 'controller']),
};
