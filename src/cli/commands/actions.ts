import { Command, InvalidArgumentError, Option } from 'commander';
import type { HealingActionStatus } from '../../api/healing-action.ts';
import type { ActionsOptions } from '../actions.ts';
import { addClusterOptions, outputOption, type ClusterOptions } from './cluster-options.ts';

type Phase = NonNullable<HealingActionStatus['phase']>;

/** In the order of a healing; `InProgress` and `inprogress` are the same. */
const PHASES = [
  'Pending',
  'Approved',
  'InProgress',
  'Succeeded',
  'Failed',
  'Cancelled',
] as const satisfies readonly Phase[];

function phasesIn(text: string): readonly Phase[] {
  return text.split(',').map((word) => {
    const wanted = word.trim().toLowerCase();
    const phase = PHASES.find((one) => one.toLowerCase() === wanted);
    if (phase === undefined) throw new InvalidArgumentError(`There is no phase "${word}": ${PHASES.join(', ')}.`);
    return phase;
  });
}

/** Several at a time are more than commander's own choices allow; its help and our completion read them all the same. */
function phaseOption(): Option {
  const option = new Option('--phase <phases>', 'only these, several with commas').argParser(phasesIn);
  option.argChoices = [...PHASES];
  return option;
}

export function actionsCommand(): Command {
  const command = new Command('actions')
    .alias('ls')
    .description('list HealingActions, the newest last')
    .addOption(phaseOption())
    .option('--policy <name>', 'only those of this policy')
    .option('--waiting', 'only those that wait for a person')
    .option('-w, --watch', 'then go on with what changes, until Ctrl-C')
    .addOption(outputOption('wide', 'json', 'yaml', 'name'))
    .action(async (options: ActionsOptions) => {
      const { actions } = await import('../actions.ts');
      await actions(options);
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
