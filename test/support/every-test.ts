import { beforeEach, expect, jest } from '@jest/globals';

declare global {
  /** Set by jest.config.js: Jest takes no time limit per project. */
  var TEST_TIMEOUT_MS: number;
}

jest.setTimeout(globalThis.TEST_TIMEOUT_MS);

// A test that asserts nothing cannot fail, so it fails.
beforeEach(() => {
  expect.hasAssertions();
});
