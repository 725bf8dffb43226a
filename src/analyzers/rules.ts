import type { Analyzer } from '../ports/analyzer.ts';

/**
 * The analyzer that is always there. It acts on what the policy permits when there is evidence for it, and abstains when
 * the plan itself says that a person should look. Its confidence is not an estimate: rules are certain or abstain.
 */
export const rules: Analyzer = {
  name: 'rules',
  instant: true,
  analyze({ options, evidence, approvalReason }) {
    const abstain = options.length - 1;
    if (approvalReason !== undefined)
      return Promise.resolve({ option: abstain, confidence: 1, reasons: [`a person should look: ${approvalReason}`] });
    return Promise.resolve({
      option: 0,
      confidence: 1,
      reasons: evidence.length > 0 ? evidence : ['requested by hand; no trigger has to be true'],
    });
  },
};
