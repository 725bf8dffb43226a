#!/usr/bin/env node
import { checkNodeVersion } from './node-version.ts';

checkNodeVersion();
// Only now: the rest would not even parse on an older Node.
const { run } = await import('./program.ts');
await run(process.argv);
