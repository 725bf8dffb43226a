import { runDemo } from '../local/demo/demo.ts';
import { listenForInterruption } from '../local/demo/interruption.ts';
import { plainPresenter } from '../local/demo/plain-presenter.ts';
import type { Presenter } from '../local/demo/presenter.ts';
import { isDone, problemsOf, tableOf } from '../local/demo/result.ts';
import { glyphsFor } from '../local/demo/screen/glyphs.ts';
import { screenPresenter } from '../local/demo/screen-presenter.ts';
import type { Ports } from '../local/servers/ports.ts';

export interface DemoCommandOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly keepData: boolean;
  readonly timeoutMs: number;
  readonly ports: Partial<Ports>;
}

/** The demo on this terminal. Sets the exit code; rejects with one message for people. */
export async function demo({ once, json, keepData, timeoutMs, ports }: DemoCommandOptions): Promise<void> {
  const interruption = listenForInterruption();
  const presenter = presenterFor(json ? process.stderr : process.stdout);
  try {
    const results = await runDemo({ presenter, signal: interruption.signal, once, timeoutMs, keepData, ports });
    if (json) process.stdout.write(`${JSON.stringify({ incidents: results })}\n`);
    else process.stdout.write(`\n${[tableOf(results), ...(once ? problemsOf(results) : [])].join('\n')}\n`);
    process.exitCode = once && !results.every(isDone) ? 1 : 0;
    // Ctrl-C is how the endless demo ends; with --once it is a failure.
    if (once && interruption.exitCode !== undefined) process.exitCode = interruption.exitCode;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    presenter.progress('interrupted: everything is ended');
    process.exit(interruption.exitCode); // whatever is still being built ends with this process
  }
}

function presenterFor(stream: NodeJS.WriteStream): Presenter {
  const write = (text: string): boolean => stream.write(text);
  if (!stream.isTTY || process.env['TERM'] === 'dumb') return plainPresenter(write);
  return screenPresenter(stream, glyphsFor(process.env), stream.hasColors());
}
