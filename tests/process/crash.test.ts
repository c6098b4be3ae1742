/* Processes that are killed: a worker, the database, everything. Each time the rest goes on or comes back by itself. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDataDir, Server, sleep, until } from '../api/lib/server.ts';
import { alive, postmaster, sql, workersOf } from './lib/command.ts';

const dir = makeDataDir();
let server: Server;

beforeAll(async () => {
  server = await Server.start({ dataDir: dir });
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
  rmSync(server.logFile, { force: true });
});

const ready = async (): Promise<boolean> => {
  try {
    return (await fetch(`${server.url}/readyz`)).status === 200;
  } catch {
    return false;
  }
};

test('kill -9 of a worker: another one takes its place, and the log says so', async () => {
  const before = workersOf(server.pid);
  const victim = before[0] ?? 0;
  process.kill(victim, 'SIGKILL');
  await until('a new worker', () => {
    const now = workersOf(server.pid);
    return now.length === 2 && !now.includes(victim);
  });
  await until('an answer', ready);
  const line = server.logLines().find((l) => String(l['message']).startsWith('a worker ended'));
  expect(line).toMatchObject({ level: 'error', by: expect.stringContaining('signal 9') });
  expect(line?.['message']).toMatch(/clients reconnect, its jobs run again/);
});

test('a worker that keeps dying is started with growing pauses, the other one serves', async () => {
  for (let i = 0; i < 3; i++) {
    const all = workersOf(server.pid);
    const youngest = Math.max(...all);
    process.kill(youngest, 'SIGKILL');
    await until('two workers', () => workersOf(server.pid).length === 2 && !workersOf(server.pid).includes(youngest));
    await until('an answer', ready);
  }
  const pauses = server
    .logLines()
    .filter((l) => String(l['message']).startsWith('a worker ended'))
    .map((l) => Number(l['again_in_ms']));
  expect(Math.max(...pauses)).toBeGreaterThan(100);
});

test('kill -9 of PostgreSQL: it comes back, nothing committed is lost', async () => {
  sql(dir, 'create table if not exists kept (n int); insert into kept values (7)');
  const old = postmaster(dir);
  process.kill(old, 'SIGKILL');
  await until('PostgreSQL', () => {
    try {
      return postmaster(dir) !== old && sql(dir, 'select n from kept') === '7';
    } catch {
      return false;
    }
  }, 30_000);
  await until('an answer', ready, 30_000);
  expect(alive(old)).toBe(false);
  sql(dir, 'drop table kept');
});

test('kill -9 of PostgreSQL while a query of it is busy', async () => {
  const old = postmaster(dir);
  const busy = sleep(0).then(() => {
    try {
      sql(dir, 'select count(*) from generate_series(1, 100000000000)');
      return 'finished';
    } catch {
      return 'cut off';
    }
  });
  void busy;
  process.kill(old, 'SIGKILL');
  await until('an answer', async () => {
    try {
      return postmaster(dir) !== old && (await ready());
    } catch {
      return false;
    }
  }, 60_000);
});

test('kill -9 of the supervisor: everything of it ends, and it starts again at once', async () => {
  const pg = postmaster(dir);
  const workers = workersOf(server.pid);
  await server.kill();
  await until('the workers to end', () => workers.every((pid) => !alive(pid)), 30_000);
  await server.start(); // while the old PostgreSQL may still be ending
  expect(alive(pg)).toBe(false);
  expect(await ready()).toBe(true);
});
