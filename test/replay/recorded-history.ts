import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { historyToJSON, type History } from '@temporalio/common/lib/proto-utils.js';

const ROOT = resolve(import.meta.dirname, '../..');

/**
 * A history as text that Temporal's own tools can load, one event per line. What only tells on which machine it was
 * recorded is taken out; nothing of that is looked at in a replay.
 */
export function recordedHistory(history: History): string {
  const { events } = JSON.parse(historyToJSON(history)) as { readonly events: readonly unknown[] };
  const lines = events.map((event) => withoutTraces(JSON.stringify(event)));
  return `{"events":[\n${lines.join(',\n')}\n]}\n`;
}

const withoutTraces = (text: string): string =>
  text
    .replaceAll(/"identity":"[^"]*"/g, '"identity":"recorder"')
    .replaceAll(/"stackTrace":"(?:[^"\\]|\\.)*"/g, '"stackTrace":""')
    .replaceAll(hostname(), 'recorder')
    .replaceAll(ROOT, '');
