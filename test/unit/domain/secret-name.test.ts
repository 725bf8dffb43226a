import { expect, test } from '@jest/globals';
import { literalSecrets } from '../../../src/domain/secret-name.ts';

const container = (...env: readonly object[]) => ({ name: 'app', env });

test('a literal secret is found wherever a variable has one, also where two have one name', () => {
  const spec = {
    template: {
      spec: {
        initContainers: [container({ name: 'LEVEL', value: 'x' }, { name: 'apiKey', value: 'x' })],
        containers: [container({ name: 'DB_PASSWORD', value: 'x' }, { name: 'DB_PASSWORD', value: 'y' })],
      },
    },
  };
  expect(literalSecrets({ spec }).map(({ path, variable }) => `${path.join('/')} ${variable}`)).toEqual([
    'spec/template/spec/initContainers/0/env/1/value apiKey',
    'spec/template/spec/containers/0/env/0/value DB_PASSWORD',
    'spec/template/spec/containers/0/env/1/value DB_PASSWORD',
  ]);
});

test.each<[string, unknown]>([
  ['a variable that takes it from a Secret', container({ name: 'API_TOKEN', valueFrom: { secretKeyRef: {} } })],
  ['a variable without a value', container({ name: 'API_TOKEN', value: null }, { name: 'API_TOKEN' })],
  ['something else of such a name', { volumes: [{ name: 'token', value: 'x' }], env: { name: 'token', value: 'x' } }],
  ['what is no object', 'API_TOKEN'],
])('%s holds none', (_name, value) => {
  expect(literalSecrets(value)).toEqual([]);
});
