import type { KubeObject } from '../api/meta.ts';
import type { Trigger } from '../api/healing-policy.ts';

/** What a trigger says of one object. Missing or stale evidence is `unknown`: it neither fires nor proves health. */
export type Evaluation =
  | {
      readonly state: 'firing';
      /** RFC 3339: since when it has been so, by the object's own times wherever it has one. */
      readonly since: string;
      /** One line for people, at most {@link EVIDENCE_LIMIT} characters. */
      readonly evidence: string;
      /** Milliseconds after which time alone may change the answer. */
      readonly recheckAfterMs?: number;
    }
  | {
      readonly state: 'not-firing';
      /** There while it is so, but has not been for long enough. */
      readonly since?: string;
      readonly evidence: string;
      readonly recheckAfterMs?: number;
    }
  | { readonly state: 'unknown'; readonly evidence: string; readonly recheckAfterMs?: number };

/** What the evaluation before this one said of the same object; absent at first sight. */
export interface Earlier {
  /** Its `since`: absent if it was not so then. */
  readonly since?: string;
}

export interface EvaluationInput {
  readonly object: KubeObject;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly earlier?: Earlier | undefined;
}

/** One trigger of one policy, ready to be asked. Pure: the same input gives the same answer. */
export interface CompiledTrigger {
  /** Whether it can be so for objects of this kind at all. */
  concerns(kind: string): boolean;
  evaluate(input: EvaluationInput): Evaluation;
}

/** One type of trigger: one file, one line in `index.ts`, one test. */
export interface TriggerDefinition {
  readonly type: Trigger['type'];
  /** Throws a TypeError that says what is wrong with the trigger. */
  compile(trigger: Trigger): CompiledTrigger;
}

export const EVIDENCE_LIMIT = 256;

const RAGGED = /\s\s|[^\S ]|^\s|\s$/;

/** One line of at most {@link EVIDENCE_LIMIT} characters. */
export function evidenceLine(text: string): string {
  const line = RAGGED.test(text) ? text.replaceAll(/\s+/g, ' ').trim() : text;
  return line.length <= EVIDENCE_LIMIT ? line : `${line.slice(0, EVIDENCE_LIMIT - 1)}…`;
}
