import type { Argument, Command, Option } from 'commander';

/** What may stand where the cursor is. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** What only the cluster knows. */
export type Lookup =
  /** Names of HealingActions to which this command can be applied. */
  { readonly lookup: 'actions'; readonly command: string } | { readonly lookup: 'namespaces' };

export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly lookup?: Lookup;
  /** Options typed so far, by the name that commander gives them: where to look. */
  readonly typed: Readonly<Record<string, string>>;
}

/** What may follow these words; the last one is what has been typed of the word at the cursor. */
export function complete(program: Command, words: readonly string[]): Completion {
  const current = words.at(-1) ?? '';
  const typed: Record<string, string> = {};
  let command = program;
  let operands = 0;
  let pending: Option | undefined;
  let onlyOperands = false;

  for (const word of words.slice(0, -1)) {
    if (pending !== undefined) {
      typed[pending.attributeName()] = word;
      pending = undefined;
    } else if (!onlyOperands && word === '--') onlyOperands = true;
    else if (!onlyOperands && word.startsWith('-') && word !== '-') {
      const [flag = word, value] = word.startsWith('--') ? word.split(/=(.*)/s, 2) : [word];
      const option = optionOf(command, flag);
      if (option?.required !== true) continue;
      if (value === undefined) pending = option;
      else typed[option.attributeName()] = value;
    } else {
      const next = operands === 0 ? visible(command.commands).find((child) => isCalled(child, word)) : undefined;
      if (next === undefined) operands += 1;
      else command = next;
    }
  }

  const answer = (candidates: readonly Candidate[], lookup?: Lookup): Completion => ({
    candidates: candidates.filter(({ value }) => value.startsWith(current)),
    ...(lookup === undefined ? {} : { lookup }),
    typed,
  });
  if (pending !== undefined)
    return pending.long === '--namespace' ? answer([], { lookup: 'namespaces' }) : answer(choices(pending));
  if (!onlyOperands && current.startsWith('-')) return answer(optionsOf(command));

  const argument = command.registeredArguments[operands];
  const commands =
    operands === 0
      ? visible(command.commands).map((child) => ({
          value: child.name(),
          description: child.summary() || child.description(),
        }))
      : [];
  if (argument === undefined) return answer(commands);
  if (argument.name() === 'name') return answer(commands, { lookup: 'actions', command: pathOf(command) });
  return answer([...commands, ...choices(argument)]);
}

const optionOf = (command: Command, flag: string): Option | undefined =>
  command.options.find(({ short, long }) => short === flag || long === flag);

const optionsOf = (command: Command): Candidate[] => [
  ...command.options
    .filter(({ hidden }) => !hidden)
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', description })),
  { value: '--help', description: 'display help for command' },
];

const choices = ({ argChoices }: Option | Argument): Candidate[] => (argChoices ?? []).map((value) => ({ value }));

const isCalled = (command: Command, word: string): boolean =>
  command.name() === word || command.aliases().includes(word);

/** Names with two underscores are for programs. */
const visible = (commands: readonly Command[]): Command[] =>
  commands.filter((command) => !command.name().startsWith('__'));

function pathOf(command: Command): string {
  const { parent } = command;
  const above = parent?.parent ?? undefined;
  return parent === null || above === undefined ? command.name() : `${pathOf(parent)} ${command.name()}`;
}
