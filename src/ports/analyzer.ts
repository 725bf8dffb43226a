/** What an analyzer is given: facts that were gathered and redacted, and the options that are permitted. */
export interface AnalysisCase {
  /** The options, enumerated by us; the last one is always to abstain. */
  readonly options: readonly { readonly choice: string; readonly summary: string }[];
  /** Facts, one line each, most telling first. */
  readonly evidence: readonly string[];
  /** What about the plan itself calls for a person, if anything does. */
  readonly approvalReason?: string;
}

export interface AnalysisAnswer {
  /** Index into `options`; anything else is treated as abstaining. */
  readonly option: number;
  /** 0 to 1. */
  readonly confidence: number;
  readonly reasons: readonly string[];
}

/** Advice only: an answer can narrow what happens, never widen it. */
export interface Analyzer {
  readonly name: string;
  readonly model?: string;
  /** Asks nothing and nobody else: its answer need not be a step of its own. */
  readonly instant?: true;
  analyze(input: AnalysisCase, signal: AbortSignal): Promise<AnalysisAnswer>;
}
