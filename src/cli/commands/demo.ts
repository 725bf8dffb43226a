import { Command } from 'commander';
import { addPortOptions, portsFrom } from './port-options.ts';
import { parseSeconds } from './seconds.ts';

interface Options {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly keepData?: boolean;
  readonly timeout: number;
}

const HELP = `
Three apps in namespace "demo" are broken before your eyes, and healed, each by one Temporal workflow:
  storefront  rollout of an image that does not exist   undone to the last good revision
  checkout    rollout of a configuration it exits on    undone to the last good revision
  orders      leaks until it is killed for memory       its pod is evicted; the fresh one lasts a while

Figures: evidence→effect from the write that made the policy's trigger true to the healer's write; fault→effect from the
write that broke the app (the rollout; for the leak the report of the kill) to the healer's write, both by the API
server's audit log; fault→verified until fresh evidence had proven the healing for 10 s.

Examples:
  npm run demo                              watch it; Ctrl-C ends everything
  npm run demo -- --once                    the three, then a table; exit code 0 only if all were healed and verified
  npm run --silent demo -- --once --json    the same as JSON on stdout, progress on stderr
  npm run demo -- --temporal-ui-port 9233   choose a port`;

export function demoCommand(): Command {
  const command = new Command('demo')
    .description('start real servers on this machine, break three apps, and watch them being healed')
    .option('--once', 'end when the three are healed')
    .option('--json', 'with --once: print the results as JSON, {"incidents": [...]}')
    .option('--timeout <seconds>', 'with --once: how long the healing may take', parseSeconds, 180)
    .option('--keep-data', 'leave the logs and data of the servers in place at the end')
    .addHelpText('after', HELP)
    .action(async (options: Options & Record<string, unknown>, command: Command) => {
      if (options.json === true && options.once !== true)
        command.error('error: --json needs --once: without it the demo goes on until Ctrl-C');
      const { demo } = await import('../demo.ts');
      await demo({
        once: options.once === true,
        json: options.json === true,
        keepData: options.keepData === true,
        timeoutMs: options.timeout * 1000,
        ports: portsFrom(options),
      });
    });
  return addPortOptions(command);
}
