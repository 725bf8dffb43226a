import { tryExclusive, type ExclusiveRight } from './exclusive.ts';

/**
 * Ports that one environment has chosen: no other takes them, although nobody listens on them yet. The kernel gives them
 * back when this process ends.
 */
export class PortClaims {
  readonly #rights: ExclusiveRight[] = [];

  /** False if another environment has it. */
  async take(port: number): Promise<boolean> {
    const right = await tryExclusive(`port ${port}`);
    if (!('release' in right)) return false;
    this.#rights.push(right);
    return true;
  }

  async release(): Promise<void> {
    await Promise.all(this.#rights.splice(0).map((right) => right.release()));
  }
}
