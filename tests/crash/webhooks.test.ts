/* Outgoing webhooks while everything is killed: each event arrives, with one id whenever it arrives twice, and is written down
   exactly once. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, ok } from '../api/lib/client.ts';
import { Desk, member } from '../api/lib/inbox.ts';
import { unique } from '../api/lib/people.ts';
import { Receiver, answer, signed } from '../api/lib/receiver.ts';
import { Server, makeDataDir, sleep, until } from '../api/lib/server.ts';
import { alive, postmaster, workersOf } from '../process/lib/command.ts';
import { answers, judgeLog } from './stream.ts';

const dir = makeDataDir();
const total = 500;
let server: Server;
let desk: Desk;
let receiver: Receiver;

beforeAll(async () => {
  server = await Server.start({ dataDir: dir, env: { INTERFLOW_ALLOW_PRIVATE: '127.0.0.1/32' } });
  desk = await Desk.make(server);
  receiver = await Receiver.start();
});
afterAll(async () => {
  judgeLog(server.logLines());
  await server.stop();
  await receiver.stop();
  rmSync(dir, { recursive: true, force: true });
  rmSync(server.logFile, { force: true });
});

test('kill -9 of workers, of PostgreSQL and of everything while 500 messages come in', { timeout: 300_000 }, async () => {
  const json = { name: `ERP ${unique()}`, url: receiver.url, events: ['message.received'] };
  const made = ok(await desk.owner.call('webhooks.create', {}, { json }), 201);
  const webhookId = made.str('id');
  // A receiver as they are: slow now and then, and out of order now and then.
  receiver.behave = (notice, response, request) => {
    const dice = Math.random();
    if (dice < 0.05) answer(500)(notice, response, request);
    else if (dice < 0.1) request.socket.destroy();
    else setTimeout(() => answer(200)(notice, response, request), dice < 0.3 ? 30 : 0);
  };

  const told = new Set<string>();
  const taken = (one: Answer | undefined): boolean => one?.status === 201 || one?.status === 200;
  const write = async (n: number): Promise<void> => {
    const visitor = await until('a visitor', () => desk.visitor().catch(() => undefined), 60_000, 200);
    for (let i = 0; i < total / 25; i++) {
      const text = `n ${n} ${i}`;
      const clientId = `v-${unique()}`;
      // Again with its client id until it is acknowledged.
      await until(
        'an acknowledgement',
        async () => taken(await visitor.call('POST', '/messages', { json: { text, clientId } }).catch(() => undefined)),
        60_000,
        100,
      );
      told.add(text);
    }
  };
  const writers = Promise.all(Array.from({ length: 25 }, (_, n) => write(n)));
  let writing = true;
  const over = writers.finally(() => (writing = false));
  for (let round = 0; writing && round < 12; round++) {
    await sleep(500 + Math.random() * 400);
    if (round % 4 === 3) {
      const victims = [server.pid, postmaster(dir), ...workersOf(server.pid)];
      for (const pid of victims) process.kill(pid, 'SIGKILL');
      await server.kill();
      await until('all of them to be gone', () => !victims.some(alive), 10_000);
      await server.start();
    } else {
      const victims = workersOf(server.pid);
      const victim = victims[round % Math.max(1, victims.length)];
      if (victim) process.kill(victim, 'SIGKILL');
    }
    await answers(desk);
  }
  await over;
  expect(told.size).toBe(total);

  // What failed is due later; that time is there now.
  const heard = (): Set<string> => new Set(receiver.notices.map((one) => String(member(one.data, 'message')['content'])));
  await until(
    'all of them',
    () => {
      desk.sql(`update webhooks set paused_until = null`);
      desk.sql(`update webhook_deliveries set due_at = now() where state = 'waiting'`);
      desk.sql(`update jobs set due_at = now() where kind = 'webhook.deliver' and state = 'waiting'`);
      return heard().size === total;
    },
    120_000,
    1000,
  );
  expect([...heard()].toSorted()).toEqual([...told].toSorted());
  const ids = new Map<string, Set<string>>();
  for (const one of receiver.notices) {
    const text = String(member(one.data, 'message')['content']);
    ids.set(text, (ids.get(text) ?? new Set()).add(one.eventId));
    expect(signed(one, made.str('secret'))).toBe(true);
  }
  expect([...ids.values()].every((one) => one.size === 1)).toBe(true);
  await until('everything delivered', () => desk.sql(`select count(*) from webhook_deliveries where state <> 'delivered'`) === '0', 60_000);
  expect(desk.sql(`select count(*), count(distinct event_id), count(distinct sequence), max(sequence) from webhook_deliveries where webhook_id = '${webhookId}'`)).toBe(
    `${total}|${total}|${total}|${total}`,
  );
});
