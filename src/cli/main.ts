#!/usr/bin/env node
import nodeModule from 'node:module'; // by name, an older Node would not load this file
import { compiledDirectory } from './compiled-directory.ts';
import { checkNodeVersion } from './node-version.ts';

checkNodeVersion();
// Most of the time of a short command goes into compiling. Where nothing can be written it just takes that long.
nodeModule.enableCompileCache(compiledDirectory(process.env));
// Only now: the rest would not even parse on an older Node.
const { run } = await import('./program.ts');
await run(process.argv);
