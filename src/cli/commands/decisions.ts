import { Command } from 'commander';
import type { DecisionOptions } from '../decide.ts';
import type { Verdict } from '../decision.ts';
import { addClusterOptions } from './cluster-options.ts';
import { parseSeconds } from './seconds.ts';

const HELP = `
The decision is bound to the plan that was shown: if the target changes meanwhile, another plan waits, and this decision
does not count for it. The API server knows who decides; a decision is final.`;

const decision = (name: string, verdict: Verdict, description: string) => (): Command => {
  const command = new Command(name)
    .description(description)
    .argument('<name>', 'name of the HealingAction')
    .option('--comment <text>', 'why, for the record')
    .option('-y, --yes', 'do not ask')
    .option('--digest <digest>', 'decide only about the plan with this digest, without being asked')
    .option('--no-wait', 'do not wait until the healing has taken the decision')
    .option('--timeout <seconds>', 'how long to wait', parseSeconds, 30)
    .addHelpText('after', HELP)
    .action(async (action: string, options: DecisionOptions) => {
      const { decide } = await import('../decide.ts');
      await decide(verdict, action, options);
    });
  return addClusterOptions(command);
};

export const decisionCommands = {
  approve: decision('approve', 'Approved', 'show the plan of a HealingAction and agree to it'),
  reject: decision('reject', 'Rejected', 'show the plan of a HealingAction and refuse it: nothing is changed'),
};
