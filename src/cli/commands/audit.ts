import { Command } from 'commander';
import type { VerifyOptions } from '../audit/verify.ts';
import { addClusterOptions, outputOption, type ClusterOptions } from './cluster-options.ts';

const VERIFY_HELP = `
Without an argument: what the status of the actions in the namespace keeps. With a name (or ha/NAME): of this one. With a file: what a
worker wrote to its standard output; no cluster is needed for that. "-" reads standard input.
Exit code 1 when an entry was changed, is missing, stands elsewhere or is there twice; the first one is named.

Examples:
  kubectl logs -n kubeskippy-system deploy/kubeskippy-worker | kubeskippy audit verify -
  kubeskippy audit verify audit.jsonl --with-status -A    is everything that the cluster still knows in the file?`;

export function auditCommand(): Command {
  const show = new Command('audit')
    .description('the record of what a HealingAction was about to change and has changed')
    .usage('[options] <name>\n       audit verify [options] [name-or-file]')
    .argument('<name>', 'name of the HealingAction')
    .addOption(outputOption('json', 'yaml'))
    .action(async (name: string, options: ClusterOptions & { readonly output?: 'json' | 'yaml' }) => {
      const { showAudit } = await import('../audit/show.ts');
      await showAudit(name, options);
    });
  return addClusterOptions(show).addCommand(verifyCommand());
}

function verifyCommand(): Command {
  const command = new Command('verify')
    .description('check that no entry of the record was changed, taken out or moved')
    .argument('[name]', 'name of a HealingAction, or a file')
    .option('--file <file>', 'what a worker wrote to its standard output, whatever the file is called')
    .option('--with-status', 'compare the file with what the actions in the cluster keep')
    .option('--rotated', 'the file begins later than its actions')
    .option('--merged', 'the file has the lines of several workers, in no order')
    .addOption(outputOption('json', 'yaml'))
    .addHelpText('after', VERIFY_HELP)
    .action(async (what: string | undefined, options: VerifyOptions, self: Command) => {
      const { verifyAudit } = await import('../audit/verify.ts');
      // `audit -n shop verify x`: what stands before the subcommand is the parent's.
      await verifyAudit(what, { ...self.parent?.opts<VerifyOptions>(), ...options });
    });
  return addClusterOptions(command, { allNamespaces: true });
}
