/* A server of its own for a test file: own data folder, own port, own private PostgreSQL (or DATABASE_URL from the
   options). INTERFLOW_BIN may point to a sanitizer build: what the sanitizers say fails the test at stop(). */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface ServerOptions {
  workers?: number;
  env?: Record<string, string>;
  /** A folder that stays (for tests that start twice); otherwise one is made and removed. */
  dataDir?: string;
  port?: number;
  args?: string[];
}

export const binary = resolve(
  process.env['INTERFLOW_BIN'] ?? join(import.meta.dirname, '../../../build/src/server/interflow'),
);

const waitMs = 60_000;
const sanitizers = /AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:/;

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/* A busy machine may be slow; what never comes is late enough after this. */
const patienceMs = 60_000;

/** Asks again and again until the answer is neither undefined, null nor false. */
export async function until<T>(what: string, ask: () => Promise<T> | T, atLeastMs = patienceMs, everyMs = 50): Promise<NonNullable<T>> {
  const timeoutMs = Math.max(atLeastMs, patienceMs);
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer as NonNullable<T>;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await sleep(everyMs);
  }
}

/** A port that nobody listens on, outside the range from which the kernel takes those of outgoing connections: none of them
    takes it before the one it is for. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    const free = await new Promise<boolean>((done) => {
      const probe = createServer();
      probe.once('error', () => done(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)));
    });
    if (free) return port;
  }
}

/** A data folder that the user of the private PostgreSQL may enter too. */
export function makeDataDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'interflow-test-'));
  chmodSync(dir, 0o755);
  return dir;
}

/* What a failed test left running goes with the test file's process. */
const stillRunning = new Set<ChildProcess>();
for (const end of ['exit', 'SIGTERM', 'SIGINT', 'disconnect'])
  process.on(end, () => {
    for (const child of stillRunning) child.kill('SIGTERM');
    stillRunning.clear();
  });

export class Server {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly logFile: string;
  private readonly temporary: boolean;
  private process: ChildProcess | undefined;
  private exited: Promise<number> | undefined;

  private constructor(private readonly options: ServerOptions, port: number) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.temporary = options.dataDir === undefined;
    this.dataDir = options.dataDir ?? makeDataDir();
    this.logFile = `${this.dataDir}.log`;
  }

  static async start(options: ServerOptions = {}): Promise<Server> {
    if (!existsSync(binary)) throw new Error(`there is no ${binary}: build it, or set INTERFLOW_BIN`);
    const server = new Server(options, options.port ?? (await freePort()));
    await server.start();
    return server;
  }

  /** Starts it (again, after kill or stop) and waits until it answers /readyz. */
  async start(): Promise<void> {
    const log = openSync(this.logFile, 'a');
    const args = ['serve', '--listen', `127.0.0.1:${this.port}`, '--data', this.dataDir, '--no-demo', ...(this.options.args ?? [])];
    const child = spawn(binary, args, {
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        INTERFLOW_WORKERS: String(this.options.workers ?? 2),
        INTERFLOW_LOG_FORMAT: 'json',
        ASAN_OPTIONS: 'detect_stack_use_after_return=0:abort_on_error=0',
        UBSAN_OPTIONS: 'print_stacktrace=1',
        ...this.options.env,
      },
    });
    closeSync(log);
    this.process = child;
    stillRunning.add(child);
    this.exited = new Promise((done) => {
      child.once('exit', (code, signal) => {
        stillRunning.delete(child);
        done(signal ? 128 : (code ?? 1));
      });
    });
    let gone: number | undefined;
    void this.exited.then((code) => (gone = code));
    await until(
      'the server to be ready',
      async () => {
        if (gone !== undefined) throw new Error(`the server ended with ${gone}:\n${this.log().slice(-4000)}`);
        try {
          return (await fetch(`${this.url}/readyz`)).status === 200;
        } catch {
          return false;
        }
      },
      waitMs,
    );
  }

  get pid(): number {
    return this.process?.pid ?? 0;
  }

  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  /** Lines of the log as objects. */
  logLines(): Record<string, unknown>[] {
    return this.log()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** kill -9 of the supervisor: nothing is given a chance to clean up. */
  async kill(): Promise<void> {
    this.process?.kill('SIGKILL');
    await this.exited;
    this.process = undefined;
  }

  signal(name: NodeJS.Signals): void {
    this.process?.kill(name);
  }

  /** Ctrl+C, but the data stay: for a start() afterwards. Returns the exit status. */
  async halt(): Promise<number> {
    if (!this.process) return 0;
    this.process.kill('SIGTERM');
    const late = setTimeout(() => this.process?.kill('SIGKILL'), 30_000);
    const code = (await this.exited) ?? 1;
    clearTimeout(late);
    this.process = undefined;
    return code;
  }

  /** Ends it, checks that it ended well and that no sanitizer complained, removes what it left. */
  async stop(): Promise<void> {
    const code = await this.halt();
    const log = this.log();
    const complaint = log.split('\n').findIndex((line) => sanitizers.test(line));
    if (this.temporary) {
      rmSync(this.dataDir, { recursive: true, force: true });
      if (complaint < 0 && code === 0) rmSync(this.logFile, { force: true });
    }
    if (complaint >= 0) throw new Error(`a sanitizer complained:\n${log.split('\n').slice(complaint, complaint + 60).join('\n')}`);
    if (code !== 0) throw new Error(`the server ended with ${code}:\n${log.slice(-4000)}`);
  }
}
