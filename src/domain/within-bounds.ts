import type { Bounds } from '../api/bounds.ts';

/**
 * The value cut to its bounds: texts end in `…`, lists keep their first items, maps their first entries. Whoever writes a
 * status passes it through here, so that a long message is never the reason why the API server refuses it.
 */
export const withinBounds = <T>(value: T, bounds: Bounds): T => cut(value, bounds) as T;

function cut(value: unknown, bounds: Bounds | undefined): unknown {
  if (bounds === undefined) return value;
  if (typeof value === 'string') return 'maxLength' in bounds ? shorten(value, bounds.maxLength) : value;
  if (Array.isArray(value))
    return 'maxItems' in bounds ? value.slice(0, bounds.maxItems).map((item) => cut(item, bounds.items)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if ('maxProperties' in bounds)
    return Object.fromEntries(
      entries.slice(0, bounds.maxProperties).map(([key, inner]) => [key, cut(inner, bounds.values)]),
    );
  if (!('fields' in bounds)) return value;
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, Object.hasOwn(bounds.fields, key) ? cut(inner, bounds.fields[key]) : inner]),
  );
}

/** The API server counts code points; half a surrogate pair would not even be text. */
function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const points = Array.from(text);
  return points.length <= maxLength ? text : `${points.slice(0, maxLength - 1).join('')}…`;
}
