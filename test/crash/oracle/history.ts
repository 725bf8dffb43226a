import { FINALIZER } from '../../../src/api/constants.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import { isTerminal, type OutcomeReason } from '../../../src/domain/outcome.ts';
import type { AuditEvent } from '../../support/audit-log.ts';

/** What one effect of a healing looks like, known before it begins (but for names that it makes up itself). */
export interface Expected {
  /** The only objects that it may write, as `deployments/cart`; `jobs/*` when it chooses the name. */
  readonly targets: readonly string[];
  /** Writes, and changes of state, that make up the one effect: 1, unless it has several parts. */
  readonly effects: number;
  /** As many again if it is taken back. */
  readonly rollbacks: number;
  /** How the healing may end. */
  readonly reasons: readonly OutcomeReason[];
}

/** One object at one moment, as an independent watch has seen it. */
export interface Sighting {
  /** `deployments/cart` */
  readonly key: string;
  /** Everything about it that only people and healings change; `gone` when it is deleted, or about to be. */
  readonly state: string;
  readonly version: number;
  /** The healer's marks on it: `applied-` or `reverted-` and the uid of a HealingAction. */
  readonly marks: readonly string[];
}

/** Everything that is known about one trial, none of it from the healer's own lips but `action`. */
export interface History {
  readonly expected: Expected;
  /** All writes in the healer's name in the trial's namespace, by the API server's audit log. */
  readonly writes: readonly AuditEvent[];
  /** What the healer may write of its own: `healingactions/healing/status`, and `events/cart` for an Event about that. */
  readonly records: readonly string[];
  /** In order, from before the trial on. */
  readonly sightings: readonly Sighting[];
  /** Version at which the trial began. */
  readonly since: number;
  /** What the healing says of itself at the end, or said when it was last seen; undefined when it never was. */
  readonly action: HealingAction | undefined;
  /** Its record is not there any more. */
  readonly gone: boolean;
  /** A person has deleted it: then nothing may have happened, or all of it. */
  readonly deleted: boolean;
  /** Its workflow goes on all the same. */
  readonly lingers: boolean;
  /** The endings that its status has shown, in order and without repetitions. */
  readonly endings: readonly string[];
  /** Faults that were planned and never struck, or struck elsewhere. */
  readonly unfired: readonly string[];
  /** The API server was killed: its last words may be missing in the audit log. */
  readonly auditMayLack: boolean;
}

/** Whether the healing may write this object. */
export const isTarget = ({ targets }: Pick<Expected, 'targets'>, key: string): boolean =>
  targets.includes(key) || targets.includes(`${key.split('/')[0] ?? ''}/*`);

/** It says how it ended, and holds its record no more. */
export const hasLetGo = (action: HealingAction | undefined): boolean =>
  isTerminal(action?.status?.conditions) && action?.metadata.finalizers?.includes(FINALIZER) !== true;
