import { describe, expect, test } from '@jest/globals';
import { together } from '../../../activities/together.ts';

describe('two parts of one step', () => {
  test('run side by side', async () => {
    const other = Promise.withResolvers<string>();
    const one = async () => {
      other.resolve('second');
      return 1;
    };
    expect(await together(other.promise, one())).toEqual(['second', 1]);
  });

  test('come to their ends before the step fails', async () => {
    const late = Promise.withResolvers<undefined>();
    let failed = false;
    const both = together(Promise.reject(new Error('refused')), late.promise).catch((error: unknown) => {
      failed = true;
      return error;
    });
    await new Promise(setImmediate); // whatever can be over is over
    expect(failed).toBe(false);
    late.resolve(undefined);
    expect(await both).toEqual(new Error('refused'));
  });
});
