/* The jobs of flows end with their runs, and what a flow says in the web chat needs none. */
import { expect, test } from 'vitest';
import { Desk, house } from '../api/lib/inbox.ts';
import { sql } from '../process/lib/command.ts';
import { Bench } from './lib/bench.ts';
import { graph } from './lib/draw.ts';

const all = house();
const asking = graph({
  triggers: [{ id: 't', kind: 'channel', enabled: true, priority: 0 }],
  nodes: [['q', 'question', { text: 'Qual é o pedido?', kind: 'text', variable: 'pedido' }]],
  ways: ['start.next > q'],
});

test('a message of a flow is sent with the run that wrote it; no job is left', async () => {
  const b = new Bench(await Desk.make(all.server));
  await b.live(asking);
  const { visitor, chatId } = await b.desk.guest('oi');
  await b.hears(visitor, 1);
  const found = sql(all.server.dataDir, `select status, sent_at is not null from messages where chat_id = '${chatId}' and direction = 'out'`);
  expect(found).toBe('sent|t');
  const org = b.desk.org.id;
  expect(sql(all.server.dataDir, `select count(*) from jobs where org_id = '${org}' and kind in ('flow.run', 'message.send')`)).toBe('0');
});

test('a run whose job is somebody else’s by now leaves nothing', async () => {
  const b = new Bench(await Desk.make(all.server));
  const flowId = await b.live(asking);
  await b.desk.guest('oi');
  const [session] = await b.settled(flowId, 'waiting');
  const id = String(session?.['id']);
  const save = `select flow_save(s.org_id, jsonb_build_object('session', to_jsonb(s) || '{"node": "elsewhere"}', 'steps', '[]'::jsonb, 'silent', true,
    'job', '{"id": -1, "taken": 1}'::jsonb)) from flow_sessions s where s.id = '${id}'`;
  expect(() => sql(all.server.dataDir, save)).toThrow(/JOB_LOST/);
  expect((await b.session(id))['nodeId']).toBe('q');
});
