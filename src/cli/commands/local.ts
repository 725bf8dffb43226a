import { Command, Option } from 'commander';
import { addPortOptions, portsFrom } from './port-options.ts';

interface UpOptions {
  /** False for `--no-healer`. */
  readonly healer: boolean;
}

const HELP = `
A cluster of one node on this machine: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, Temporal with its UI,
Prometheus, a node on which pods run as processes, the CRDs, and KubeSkippy.

Examples:
  kubeskippy local up                 everything, in the background; a second call only tells where it is
  kubeskippy local up --no-healer     without controller and worker, to run your own: kubeskippy run
  kubeskippy local status -o json     what runs, and where
  kubeskippy local down               the next "up" goes on with the same data
  kubeskippy local down --delete-data start afresh`;

export function localCommand(): Command {
  return new Command('local')
    .description('keep a local cluster with KubeSkippy running, for development')
    .addHelpText('after', HELP)
    .addCommand(upCommand())
    .addCommand(downCommand())
    .addCommand(statusCommand());
}

function upCommand(): Command {
  const command = new Command('up')
    .description('start it in the background, and say where it is')
    .option('--no-healer', 'no controller and no worker')
    .action(async (options: UpOptions & Record<string, unknown>) => {
      const { up } = await import('../local.ts');
      await up(options.healer, portsFrom(options));
    });
  return addPortOptions(command);
}

function downCommand(): Command {
  return new Command('down')
    .description('end it')
    .option('--delete-data', 'also delete the cluster, the workflows and the metrics')
    .action(async ({ deleteData }: { readonly deleteData?: boolean }) => {
      const { down } = await import('../local.ts');
      await down(deleteData === true);
    });
}

function statusCommand(): Command {
  return new Command('status')
    .description('what runs; exit code 1 unless all of it is ready')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['table', 'json']).default('table'))
    .action(async ({ output }: { readonly output: 'table' | 'json' }) => {
      const { status } = await import('../local.ts');
      status(output);
    });
}
