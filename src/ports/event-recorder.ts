import type { TargetRef } from '../domain/target-ref.ts';

export interface EventNote {
  readonly regarding: TargetRef;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, at most 128 characters: `Executed`. */
  readonly reason: string;
  /** CamelCase verb, at most 128 characters: what KubeSkippy was doing. */
  readonly action: string;
  /** For people; cut at 1024 characters. */
  readonly note: string;
}

/** Kubernetes Events: best effort, never a reason to fail, repeats of the same note about the same object are one Event. */
export interface EventRecorder {
  record(note: EventNote): void;
}
