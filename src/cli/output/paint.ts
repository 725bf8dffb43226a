import { styleText } from 'node:util';

export type Tone = 'good' | 'bad' | 'waiting' | 'dim' | 'strong' | 'plain' | 'added' | 'removed';

const STYLES = {
  good: 'green',
  bad: 'red',
  waiting: 'yellow',
  dim: 'gray',
  strong: 'bold',
  added: 'green',
  removed: 'red',
} as const satisfies Record<Exclude<Tone, 'plain'>, Parameters<typeof styleText>[0]>;

/** Colours a text. */
export type Paint = (tone: Tone, text: string) => string;

export const noPaint: Paint = (_tone, text) => text;

/** Only on a terminal that can show colours, and never where NO_COLOR is set; FORCE_COLOR asks for them anywhere. */
export const paintFor =
  (stream: NodeJS.WritableStream): Paint =>
  (tone, text) =>
    tone === 'plain' || text === '' ? text : styleText(STYLES[tone], text, { stream });
