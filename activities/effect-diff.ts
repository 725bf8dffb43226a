import type { KubeObject } from '../src/api/meta.ts';
import { creationText, diffText } from '../src/domain/diff-text.ts';
import { describeTarget } from '../src/domain/target-ref.ts';
import type { Doable } from './record-effect.ts';

/** What an effect changes, for people, by the answer of the API server to a dry run of its write. */
export function effectDiff({ effect, target }: { effect: Doable; target: KubeObject }, answer: KubeObject): string {
  const { on, write, unfinished } = effect;
  const more = unfinished === true ? '\n… and more, one after the other' : '';
  const named = describeTarget(write.target);
  switch (write.type) {
    case 'patch':
      return `${on === undefined ? '' : `  ${named}\n`}${diffText(on ?? target, answer)}${more}`;
    case 'create':
      return `+ ${named}\n${creationText(answer)}${more}`;
    case 'evict':
    case 'delete':
      return `- ${named} (uid ${write.uid})${more}`;
  }
}
