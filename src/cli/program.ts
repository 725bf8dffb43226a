import { Command, CommanderError } from 'commander';
import { messageOf } from '../adapters/kubernetes/kube-error.ts';
import { actionsCommand, explainCommand } from './commands/actions.ts';
import { auditCommand } from './commands/audit.ts';
import { completionCommand, hiddenCompleteCommand } from './commands/completion.ts';
import { decisionCommands } from './commands/decisions.ts';
import { demoCommand } from './commands/demo.ts';
import { localCommand } from './commands/local.ts';
import { operateCommand, retryCommand } from './commands/operations.ts';
import { serveCommands } from './commands/serve.ts';
import { CommandFailure, EXIT } from './exit.ts';
import { invokedAs } from './invocation.ts';
import { allowClosedPipe } from './output/closed-pipe.ts';

const HELP = `
Exit codes: 0 done; 1 refused or failed; 2 wrong usage; 3 the API server or Temporal does not answer; 4 not found, or
KubeSkippy is not installed in the cluster; 5 ordered, but not done in time.`;

/** Everything that `kubeskippy` can do; one file per group of commands. */
export function createProgram(name = invokedAs()): Command {
  return new Command(name)
    .description('Durable self-healing for Kubernetes: every healing is one Temporal workflow.')
    .configureHelp({ sortSubcommands: false })
    .addHelpText('after', HELP)
    .commandsGroup('Look at healings:')
    .addCommand(actionsCommand())
    .addCommand(explainCommand())
    .addCommand(auditCommand())
    .commandsGroup('Decide about them:')
    .addCommand(decisionCommands.approve())
    .addCommand(decisionCommands.reject())
    .addCommand(operateCommand())
    .addCommand(retryCommand())
    .commandsGroup('Run KubeSkippy:')
    .addCommand(serveCommands.run())
    .addCommand(serveCommands.controller())
    .addCommand(serveCommands.worker())
    .addCommand(localCommand())
    .addCommand(demoCommand())
    .commandsGroup('Other:')
    .addCommand(completionCommand())
    .addCommand(hiddenCompleteCommand(), { hidden: true });
}

/** Runs one command line. Errors are one readable message on stderr and one of the documented exit codes. */
export async function run(argv: readonly string[]): Promise<void> {
  allowClosedPipe();
  try {
    const program = createProgram();
    prepare(program);
    await program.parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    process.stderr.write(`kubeskippy: ${messageOf(error)}\n`);
    process.exitCode = error instanceof CommandFailure ? error.exitCode : EXIT.failed;
  }
}

/** Commands that are added ready-made do not inherit such settings. */
function prepare(command: Command): void {
  command.exitOverride().showHelpAfterError('(try --help)');
  for (const child of command.commands) prepare(child);
}
