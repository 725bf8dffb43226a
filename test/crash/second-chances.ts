/** What is known of a cell once it was played. */
export interface Played {
  readonly cell: { readonly id: string };
  /** Why it proves nothing. */
  readonly unfired: readonly string[];
}

/** On a machine that is busy a healing may come to its step too late for the crash of its round: then its cell is played again, once. */
export class SecondChances {
  readonly #taken = new Set<string>();

  /** Those that are to be played again. What proves nothing a second time stays unfired. */
  toRepeat<T extends Played>(played: readonly T[]): readonly T[] {
    const repeated = played.filter(({ cell, unfired }) => unfired.length > 0 && !this.#taken.has(cell.id));
    for (const { cell } of repeated) this.#taken.add(cell.id);
    return repeated;
  }
}
