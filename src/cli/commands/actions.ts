import { Command } from 'commander';
import type { ActionsOptions } from '../actions.ts';
import { addClusterOptions, outputOption, type ClusterOptions } from './cluster-options.ts';

interface Typed extends ClusterOptions {
  readonly phase?: string;
  readonly policy?: string;
  readonly waiting?: true;
  readonly watch?: true;
  readonly output?: NonNullable<ActionsOptions['output']>;
}

export function actionsCommand(): Command {
  const command = new Command('actions')
    .alias('ls')
    .description('list HealingActions, the newest last')
    .option('--phase <phases>', 'only these: Pending, Approved, InProgress, Succeeded, Failed, Cancelled; with commas')
    .option('--policy <name>', 'only those of this policy')
    .option('--waiting', 'only those that wait for a person')
    .option('-w, --watch', 'then go on with what changes, until Ctrl-C')
    .addOption(outputOption('wide', 'json', 'yaml', 'name'))
    .action(async ({ phase, ...options }: Typed) => {
      const { actions } = await import('../actions.ts');
      await actions({ ...options, ...(phase === undefined ? {} : { phase: phase.split(',') }) });
    });
  return addClusterOptions(command, { allNamespaces: true });
}

export function explainCommand(): Command {
  const command = new Command('explain')
    .description('what happened to a HealingAction and why, from its evidence to its end, and what can be done now')
    .argument('<name>', 'name of the HealingAction')
    .addOption(outputOption('json', 'yaml'))
    .action(async (name: string, options: ClusterOptions & { readonly output?: 'json' | 'yaml' }) => {
      const { explain } = await import('../explain.ts');
      await explain(name, options);
    });
  return addClusterOptions(command);
}
