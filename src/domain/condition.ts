/** metav1.Condition. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. Changes only when `status` does. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

export interface ConditionChange {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

const MESSAGE_LIMIT = 1024;

/** The list with these conditions set; a condition whose status stays keeps its transition time. */
export function setConditions(
  list: readonly Condition[] | undefined,
  changes: readonly ConditionChange[],
  now: string,
  observedGeneration?: number,
): Condition[] {
  const result = new Map((list ?? []).map((condition) => [condition.type, condition]));
  for (const change of changes) {
    const old = result.get(change.type);
    result.set(change.type, {
      ...change,
      message: change.message.slice(0, MESSAGE_LIMIT),
      lastTransitionTime: old?.status === change.status ? old.lastTransitionTime : now,
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
    });
  }
  return [...result.values()];
}

export const findCondition = (list: readonly Condition[] | undefined, type: string): Condition | undefined =>
  list?.find((condition) => condition.type === type);

export const isTrue = (list: readonly Condition[] | undefined, type: string): boolean =>
  findCondition(list, type)?.status === 'True';
