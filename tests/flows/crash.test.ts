/* kill -9 while flows run: every session ends exactly as without it, nothing is said twice, no step is lost. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../api/lib/client.ts';
import { Desk, Visitor } from '../api/lib/inbox.ts';
import { unique } from '../api/lib/people.ts';
import { Server, makeDataDir, sleep, until } from '../api/lib/server.ts';
import { alive, postmaster, workersOf } from '../process/lib/command.ts';
import { Bench } from './lib/bench.ts';
import { graph } from './lib/draw.ts';

const dir = makeDataDir();
let server: Server;
let bench: Bench;

beforeAll(async () => {
  server = await Server.start({ dataDir: dir });
  bench = new Bench(await Desk.make(server));
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
  rmSync(server.logFile, { force: true });
});

/** Again and again until it is taken: the same message, by its client id. */
async function say(visitor: Visitor, text: string): Promise<void> {
  const clientId = `k-${unique()}`;
  await until(`"${text}" to be taken`, async () => {
    try {
      return (await visitor.write(text, { clientId })).status < 300;
    } catch {
      return false;
    }
  });
}

async function hears(visitor: Visitor, count: number): Promise<string[]> {
  return until(`${count} messages`, async () => {
    try {
      const found = await bench.told(visitor);
      return found.length >= count ? found : undefined;
    } catch {
      return undefined;
    }
  }, 120_000, 300);
}

const drawn = graph({
  triggers: [{ id: 't', kind: 'channel', enabled: true, priority: 0 }],
  nodes: [
    ['hi', 'message', { text: 'Oi' }],
    ['d1', 'delay', { mode: 'duration', durationMs: 1200 }],
    ['q', 'question', { text: 'Nome?', kind: 'text', variable: 'nome', timeoutMs: 600000 }],
    ['set', 'set', { assignments: [{ name: 'n', kind: 'expression', value: 'length(nome)' }] }],
    ['d2', 'delay', { mode: 'duration', durationMs: 1500 }],
    ['m', 'message', { text: '{{nome}}: {{n}}' }],
    ['late', 'message', { text: 'tarde' }],
  ],
  ways: ['start.next > hi', 'hi.next > d1', 'd1.next > q', 'q.next > set', 'set.next > d2', 'd2.next > m', 'q.timeout > late'],
});

async function converse(name: string): Promise<string[]> {
  const visitor = await until('a visitor', async () => Visitor.of(server.url, bench.desk.channel.key).catch(() => undefined));
  await say(visitor, 'oi');
  await hears(visitor, 2);
  await say(visitor, name);
  await hears(visitor, 3);
  await sleep(800);
  return hears(visitor, 3);
}

async function judge(flowId: string, count: number): Promise<void> {
  const sessions = await until('all of them to end', async () => {
    const found = await bench.sessions(flowId);
    return found.length === count && found.every((one) => one['status'] === 'done') ? found : undefined;
  });
  for (const one of sessions) {
    const log = (await bench.session(String(one['id']))).log;
    expect(log.map((line: JsonObject) => `${String(line['nodeId'])}.${String(line['what'])}`)).toEqual([
      'start.entered', 'hi.entered', 'd1.entered', 'd1.timeout', 'q.entered', 'q.answered', 'set.entered', 'd2.entered', 'd2.timeout', 'm.entered',
    ]);
    expect(log.map((line: JsonObject) => line['n'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  }
}

test('workers, again and again', { timeout: 240_000 }, async () => {
  const flowId = await bench.live(drawn);
  const names = Array.from({ length: 16 }, (_, i) => `Ana${'a'.repeat(i)}`);
  const all = Promise.all(names.map((name) => converse(name)));
  let over = false;
  void all.finally(() => (over = true)).catch(() => undefined);
  for (let i = 0; i < 12 && !over; i++) {
    await sleep(500 + Math.random() * 700);
    const victims = workersOf(server.pid);
    const victim = victims[i % Math.max(1, victims.length)];
    if (victim) process.kill(victim, 'SIGKILL');
    await until('a new worker', () => workersOf(server.pid).length === 2, 15_000);
  }
  expect(await all).toEqual(names.map((name) => ['Oi', 'Nome?', `${name}: ${name.length}`]));
  await judge(flowId, names.length);
});

test('everything, while all of them wait', { timeout: 240_000 }, async () => {
  const b = bench;
  for (const flow of await b.client.get(b.path('/flows')).then((answer) => (answer.get('items') as JsonObject[]) ?? []))
    await b.client.call('PATCH', b.path(`/flows/${String(flow['id'])}`), { json: { enabled: false } });
  const flowId = await b.live(drawn);
  const names = Array.from({ length: 8 }, (_, i) => `Bia${'b'.repeat(i)}`);
  const all = Promise.all(names.map((name) => converse(name)));
  all.catch(() => undefined);
  for (let i = 0; i < 2; i++) {
    await sleep(1500);
    const victims = [server.pid, postmaster(dir), ...workersOf(server.pid)];
    for (const pid of victims) process.kill(pid, 'SIGKILL');
    await server.kill();
    await until('all of them to be gone', () => !victims.some(alive), 10_000);
    await server.start();
  }
  expect(await all).toEqual(names.map((name) => ['Oi', 'Nome?', `${name}: ${name.length}`]));
  await judge(flowId, names.length);
});
