import type { ActionTemplate, HealingAction } from '../src/api/healing-action.ts';
import type { HealingPolicy } from '../src/api/healing-policy.ts';
import { canonical } from '../src/domain/canonical.ts';
import { byName } from '../src/domain/naming.ts';
import type { Outcome } from '../src/domain/outcome.ts';

/** What a template does; how it is called, described and ranked does not matter. */
const essence = ({
  name: _name,
  description: _description,
  priority: _priority,
  requiresApproval: _approval,
  ...does
}: ActionTemplate): string => canonical(does);

const refused = (message: string): Outcome => ({ reason: 'Refused', message });

/** `covered`, with the policy's own version of the template, or the reason why the policy does not grant this. */
export type Coverage =
  | { readonly covered: true; readonly policy: HealingPolicy; readonly template: ActionTemplate }
  | { readonly covered: false; readonly outcome: Outcome };

/**
 * An action may do only what its policy grants: a hand-written one gains nothing. Looked at when it is accepted and again
 * just before the effect, so that an edit of the policy in between can only tighten.
 */
export function coverage(action: HealingAction, policy: HealingPolicy | undefined): Coverage {
  const { policyRef, targetResource, action: template } = action.spec;
  const home = action.metadata.namespace ?? '';
  const not = (outcome: Outcome): Coverage => ({ covered: false, outcome });

  if (policyRef.namespace !== home)
    return not(
      refused(
        `policyRef names namespace ${policyRef.namespace}; only policies in the action's own namespace ${home} cover it`,
      ),
    );
  if ((targetResource.namespace ?? home) !== home)
    return not(
      refused(`the target is in namespace ${targetResource.namespace ?? ''}; only targets in ${home} are permitted`),
    );
  if (policy === undefined)
    return not(
      policyRef.uid === undefined
        ? refused(`there is no HealingPolicy ${home}/${policyRef.name}`)
        : { reason: 'PolicyDeleted', message: `HealingPolicy ${home}/${policyRef.name} no longer exists` },
    );
  if (policyRef.uid !== undefined && policyRef.uid !== policy.metadata.uid)
    return not({
      reason: 'PolicyDeleted',
      message: `HealingPolicy ${home}/${policyRef.name} was replaced by another of the same name`,
    });
  if (policy.spec.mode === undefined || policy.spec.mode === 'monitor')
    return not(refused(`HealingPolicy ${home}/${policyRef.name} is in mode monitor: it permits no actions`));

  const name = template.name;
  const granted =
    name === undefined
      ? policy.spec.actions.find((candidate) => essence(candidate) === essence(template))
      : byName(policy.spec.actions, name);
  if (granted === undefined)
    return not(
      refused(
        `HealingPolicy ${home}/${policyRef.name} has no action ${name ?? `of type ${template.type}`} like this one`,
      ),
    );
  if (essence(granted) !== essence(template))
    return not(
      refused(
        `action ${name ?? template.type} of HealingPolicy ${home}/${policyRef.name} says something else now (PolicyChanged)`,
      ),
    );
  return { covered: true, policy, template: granted };
}
