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
A healing that cannot go on by itself waits a day for one of these:
            before the change                     when it cannot be taken back
  retry     tries again                           tries to take it back again
  skip      leaves the action out; the policy     accepts the change as it is
            may go on to its next one
  rollback  as abort                              as retry
  abort     ends it; nothing was changed          leaves the change to people

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
