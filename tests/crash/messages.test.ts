/* Whatever is killed in the middle of a stream of messages: what was acknowledged is there once and in order, jobs had their effect
   once, pages catch up. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk } from '../api/lib/inbox.ts';
import { Server, makeDataDir, sleep, until } from '../api/lib/server.ts';
import { alive, postmaster, workersOf } from '../process/lib/command.ts';
import { Stream, answers, judgeLog } from './stream.ts';

const dir = makeDataDir();
let server: Server;
let desk: Desk;

beforeAll(async () => {
  server = await Server.start({ dataDir: dir });
  desk = await Desk.make(server);
});
afterAll(async () => {
  judgeLog(server.logLines());
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
  rmSync(server.logFile, { force: true });
});

test('kill -9 of a worker, again and again', async () => {
  const stream = await Stream.start(desk, 6, 3);
  // Six times, and until one of them has met a request under way.
  for (let i = 0; i < 6 || (stream.again === 0 && i < 40); i++) {
    await sleep(700 + Math.random() * 600);
    const victims = workersOf(server.pid);
    const victim = victims[i % Math.max(1, victims.length)];
    if (victim) process.kill(victim, 'SIGKILL');
    await until('a new worker', () => workersOf(server.pid).length === 2, 15_000);
  }
  await answers(desk);
  await sleep(500);
  await stream.judge();
  expect(stream.again).toBeGreaterThan(0);
});

test('both workers at once', async () => {
  const stream = await Stream.start(desk, 4, 2);
  for (let i = 0; i < 2; i++) {
    await sleep(800);
    for (const pid of workersOf(server.pid)) process.kill(pid, 'SIGKILL');
    await answers(desk);
  }
  await sleep(500);
  await stream.judge();
});

test('kill -9 of everything: supervisor, workers, PostgreSQL', async () => {
  const stream = await Stream.start(desk, 6, 3);
  for (let i = 0; i < 3; i++) {
    await sleep(1000 + Math.random() * 500);
    const victims = [server.pid, postmaster(dir), ...workersOf(server.pid)];
    for (const pid of victims) process.kill(pid, 'SIGKILL');
    await server.kill();
    await until('all of them to be gone', () => !victims.some(alive), 10_000);
    await server.start();
    await answers(desk);
  }
  await sleep(500);
  await stream.judge();
  expect(stream.again).toBeGreaterThan(0);
});

test('PostgreSQL restarts and crashes under load: 503 meanwhile, back by itself', async () => {
  const stream = await Stream.start(desk, 6, 3);
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    await sleep(1000);
    const old = postmaster(dir);
    const before = stream.again;
    process.kill(server.pid, 'SIGSTOP'); // nobody starts another one before the load has met its absence
    process.kill(old, signal);
    await until('a request that the missing database refused', () => stream.again > before, 60_000);
    process.kill(server.pid, 'SIGCONT');
    await until(
      'another PostgreSQL',
      () => {
        try {
          return postmaster(dir) !== old;
        } catch {
          return false;
        }
      },
      60_000,
    );
    await answers(desk);
  }
  await sleep(1000);
  await stream.judge();
  expect(stream.again).toBeGreaterThan(0);
});

test('SIGHUP: new workers under load, nobody has to send anything again', async () => {
  const stream = await Stream.start(desk, 6, 3);
  for (let i = 0; i < 2; i++) {
    await sleep(700);
    const before = workersOf(server.pid);
    server.signal('SIGHUP');
    await until('new workers', () => {
      const now = workersOf(server.pid);
      return now.length === 2 && now.every((pid) => !before.includes(pid));
    }, 60_000);
  }
  await sleep(700);
  await stream.judge();
  expect(stream.why).toEqual([]);
});

test('SIGTERM under load, and a start afterwards', async () => {
  const stream = await Stream.start(desk, 6, 3);
  await sleep(1200);
  expect(await server.halt()).toBe(0);
  await sleep(300);
  await server.start();
  await answers(desk);
  await sleep(700);
  await stream.judge();
});
