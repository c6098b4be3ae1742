/* The program's commands as a person calls them: arguments in; exit status and words out. */
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { binary } from '../../api/lib/server.ts';

export interface Outcome {
  code: number;
  out: string;
  err: string;
  /** Lines of standard error that are no log lines. */
  complaints: string[];
}

export interface CommandOptions {
  env?: Record<string, string>;
  /** Killed, and an error, when it takes longer. */
  timeoutMs?: number;
  uid?: number;
}

export function command(args: string[], options: CommandOptions = {}): Promise<Outcome> {
  return new Promise((done, fail) => {
    const child = spawn(binary, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, INTERFLOW_LOG_FORMAT: 'json', INTERFLOW_WORKERS: '1', ...options.env },
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      fail(new Error(`${args.join(' ')} did not end:\n${out}\n${err}`));
    }, options.timeoutMs ?? 60_000);
    child.once('error', fail);
    child.once('close', (code, signal) => {
      clearTimeout(late);
      const complaints = err.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
      done({ code: signal ? 128 : (code ?? 1), out, err, complaints });
    });
  });
}

/** One value from the private PostgreSQL of a running server. */
export function sql(dataDir: string, statement: string): string {
  const where = `host=${dataDir}/run user=interflow dbname=interflow`;
  return execFileSync('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', statement, where], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

interface ProcessRow {
  pid: number;
  parent: number;
  name: string;
  state: string;
}

function processes(): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const end = stat.lastIndexOf(')');
      const [state = '', parent = '0'] = stat.slice(end + 2).split(' ');
      rows.push({ pid: Number(entry), parent: Number(parent), name: stat.slice(stat.indexOf('(') + 1, end), state });
    } catch {
      // it ended meanwhile
    }
  }
  return rows;
}

/** Is there a living process with this pid? */
export function alive(pid: number): boolean {
  return processes().some((row) => row.pid === pid && row.state !== 'Z');
}

/** The workers of a supervisor. */
export function workersOf(supervisor: number): number[] {
  return processes()
    .filter((row) => row.parent === supervisor && row.name === 'interflow' && row.state !== 'Z')
    .map((row) => row.pid);
}

/** The pid of the private PostgreSQL. */
export function postmaster(dataDir: string): number {
  return Number(readFileSync(`${dataDir}/pg/postmaster.pid`, 'utf8').split('\n')[0]);
}
