import { Argument, Command } from 'commander';
import { SHELLS, type Shell } from '../completion/scripts.ts';

const HELP = `
Examples:
  source <(kubeskippy completion bash)      in ~/.bashrc
  source <(kubeskippy completion zsh)       in ~/.zshrc, after compinit
  kubeskippy completion fish | source       in ~/.config/fish/config.fish`;

export const completionCommand = (): Command =>
  new Command('completion')
    .description('print what makes a shell complete commands, options and names')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText('after', HELP)
    .action(async (shell: Shell) => {
      const { completionScripts } = await import('../completion/scripts.ts');
      process.stdout.write(completionScripts[shell]);
    });

/** What the scripts ask; not for people. */
export const hiddenCompleteCommand = (): Command =>
  new Command('__complete')
    .argument('[words...]')
    .helpOption(false)
    .action(async (words: readonly string[], _options: unknown, self: Command) => {
      const { answerCompletion } = await import('../completion/answer.ts');
      if (self.parent !== null) await answerCompletion(self.parent, words);
    });
