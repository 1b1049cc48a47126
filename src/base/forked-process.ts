// A child process of the server: forked, noted for the next server while it lives, its standard error turned into lines, its end awaited.
import { type ChildProcess, fork } from 'node:child_process';
import { logLines } from './line-log.ts';

/** Notes a process, so that the next server can end it should this one be killed; `forget` is called when the process is gone. */
export type RecordChild = (pid: number) => { forget(): void };

export interface ForkedProcessOptions {
  /** Its main module. */
  entry: URL;
  execArgv: readonly string[];
  /** Undefined: the environment of the server. */
  env?: Record<string, string> | undefined;
  recordChild?: RecordChild | undefined;
  onMessage: (message: unknown) => void;
  /** A line of its standard error; beyond `linesPerSecond` they are only counted. */
  onLine: (line: string) => void;
  linesPerSecond: number;
}

export class ForkedProcess {
  /** Resolves when it is gone, or could not be started, with how in a few words. Never rejects. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;

  constructor({ entry, execArgv, env, recordChild, onMessage, ...lines }: ForkedProcessOptions) {
    const child = fork(entry, {
      execArgv: [...execArgv],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      ...(env && { env }),
    });
    this.#child = child;
    const record = child.pid === undefined ? undefined : recordChild?.(child.pid);
    const gone = Promise.withResolvers<string>();
    child.on('message', onMessage);
    child.on('exit', (code, signal) => gone.resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    child.on('error', (error) => {
      if (child.pid === undefined) gone.resolve(error.message);
    });
    if (child.stderr) logLines(child.stderr, lines.linesPerSecond, lines.onLine);
    this.exited = gone.promise.finally(() => record?.forget());
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Lost when the process is ending: its exit tells. */
  send(message: object): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** Closes the channel: the process ends when it sees that. */
  disconnect(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
