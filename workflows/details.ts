import { setCurrentDetails } from '@temporalio/workflow';

/** What Temporal's UI shows of a healing beside its history: where it stands, and how it got there. */
export interface Details {
  /** The step that it is at now. Said again of the same step, it replaces what was said last. */
  show(step: string, detail: string): void;
  /** Something that happened on the way; the step stays. */
  tell(what: string, detail: string): void;
  /** The name of the step, for programs. */
  readonly step: string;
}

interface Line {
  readonly time: string;
  readonly what: string;
  readonly detail: string;
}

/** A workflow is kept in memory, and its details with it. */
const MAX_LINES = 30;
const MAX_DETAIL = 200;

export function openDetails(): Details {
  let step = 'Starting';
  let detail = '';
  const lines: Line[] = [];

  const add = (what: string, text: string): void => {
    if (lines.at(-1)?.what === what && what === step)
      lines.pop(); // still the same step
    else if (lines.length >= MAX_LINES) lines.splice(1, 1); // how it began stays
    lines.push({ time: new Date().toISOString().slice(0, 19), what, detail: oneLine(text).slice(0, MAX_DETAIL) });
  };
  const render = (): void => {
    const story = lines.map(({ time, what, detail: text }) => `- ${time}Z **${what}** ${text}`);
    setCurrentDetails([`### ${step}`, '', detail, '', ...story].join('\n'));
  };

  return {
    get step() {
      return step;
    },
    show(nextStep, nextDetail) {
      step = nextStep;
      detail = oneLine(nextDetail);
      add(nextStep, nextDetail);
      render();
    },
    tell(what, text) {
      add(what, text);
      render();
    },
  };
}

/** What people and servers say must not look like more lines of ours. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ');
