interface Nameable {
  readonly name?: string;
  readonly type: string;
}

/** The name of a trigger or action; one without a name is called by its type and its place: `restart-1`. */
export const nameAt = (item: Nameable, index: number): string => item.name ?? `${item.type}-${index + 1}`;

/**
 * The item that goes by this name in a policy's list, with the name filled in. Undefined also when two do: an item that
 * is called `restart-1` and a nameless one that is taken for it may differ in what they permit.
 */
export function byName<T extends Nameable>(
  items: readonly T[],
  name: string,
): (T & { readonly name: string }) | undefined {
  const [found, ...others] = items.filter((item, position) => nameAt(item, position) === name);
  return found === undefined || others.length > 0 ? undefined : { ...found, name };
}

/** A policy's actions in the order in which they are tried: the lowest priority number first, then as listed. */
export function inOrder<T extends Nameable & { readonly priority?: number }>(
  items: readonly T[],
): (T & { readonly name: string })[] {
  return items
    .map((item, index) => ({ ...item, name: nameAt(item, index) }))
    .sort((a, b) => (a.priority ?? 50) - (b.priority ?? 50));
}
