import type { Analyzer } from '../ports/analyzer.ts';
import { rules } from './rules.ts';

/** Every analyzer that exists. A new one is one file and one line here. */
export const analyzers = { rules } as const satisfies Record<string, Analyzer>;
