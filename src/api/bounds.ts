/** How long the texts, lists and maps of a value may be; what has no bound is absent. */
export type Bounds =
  /** Text for people, in characters. Names, digests and dates have no bound here: a part of one is wrong. */
  | { readonly maxLength: number }
  | { readonly maxItems: number; readonly items?: Bounds }
  | { readonly maxProperties: number; readonly values?: Bounds }
  | { readonly fields: Readonly<Record<string, Bounds>> };
