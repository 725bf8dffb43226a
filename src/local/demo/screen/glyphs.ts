/** Marks, for terminals that can show more than ASCII and for those that cannot. */
export interface Glyphs {
  readonly done: string;
  readonly failed: string;
  readonly ahead: string;
  readonly busy: readonly string[];
  readonly arrow: string;
  readonly ellipsis: string;
}

const UNICODE: Glyphs = {
  done: '✔',
  failed: '✖',
  ahead: '·',
  busy: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  arrow: '→',
  ellipsis: '…',
};
const ASCII: Glyphs = { done: '+', failed: 'x', ahead: '.', busy: ['|', '/', '-', '\\'], arrow: '->', ellipsis: '...' };

/** By the locale, as every program does. */
export function glyphsFor(env: NodeJS.ProcessEnv): Glyphs {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return /utf-?8/i.test(locale ?? '') ? UNICODE : ASCII;
}

const SPIN_MS = 200;

export const spinner = ({ busy }: Glyphs, now: number): string => busy[Math.floor(now / SPIN_MS) % busy.length] ?? '';
