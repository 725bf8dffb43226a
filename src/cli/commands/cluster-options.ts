import { Option, type Command } from 'commander';

/** Where a command looks, as it was typed. */
export interface ClusterOptions {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly config?: string;
}

export interface TemporalOptions {
  readonly temporalAddress?: string;
  readonly temporalNamespace?: string;
}

const GROUP = 'Where to look:';
const option = (flags: string, description: string): Option => new Option(flags, description).helpGroup(GROUP);

export function addClusterOptions(command: Command, { allNamespaces = false } = {}): Command {
  command.addOption(option('-n, --namespace <name>', "namespace (default: the kubeconfig context's)"));
  if (allNamespaces) command.addOption(option('-A, --all-namespaces', 'all namespaces').conflicts('namespace'));
  return command
    .addOption(option('--kubeconfig <file>', 'kubeconfig (default: where kubectl looks)'))
    .addOption(option('--context <name>', 'context of the kubeconfig'))
    .addOption(option('--config <file>', 'YAML file with settings; KUBESKIPPY_… variables win over it'));
}

export const addTemporalOptions = (command: Command): Command =>
  command
    .addOption(option('--temporal-address <host:port>', 'Temporal (default: the settings’, else 127.0.0.1:7233)'))
    .addOption(option('--temporal-namespace <name>', 'namespace in Temporal (default: the settings’, else default)'));

export const outputOption = (...choices: readonly string[]): Option =>
  new Option('-o, --output <format>', 'how to print it').choices(choices);
