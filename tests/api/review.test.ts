/* Faults that a reading of the whole house found: each test is one of them, and fails where it comes back. */
import { describe, expect, test } from 'vitest';
import { ok, refused } from './lib/client.ts';
import { details, rows } from './lib/crm.ts';
import { Document } from './lib/document.ts';
import { Desk, house, member } from './lib/inbox.ts';
import { unique } from './lib/people.ts';
import { until } from './lib/server.ts';

const all = house();

describe('what somebody wrote into a setting or a header', () => {
  test('a nonsense number of hours in the settings does not stop the messages', async () => {
    const desk = await Desk.make(all.server);
    for (const reopenHours of ['amanhã', -1, 99_999_999_999, { a: 1 }, 1.5, true]) {
      const refusal = refused(await desk.owner.call('organization.update', {}, { json: { settings: { reopenHours } } }), 400);
      expect(details(refusal)).toEqual(['settings.reopenHours OUT_OF_RANGE']);
      // What stands there from before, or was put there by hand.
      desk.sql(`update organizations set settings = settings || '${JSON.stringify({ reopenHours })}' where id = '${desk.org.id}'`);
      const { visitor, chatId } = await desk.guest();
      await desk.close(chatId);
      // Twelve hours, as by default: the same chat again.
      expect((await visitor.say('Mais uma coisa'))['chatId']).toBe(chatId);
    }
    // A number of hours is one: with 0 every closed chat stays closed.
    ok(await desk.owner.call('organization.update', {}, { json: { settings: { reopenHours: 0 } } }), 200);
    const { visitor, chatId } = await desk.guest();
    await desk.close(chatId);
    expect((await visitor.say('De novo'))['chatId']).not.toBe(chatId);
  });

  test('what a browser calls itself is cut and cleaned, and the visitor still hears their chat', async () => {
    const { desk } = all;
    for (const agent of ['Mozilla/5.0 (caf\u00e9 \u00ff)', `Mozilla/5.0 ${'x'.repeat(3000)}`]) {
      const visitor = await desk.visitor();
      const ear = await visitor.socket();
      await ear.wait('hello');
      const said = ok(await visitor.call('POST', '/messages', { json: { text: 'Oi', clientId: `v-${unique()}` }, headers: { 'User-Agent': agent } })).json as Record<string, unknown>;
      const chat = await desk.chat(String(said['chatId']));
      const kept = String(member(chat, 'visitor')['agent']);
      expect(kept).toMatch(/^Mozilla/);
      expect(kept.length).toBeLessThanOrEqual(300);
      await desk.send(String(said['chatId']), 'Bom dia!');
      await ear.wait('message', (data) => data['text'] === 'Bom dia!');
      ear.close();
    }
  });

  test('an empty clientId is refused: it would make one message of all', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    for (const id of ['messages.send', 'messages.note'])
      expect(details(refused(await desk.owner.call(id, { chatId }, { json: { content: 'Oi', clientId: '' } }), 400))).toEqual(['clientId TOO_SHORT']);
  });
});

describe('erasing a person', () => {
  test('takes nothing from others: a file of a shortcut, a file in a field of somebody else', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const customerId = String(member(await desk.chat(chatId), 'customer')['id']);
    const slug = `contrato_${unique().replace(/\W/g, '')}`.slice(0, 36).toLowerCase();
    ok(await desk.owner.call('fields.create', {}, { json: { name: 'Contrato', slug, kind: 'file' } }), 201);
    const [list, contract, own] = [await desk.upload(), await desk.upload(), await desk.upload()];
    const keyword = `lista${unique()}`;
    const shortcutId = ok(await desk.owner.call('shortcuts.create', {}, { json: { keyword, shared: true, steps: [{ content: 'A lista', fileIds: [list] }] } }), 201).str('id');
    const other = await desk.owner.make({ name: 'Outra', email: `${unique()}@example.com`, fields: { [slug]: contract } });
    await desk.send(chatId, 'Veja', { fileIds: [list, contract, own] });
    const { chatId: second } = await desk.guest();
    ok(await desk.owner.call('customers.erase', { customerId }));
    for (const fileId of [list, contract]) expect((await desk.boss.client.get(desk.org.path(`/files/${fileId}`))).status, fileId).toBe(200);
    expect((await desk.boss.client.get(desk.org.path(`/files/${own}`))).status).toBe(404);
    const steps = rows(ok(await desk.owner.call('shortcuts.render', { shortcutId }, { json: { chatId: second } }), 200), 'steps');
    await desk.send(second, String(steps[0]?.['content']), { fileIds: steps[0]?.['fileIds'] as string[] });
    expect(member(await desk.owner.get(other.id), 'fields')[slug]).toBe(contract);
  });

  test('takes the answers that are kept for repeated requests, and only theirs', async () => {
    const { desk } = all;
    const make = (email: string) => desk.owner.call('customers.create', {}, { json: { name: 'Uma', email }, idempotencyKey: `k-${unique()}` });
    const [mine, theirs] = [`segredo-${unique()}@example.com`, `outro-${unique()}@example.com`];
    const customerId = ok(await make(mine), 201).str('id');
    ok(await make(theirs), 201);
    const kept = (email: string) => desk.sql(`select count(*) from idempotency_keys where org_id = '${desk.org.id}' and body like '%${email}%'`);
    expect([kept(mine), kept(theirs)]).toEqual(['1', '1']);
    ok(await desk.owner.call('customers.erase', { customerId }));
    expect([kept(mine), kept(theirs)]).toEqual(['0', '1']);
  });
});

