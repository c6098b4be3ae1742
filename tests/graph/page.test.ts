/* The page for people: its words, and what it asks of the server. */
import { expect, test } from 'vitest';
import type { Json } from './graph.mjs';
import { words } from './page/words.mjs';
import { call, eventually, sendWhatsApp, stage } from './lib/receiver.ts';

test('every word in three languages', () => {
  const keys = Object.keys(words.en).sort();
  for (const language of ['pt', 'es'] as const) expect(Object.keys(words[language]).sort()).toEqual(keys);
  for (const [language, all] of Object.entries(words))
    for (const [key, text] of Object.entries(all)) expect(text, `${language} ${key}`).not.toBe('');
});

test('write as a customer, be answered, tap, refuse the next message', async () => {
  const { graph, receiver } = await stage();
  const act = async (body: Json): Promise<Json> => (await call(graph, 'POST', '/-/do', { json: body })).body;
  const state = async (person: string): Promise<Json> => (await call(graph, 'GET', `/-/state?person=${person}`)).body;
  expect((await fetch(graph.url)).headers.get('content-type')).toContain('text/html');
  for (const file of ['app.mjs', 'store.mjs', 'people.mjs', 'phone.mjs', 'panel.mjs', 'words.mjs', 'style.css'])
    expect((await fetch(`${graph.url}/-/${file}`)).status).toBe(200);
  const { key } = await act({ what: 'person', product: 'whatsapp', name: 'Ana', phone: '+55 11 98765-4321' });
  await act({ what: 'text', person: key, text: 'Oi' });
  for (const what of ['image', 'video', 'voice', 'document', 'sticker', 'location', 'contact', 'unsupported'])
    await act({ what, person: key });
  expect(receiver.messages().map((m) => m.type)).toEqual([
    'text',
    'image',
    'video',
    'audio',
    'document',
    'sticker',
    'location',
    'contacts',
    'unsupported',
  ]);
  await sendWhatsApp(graph, {
    to: '+5511987654321',
    type: 'interactive',
    interactive: { type: 'button', body: { text: 'Ok?' }, action: { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Sim' } }] } },
  });
  await eventually(async () => (await state(key)).thread.at(-1).state).toBe('delivered');
  expect((await state(key)).people[0].unread).toBe(1);
  await act({ what: 'reads', person: key });
  const { thread } = await state(key);
  await act({ what: 'tap', person: key, id: thread.at(-1).id, index: 0 });
  expect(receiver.messages().at(-1).interactive.button_reply.id).toBe('y');
  await act({ what: 'fault', code: 131016 });
  expect((await sendWhatsApp(graph, { to: '+5511987654321', type: 'text', text: { body: 'x' } })).body.error.code).toBe(131016);
  expect(await act({ what: 'subscribe', object: 'page', url: receiver.url, verifyToken: 'wrong' })).toMatchObject({
    ok: false,
    status: 403,
  });
  expect(await act({ what: 'subscribe', object: 'page', url: receiver.url, verifyToken: 'verify' })).toMatchObject({ ok: true });
  expect(graph.calls.every((c) => !c.path.startsWith('/-/'))).toBe(true);
});

test.each(['messenger', 'instagram'])('the same for %s', async (product) => {
  const { graph, receiver } = await stage();
  const act = async (body: Json): Promise<Json> => (await call(graph, 'POST', '/-/do', { json: body })).body;
  const { key } = await act({ what: 'person', product, name: 'Caio' });
  const all =
    product === 'instagram'
      ? ['image', 'video', 'voice', 'sticker', 'storyReply', 'storyMention', 'unsupported']
      : ['image', 'video', 'voice', 'document', 'sticker', 'location'];
  for (const what of all) expect(await act({ what, person: key })).toEqual({ ok: true });
  await act({ what: 'text', person: key, text: 'Oi' });
  expect(receiver.messaging()).toHaveLength(all.length + 1);
  await act({ what: 'owner', person: key, text: 'Pelo celular' });
  expect(receiver.messaging().at(-1)?.message).toMatchObject({ is_echo: true, text: 'Pelo celular' });
});
