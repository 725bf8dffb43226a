import { Command, CommanderError } from 'commander';
import { demoCommand } from './commands/demo.ts';
import { localCommand } from './commands/local.ts';
import { serveCommands } from './commands/serve.ts';

/** Everything that `kubeskippy` can do; one file per group of commands. */
export function createProgram(): Command {
  return new Command('kubeskippy')
    .description('Durable self-healing for Kubernetes: every healing is one Temporal workflow.')
    .showHelpAfterError('(try --help)')
    .configureHelp({ sortSubcommands: false })
    .addCommand(demoCommand())
    .addCommand(localCommand())
    .addCommand(serveCommands.controller())
    .addCommand(serveCommands.worker())
    .addCommand(serveCommands.run());
}

/** Runs one command line. Errors are one readable message on stderr and exit code 1. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    await createProgram()
      .exitOverride()
      .parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode;
      return;
    }
    process.stderr.write(`kubeskippy: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