test('what is not there is refused by the code that the document promises', async () => {
  const { desk } = all;
  const document = await Document.load(desk.server.url);
  const nobody = '0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d10';
  const lies: string[] = [];
  for (const operation of document.operations) {
    if (!/^(get|delete)$/i.test(operation.method) || !/\{organizationId\}.*\{/.test(operation.path)) continue;
    const path = operation.path.replace('{organizationId}', desk.org.id).replace(/\{\w+\}/g, nobody);
    const answer = await desk.boss.client.call(operation.method, path);
    const promised: string[] = JSON.stringify(operation.responses['404'] ?? '').match(/\b[A-Z]+_NOT_FOUND\b/g) ?? [];
    if (answer.status === 404 && promised.length > 0 && !promised.includes(answer.str('code'))) lies.push(`${operation.id}: ${answer.str('code')}`);
  }
  expect(lies).toEqual([]);
});

test('a shortcut does not write to an address that was removed', async () => {
  const { desk } = all;
  const address = `antigo-${unique()}@example.com`;
  const { chatId } = await desk.guest('Oi', { email: address });
  const customerId = String(member(await desk.chat(chatId), 'customer')['id']);
  const contacts = rows(ok(await desk.owner.call('customers.get', { customerId })), 'contacts');
  const contactId = String(contacts.find((one) => one['kind'] === 'email')?.['id']);
  const shortcutId = ok(await desk.owner.call('shortcuts.create', {}, { json: { keyword: `e${unique()}`, steps: [{ content: '{{customer.email|default:nenhum}}' }] } }), 201).str('id');
  const render = async () => rows(ok(await desk.owner.call('shortcuts.render', { shortcutId }, { json: { chatId } }), 200), 'steps')[0]?.['content'];
  expect(await render()).toBe(address);
  // A chat is held over it, so that the row stays, hidden.
  desk.sql(`update chats set contact_id = '${contactId}' where id = '${chatId}'`);
  ok(await desk.owner.call('customers.removeContact', { customerId, contactId }), 200);
  expect(desk.sql(`select hidden_at is not null from contacts where id = '${contactId}'`)).toBe('t');
  expect(await render()).toBe('nenhum');
});

test('what integrations say about where a person came from does not grow without end', async () => {
  const { desk } = all;
  const contactValue = `utm-${unique()}@example.com`;
  let applied = 0;
  let customerId = '';
  for (let i = 0; i < 12; i++) {
    const answer = ok(await desk.owner.call('public.chatCreate', {}, { json: { contactType: 'email', contactValue, channelId: desk.reaches('email'), utm: { [`campo_${i}`]: 'x'.repeat(1500) } } }), 200);
    customerId = answer.str('customerId');
    if (answer.get('utmApplied')) applied++;
  }
  expect(applied).toBeGreaterThan(3);
  expect(applied).toBeLessThan(7);
  expect(Number(desk.sql(`select length(utm::text) from customers where id = '${customerId}'`))).toBeLessThanOrEqual(8192);
});

test('a long queue is given out in portions, not in the request of whoever comes online', async () => {
  const desk = await Desk.make(all.server);
  const team = await desk.team({ distribution: 'least_open' });
  const agent = await desk.person('agent', [team]);
  // In one transaction, so that the job does not come in between.
  const portion = desk.sql(`with k as (
      insert into customers (org_id, name) select '${desk.org.id}', 'Fila ' || n from generate_series(1, 260) n returning org_id, id
    ), o as (
      insert into contacts (org_id, customer_id, kind, identifier, canonical) select org_id, id, 'other', id::text, id::text from k returning org_id, id, customer_id
    ) insert into chats (org_id, customer_id, contact_id, channel_id, team_id)
      select org_id, customer_id, id, '${desk.channel.id}', '${team}' from o;
    select inbox_distribute('${desk.org.id}', '${team}')`);
  expect(portion.split('\n').at(-1)).toBe('200');
  const given = () => Number(desk.sql(`select count(*) from chats where org_id = '${desk.org.id}' and assignee_id = '${agent.userId}'`));
  await until('the rest', () => given() === 260, 60_000, 500);
});
