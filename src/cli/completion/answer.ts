import type { Command } from 'commander';
import { print } from '../output/print.ts';
import { printable } from '../output/table.ts';
import { complete } from './candidates.ts';
import { lookUp } from './lookup.ts';

const MAX_DESCRIPTION = 80;

/** `kubeskippy __complete -- WORD…`: one candidate a line, its description behind a tab. */
export async function answerCompletion(program: Command, words: readonly string[]): Promise<void> {
  const { candidates, lookup, typed } = complete(program, words);
  const current = words.at(-1) ?? '';
  const found = lookup === undefined ? [] : await lookUp(lookup, typed);
  for (const { value, description } of [
    ...candidates,
    ...found.filter((candidate) => candidate.value.startsWith(current)),
  ])
    print(description === undefined ? value : `${value}\t${printable(description).slice(0, MAX_DESCRIPTION)}`);
}
