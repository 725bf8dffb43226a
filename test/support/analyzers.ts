import type { Analyzer } from '../../src/ports/analyzer.ts';

/** Its answer is a step of its own, and nobody asks for it where only a plan is made. */
export const slowAnalyzer: Analyzer = {
  name: 'slow',
  analyze: () => Promise.reject(new Error('it was asked for something else than an analysis')),
};

/** Its answer is a step of its own: option 0 acts, 1 abstains. `meanwhile` runs while it thinks. */
export const analyzerChoosing = (option: 0 | 1, meanwhile: () => void = () => undefined): Analyzer => ({
  name: 'slow',
  analyze: async () => {
    meanwhile();
    return { option, confidence: 1, reasons: ['that is how it looks'] };
  },
});
