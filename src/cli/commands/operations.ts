import { Argument, Command } from 'commander';
import { OPERATOR_COMMANDS, type OperatorCommand } from '../../domain/steps.ts';
import type { RetryOptions } from '../retry.ts';
import {
  addClusterOptions,
  addTemporalOptions,
  outputOption,
  type ClusterOptions,
  type TemporalOptions,
} from './cluster-options.ts';

export function retryCommand(): Command {
  const command = new Command('retry')
    .description('try again what a finished HealingAction has tried: as a new one, with approval and limits as before')
    .argument('<name>', 'name of the finished HealingAction')
    .option('--dry-run', 'only ask the API server whether it would accept it')
    .addOption(outputOption('json', 'yaml'))
    .action(async (name: string, options: RetryOptions) => {
      const { retry } = await import('../retry.ts');
      await retry(name, options);
    });
  return addClusterOptions(command);
}

const OPERATE_HELP = `
A healing whose tries are used up waits for one of these; nothing has been changed until then.
  retry            another round of tries, with the same plan
  abort            end it, nothing is changed
  skip, rollback   the same as abort while there is no effect

The order is an Update to the action's workflow in Temporal, which answers.`;

export function operateCommand(): Command {
  const command = new Command('operate')
    .description('tell a HealingAction that waits for an operator what to do')
    .argument('<name>', 'name of the HealingAction')
    .addArgument(new Argument('<order>', 'what to do').choices(OPERATOR_COMMANDS))
    .addHelpText('after', OPERATE_HELP)
    .action(async (name: string, order: OperatorCommand, options: ClusterOptions & TemporalOptions) => {
      const { operate } = await import('../operate.ts');
      await operate(name, order, options);
    });
  return addTemporalOptions(addClusterOptions(command));
}
