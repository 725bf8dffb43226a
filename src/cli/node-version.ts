const NEEDED = [24, 11] as const;

/** Ends the process with advice when this Node cannot run us. */
export function checkNodeVersion(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
  process.stderr.write(
    `kubeskippy needs Node ${NEEDED.join('.')} or newer, this is ${process.version}.\n` +
      'In a clone use `npm run kubeskippy -- …`, which brings its own Node on Linux; elsewhere install a newer Node.\n',
  );
  process.exit(1);
}
