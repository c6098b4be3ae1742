import { test } from 'vitest';
import { ok } from './lib/client.ts';
import { rows } from './lib/crm.ts';
import { house } from './lib/inbox.ts';
import { sleep } from './lib/server.ts';
const all = house();
test('x', { timeout: 120000 }, async () => {
  const { desk } = all;
  const steps = ['um', 'dois', 'três', 'quatro', 'cinco'].map((content, i) => ({ content, tempId: `t${i}`, delay_after_ms: i === 0 ? 800 : 0 }));
  for (let i = 0; i < 25; i++) {
    const { chatId } = await desk.guest('Oi');
    ok(await desk.owner.call('public.sequenceCreate', { chatId }, { json: { steps } }), 201);
  }
  for (let i = 0; i < 8; i++) {
    await sleep(1000);
    const left = desk.sql(`select clock_timestamp()::time, id, kind, due_at::time, state, tries, lease_until::time, order_key, error from jobs where org_id is not null order by order_key, id`);
    console.log(left);
  }
  console.log(all.server.logLines().filter((one) => one['level'] !== 'debug').map((one) => JSON.stringify(one)).slice(-20).join('\n'));
});
