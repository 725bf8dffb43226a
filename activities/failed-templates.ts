import { isTrue } from '../src/domain/condition.ts';
import type { ActivityPorts } from './ports.ts';

/**
 * Digests of the pod templates of one target that have failed, by the record of what was undone before: those that an undo
 * has left, and those at which an undo made things worse. As long as the records are kept.
 */
export async function failedTemplates(
  { actions }: Pick<ActivityPorts, 'actions'>,
  namespace: string,
  targetUid: string,
): Promise<readonly string[]> {
  const all = await actions.list({ namespace });
  const digests = all.flatMap(({ status }) => {
    const { conditions, plan } = status ?? {};
    if (plan?.action !== 'undo' || plan.target.uid !== targetUid || !isTrue(conditions, 'Executed')) return [];
    const { fromDigest, toDigest } = plan.parameters ?? {};
    return [fromDigest, isTrue(conditions, 'RolledBack') ? toDigest : undefined];
  });
  return [...new Set(digests.filter((digest) => digest !== undefined))];
}
