import { describe, expect, test } from '@jest/globals';
import { countLine, tallyOf, type JestReport } from '../../../scripts/tally.ts';

type FileReport = JestReport['testResults'][number];

const file = (name: string, report: Partial<FileReport>): FileReport => ({
  name: `/clone/test/${name}`,
  status: 'passed',
  message: '',
  startTime: 1_000,
  endTime: 3_500,
  assertionResults: [],
  ...report,
});
const tally = (files: readonly FileReport[], byName = false) =>
  tallyOf({ testResults: files }, { root: '/clone', byName });

describe('tallyOf', () => {
  test('counts passed tests over all files, with the time of each file', () => {
    const passed = { fullName: 'holds', status: 'passed' };
    expect(
      tally([
        file('unit/a.test.ts', { assertionResults: [passed, passed] }),
        file('unit/b.test.ts', { assertionResults: [passed] }),
      ]),
    ).toEqual({
      passed: 3,
      failures: [],
      files: [
        { file: 'test/unit/a.test.ts', seconds: 2.5 },
        { file: 'test/unit/b.test.ts', seconds: 2.5 },
      ],
    });
  });

  test('names each failed test once, although the file has a message too', () => {
    const { passed, failures } = tally([
      file('unit/a.test.ts', {
        status: 'failed',
        message: '● holds › …',
        assertionResults: [
          { fullName: 'holds', status: 'failed' },
          { fullName: 'stays', status: 'passed' },
        ],
      }),
    ]);
    expect({ passed, failures }).toEqual({ passed: 1, failures: ['test/unit/a.test.ts › holds'] });
  });

  test.each(['pending', 'skipped', 'todo', 'disabled'])('counts a %s test as failed', (status) => {
    const report = [file('e2e/a.test.ts', { assertionResults: [{ fullName: 'heals', status }] })];
    expect(tally(report).failures).toEqual([`test/e2e/a.test.ts › heals (${status}: every test has to run)`]);
  });

  test('lets tests be left out when they are chosen by name', () => {
    const report = [file('e2e/a.test.ts', { assertionResults: [{ fullName: 'heals', status: 'pending' }] })];
    expect(tally(report, true).failures).toEqual([]);
  });

  test('counts a file that breaks before its first test as failed, with the reason', () => {
    const report = [
      file('e2e/a.test.ts', { status: 'failed', message: '\n  ● Test suite failed to run\n\n    no server\n' }),
    ];
    expect(tally(report)).toMatchObject({ passed: 0, failures: ['test/e2e/a.test.ts (no server)'] });
  });

  test('counts a file whose tests passed but whose end failed', () => {
    const report = [
      file('e2e/a.test.ts', {
        status: 'failed',
        message: '  ● Test suite failed to run\n    afterAll broke',
        assertionResults: [{ fullName: 'heals', status: 'passed' }],
      }),
    ];
    expect(tally(report)).toMatchObject({ passed: 1, failures: ['test/e2e/a.test.ts (afterAll broke)'] });
  });

  test('counts a file without tests as failed', () => {
    expect(tally([file('unit/empty.test.ts', {})]).failures).toEqual(['test/unit/empty.test.ts (it has no test)']);
  });
});

test('the count line is what CI looks for', () => {
  expect(countLine({ passed: 12, failures: ['a', 'b'] })).toBe('12 passed, 2 failed');
});
