/* Calls of a webhook trigger and kill -9: what was answered 202 happens once, and only once, whatever was killed when. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client, type JsonObject, ok } from '../api/lib/client.ts';
import { Desk } from '../api/lib/inbox.ts';
import { unique } from '../api/lib/people.ts';
import { Server, until } from '../api/lib/server.ts';
import { greeting, webhookTrigger } from '../api/lib/world.ts';

let server: Server;
let desk: Desk;
beforeAll(async () => {
  server = await Server.start();
  desk = await Desk.make(server);
});
afterAll(() => server?.stop());

test('what was accepted is said to the customer once', { timeout: 300_000 }, async () => {
  const flowId = ok(await desk.owner.call('flows.create', {}, { json: { name: 'Avisos' } }), 201).str('id');
  const triggerId = `hook-${unique()}`;
  const graph = greeting('Aviso para {{ customer.name }}', [webhookTrigger(triggerId, desk.channel.id, { check: 'none' })]);
  ok(await desk.owner.call('flows.saveDraft', { flowId }, { json: { graph, revision: 1 } }), 200);
  ok(await desk.owner.call('flows.publish', { flowId }, { json: {} }), 200);
  const path = new URL(ok(await desk.owner.call('flowHooks.get', { flowId, triggerId }), 200).str('url')).pathname;
  const caller = new Client(server.url);
  const accepted: string[] = [];
  const send = async (): Promise<void> => {
    const name = `Pessoa ${unique()}`;
    try {
      const answer = await caller.post(path, { person: { id: crypto.randomUUID(), name } } satisfies JsonObject);
      if (answer.status === 202) accepted.push(name);
    } catch {
      // It was killed under the call: nothing was promised.
    }
  };
  for (let round = 0; round < 3; round++) {
    const calls = Array.from({ length: 20 }, () => send());
    await Promise.race([Promise.all(calls), until('some to be accepted', () => accepted.length >= round * 10 + 5, 60_000, 1)]);
    await server.kill();
    await Promise.all(calls);
    await server.start();
  }
  expect(accepted.length).toBeGreaterThan(10);
  const said = (): Map<string, number> => {
    const lines = desk.sql(`select string_agg(content, '|') from messages where org_id = '${desk.org.id}' and direction = 'out'`).split('|');
    const counts = new Map<string, number>();
    for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
    return counts;
  };
  await until('all to be told', () => accepted.every((name) => said().has(`Aviso para ${name}`)), 180_000, 500);
  await until('the work to be done', () => desk.sql(`select count(*) from jobs where kind in ('flow.hook', 'flow.run') and state <> 'parked'`) === '0', 180_000, 500);
  expect([...said()].filter(([, n]) => n !== 1)).toEqual([]);
  expect(desk.sql(`select count(*) from jobs where state = 'parked'`)).toBe('0');
});
