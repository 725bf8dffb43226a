import type { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import type { ActionTemplate, HealingAction, HealingActionSpec } from '../../src/api/healing-action.ts';
import type { HealingPolicySpec } from '../../src/api/healing-policy.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { Expected } from './oracle/history.ts';

/** Where a trial takes place: a namespace of its own, and an administrator's hands. */
export interface Ground {
  readonly admin: KubeClient;
  readonly namespace: string;
}

export interface Prepared {
  readonly target: HealingActionSpec['targetResource'];
  /** The object whose status is written over and over when the target shall be busy. */
  readonly busy: { readonly plural: 'deployments' | 'statefulsets' | 'daemonsets' | 'pods'; readonly name: string };
  /** What was there before, for `expect`. */
  readonly objects?: readonly KubeObject[];
}

/** One way in which a healing can go: what is there, what is asked for, and what one effect of it looks like. */
export interface Scenario {
  readonly name: string;
  readonly action: ActionTemplate;
  /** Beside the action, what its policy says differently. */
  readonly policy?: Partial<HealingPolicySpec>;
  /** Settings of the HealingAction itself. */
  readonly spec?: Partial<HealingActionSpec>;
  /** A person has to agree; the trial does it with kubectl's means. */
  readonly approved?: true;
  /** Resolves when everything is as the healing shall find it. */
  prepare(ground: Ground): Promise<Prepared>;
  expect(prepared: Prepared, action: HealingAction): Expected;
}
