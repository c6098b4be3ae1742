/* Killed while bodies of a webhook are being read: every message that was acknowledged is there once, and each person's in order. */
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { sleep, until } from '../api/lib/server.ts';
import { connect, metaHouse } from '../channels/lib/meta.ts';
import { workersOf } from '../process/lib/command.ts';

const all = metaHouse({ killed: true });

test('bodies that come within a millisecond keep their order: their ids sort by less', () => {
  expect(all.desk.sql("select bool_and(uuid_v7()::text ~ '^0[0-9a-f]{7}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$') from generate_series(1, 1000)").trim()).toBe('t');
  all.desk.sql(`do $$ declare a uuid; b uuid; begin
    for i in 1 .. 2000 loop
      a := uuid_v7(); perform pg_sleep(0.00001); b := uuid_v7();
      if a >= b then raise exception '% came before %', a, b; end if;
    end loop;
  end $$`);
});

test('kill -9 of all workers while bodies are read: each message once, in order', { timeout: 300_000 }, async () => {
  const channel = await connect(all, 'messenger');
  const page = all.graph.page.id;
  const people = Array.from({ length: 25 }, (_, i) => `88${Date.now()}${i}`);
  const acknowledged = new Map<string, string[]>(people.map((p) => [p, []]));
  let stop = false;
  const write = async (from: string): Promise<void> => {
    for (let n = 0; !stop; n++) {
      const text = `${n}`;
      const raw = JSON.stringify({
        object: 'page',
        entry: [{ id: page, time: Date.now(), messaging: [{ sender: { id: from }, recipient: { id: page }, timestamp: Date.now(), message: { mid: `${from}-${n}`, text } }] }],
      });
      const signature = `sha256=${createHmac('sha256', all.graph.app.secret).update(raw).digest('hex')}`;
      for (;;) {
        // As the platform does: again until it hears 200.
        try {
          const answer = await fetch(channel.url, { method: 'POST', body: raw, headers: { 'X-Hub-Signature-256': signature } });
          if (answer.status === 200) break;
        } catch {
          // nobody there at the moment
        }
        await sleep(100);
      }
      acknowledged.get(from)?.push(text);
    }
  };
  const writers = people.map(write);
  for (let i = 0; i < 4; i++) {
    await sleep(1200);
    for (const pid of workersOf(all.server.pid)) process.kill(pid, 'SIGKILL');
    await until('new workers', () => workersOf(all.server.pid).length === 2, 60_000);
  }
  await sleep(800);
  stop = true;
  await Promise.all(writers);
  // The lease of the last victim's run must end before another goes on.
  await until('all bodies to be read', () => all.desk.sql(`select count(*) from channel_bodies where state = 'waiting'`).trim() === '0', 120_000, 500);
  expect(all.desk.sql(`select count(*) from channel_bodies where state = 'parked'`).trim()).toBe('0');
  for (const [from, texts] of acknowledged) {
    const stored = all.desk
      .sql(
        `select m.content from messages m join chats c on c.id = m.chat_id join contacts k on k.id = c.contact_id
         where k.identifier = '${from}' and m.direction = 'in' order by m.seq`,
      )
      .trim()
      .split('\n');
    const moved = stored.flatMap((text, i) => (text === texts[i] ? [] : [`${i}: ${text}`]));
    expect(stored, `of ${from} ${moved.slice(0, 20).join(', ')}`).toEqual(texts);
  }
});
