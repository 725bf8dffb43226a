import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import { WORKFLOWS } from '../../src/api/temporal-names.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';
import { MemoryWorld } from '../support/memory-world.ts';
import { scenarios } from './scenarios.ts';

interface History {
  readonly events: readonly HistoryEvent[];
}

interface HistoryEvent {
  readonly workflowExecutionStartedEventAttributes?: { readonly workflowType: { readonly name: string } };
  readonly activityTaskScheduledEventAttributes?: { readonly activityType: { readonly name: string } };
}

const root = resolve(import.meta.dirname, '../..');
const { version: current } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
};

const recorded = globSync('*/*.json', { cwd: join(import.meta.dirname, 'histories') })
  .sort()
  .map((path) => ({
    id: path,
    version: dirname(path),
    scenario: basename(path, '.json'),
    history: JSON.parse(readFileSync(join(import.meta.dirname, 'histories', path), 'utf8')) as History,
  }));

/** Replays histories by id against a bundle; what is wrong with each. */
async function replay(codePath: string, histories: readonly { readonly id: string; readonly history: History }[]) {
  const errors = new Map<string, Error | undefined>();
  const named = histories.map(({ id, history }) => ({ workflowId: id, history }));
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, named))
    errors.set(workflowId, error);
  return errors;
}

/** The same history, but its last step has another name. */
function withOtherStep(history: History): History {
  const events = structuredClone(history.events);
  const step = events.findLast((event) => event.activityTaskScheduledEventAttributes !== undefined);
  Object.assign(step?.activityTaskScheduledEventAttributes?.activityType ?? {}, { name: 'somethingElse' });
  return { events };
}

let directory: string;
let ofToday: string;
let withAStepMore: string;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'OFF' } } });
  directory = await mkdtemp(join(tmpdir(), 'kubeskippy-replay-'));
  ofToday = await workflowBundle();
  withAStepMore = join(directory, 'bundle.js');
  const entry = join(import.meta.dirname, 'workflows-with-a-step-more.ts');
  await promisify(execFile)(process.execPath, [join(root, 'scripts/bundle.ts'), entry, withAStepMore]);
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('what was recorded', () => {
  test('is every scenario, for this version', () => {
    const names = recorded.filter(({ version }) => version === current).map(({ scenario }) => scenario);
    expect(names.sort()).toEqual(scenarios.map(({ name }) => name).sort());
  });

  test('goes through every workflow', () => {
    const types = recorded.map(
      ({ history }) => history.events[0]?.workflowExecutionStartedEventAttributes?.workflowType,
    );
    expect(new Set(types.map((type) => type?.name))).toEqual(new Set(Object.values(WORKFLOWS)));
  });
});

test('every step there is was recorded', () => {
  const steps = recorded.flatMap(({ history }) =>
    history.events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType.name ?? []),
  );
  expect([...new Set(steps)].sort()).toEqual(Object.keys(createActivities(new MemoryWorld().ports)).sort());
});

describe('the workflows of today', () => {
  let errors: ReadonlyMap<string, Error | undefined>;
  beforeAll(async () => {
    errors = await replay(ofToday, recorded);
  });

  test.each(recorded)('replay $id', ({ id }) => {
    expect(errors.has(id)).toBe(true);
    expect(errors.get(id)).toBeUndefined();
  });
});

describe('workflows that were changed', () => {
  test('by a step more fail on every history', async () => {
    const errors = await replay(withAStepMore, recorded);
    expect([...errors.keys()].sort()).toEqual(recorded.map(({ id }) => id));
    for (const error of errors.values()) expect(error?.name).toBe('DeterminismViolationError');
  });

  test('by another step fail on every history that has steps', async () => {
    const changed = recorded
      .map(({ id, history }) => ({ id, history: withOtherStep(history) }))
      .filter(({ history }, index) => JSON.stringify(history) !== JSON.stringify(recorded[index]?.history));
    const errors = await replay(ofToday, changed);
    expect(errors.size).toBeGreaterThan(0);
    for (const error of errors.values()) expect(error?.name).toBe('DeterminismViolationError');
  });
});
