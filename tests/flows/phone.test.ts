/* Flows on WhatsApp, with the stand-in of its platform as the peer: the owner's phone pauses them, and whatever is killed, the customer's
   phone gets every message once. */
import { describe, expect, test } from 'vitest';
import { type JsonObject, ok } from '../api/lib/client.ts';
import { sleep } from '../api/lib/server.ts';
import { workersOf } from '../process/lib/command.ts';
import { arrived, until } from '../channels/lib/meta.ts';
import { whatsappHouse } from '../channels/lib/whatsapp.ts';
import { Bench } from './lib/bench.ts';
import { graph } from './lib/draw.ts';

const { all, account, person, talk } = whatsappHouse({ killed: true });
const everywhere = (): JsonObject => ({ id: 't', kind: 'channel', enabled: true, priority: 0, channelIds: [account.id] });

async function only(b: Bench, drawn: JsonObject): Promise<string> {
  b.desk.sql('update flows set enabled = false; delete from flow_triggers');
  return b.live(drawn);
}

describe('the phone app', () => {
  test('an echo pauses the flow in the transaction that brings it, and the flow is silent until it is resumed', async () => {
    const b = new Bench(all.desk);
    const flowId = await only(b, graph({ triggers: [everywhere()], nodes: [['q', 'question', { text: 'Nome?', kind: 'text', variable: 'nome' }], ['m', 'message', { text: 'Oi, {{nome}}' }]], ways: ['start.next > q', 'q.next > m'] }));
    const ana = person();
    const { chatId } = await talk(ana, 'oi');
    await ana.receives('Nome?');
    const echo = await arrived(all, await all.graph.ownerSends(ana, 'deixa comigo'));
    // What the echo's transaction wrote: its message, the session, the chat.
    const written = all.desk.sql(`select m.xmin::text = s.xmin::text from messages m join flow_sessions s on s.org_id = m.org_id and s.chat_id = m.chat_id
      where m.id = '${String(echo['id'])}' and s.status = 'paused' and s.ended_how = 'taken'`);
    expect(written).toBe('t');
    expect(await b.chat(chatId)).toMatchObject({ owner: 'human', flow: { flowId, status: 'paused' } });
    await talk(ana, 'Ana');
    await sleep(600);
    expect(ana.inbox.map((one) => one.text)).toEqual(['Nome?', 'deixa comigo']);
    const [paused] = await b.settled(flowId, 'paused');
    ok(await b.client.post(b.path(`/flow-sessions/${String(paused?.['id'])}/resume`), {}));
    await ana.receives('Oi, Ana');
  });

  test('at whatever moment: not a word of the flow after it', async () => {
    const b = new Bench(all.desk);
    await only(b, graph({ triggers: [everywhere()], nodes: [['q', 'question', { text: 'Diga.', kind: 'text', variable: 'dito' }], ['m', 'message', { text: 'Disse {{dito}}.' }]], ways: ['start.next > q', 'q.next > m', 'm.next > q'] }));
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const who = person();
        const { chatId } = await talk(who, 'oi');
        const talking = (async () => {
          for (let n = 0; n < 5; n++) {
            await who.sends.text(`n${n}`);
            await sleep(Math.random() * 80);
          }
        })();
        await sleep(100 + Math.random() * 700);
        const echo = await arrived(all, await all.graph.ownerSends(who, 'sou eu'));
        await talking;
        await sleep(800);
        const lines = await b.desk.messages(chatId, { limit: 100 });
        const at = Number(echo['seq']);
        expect(lines.filter((line) => line['authorKind'] === 'bot' && Number(line['seq']) > at)).toEqual([]);
        expect(await b.chat(chatId)).toMatchObject({ owner: 'human' });
      }),
    );
  });
});

describe('kill -9', () => {
  test('of workers while flows talk: the phone gets each message once, in order', { timeout: 300_000 }, async () => {
    const b = new Bench(all.desk);
    const flowId = await only(
      b,
      graph({
        triggers: [everywhere()],
        nodes: [
          ['a', 'message', { text: 'Um' }],
          ['d', 'delay', { mode: 'duration', durationMs: 1000 }],
          ['q', 'question', { text: 'Nome?', kind: 'text', variable: 'nome' }],
          ['m', 'message', { text: 'Oi, {{nome}}' }],
          ['n', 'message', { text: 'Fim' }],
        ],
        ways: ['start.next > a', 'a.next > d', 'd.next > q', 'q.next > m', 'm.next > n'],
      }),
    );
    const crowd = Array.from({ length: 16 }, (_, i) => ({ who: person(`P${i}`), i }));
    let over = false;
    // Who lives has renewed its lease at half of its time: what has less than that left is a dead worker's.
    const freed = (): void => {
      all.desk.sql(`update jobs set lease_until = now() - interval '1 second' where state = 'running' and not recurring
        and lease_until < now() + case when kind = 'message.send' then interval '28 seconds' when kind like 'flow.%' then interval '1 second' else interval '13 seconds' end`);
    };
    const talking = Promise.all(
      crowd.map(async ({ who, i }) => {
        await who.sends.text('oi');
        await until('the question', () => who.inbox.some((one) => one.text === 'Nome?'));
        await who.sends.text(`Ana ${i}`);
        await until('the end', () => who.inbox.some((one) => one.text === 'Fim'));
      }),
    ).finally(() => (over = true));
    talking.catch(() => undefined);
    for (let i = 0; !over; i++) {
      await sleep(700 + Math.random() * 800);
      const [victim] = workersOf(all.server.pid);
      if (victim && i < 5) process.kill(victim, 'SIGKILL');
      try {
        freed();
      } catch {
        // it starts again
      }
    }
    await talking;
    // A connection that is kept alive may be to a worker that is gone.
    await until('every session to end', async () => (await b.sessions(flowId, 'done').catch(() => [])).length === crowd.length);
    await until('nothing to be on its way', () => all.desk.sql("select count(*) from jobs where kind = 'message.send'") === '0');
    for (const { who, i } of crowd) expect(who.inbox.map((one) => one.text)).toEqual(['Um', 'Nome?', `Oi, Ana ${i}`, 'Fim']);
  });
});
