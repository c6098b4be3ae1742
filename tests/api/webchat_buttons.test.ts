/* Buttons, lists and links of the web chat: what the team offers, how the visitor sees it, and that an answer is one message about
   something that was really offered. */
import { describe, expect, test } from 'vitest';
import { type JsonObject, ok, refused } from './lib/client.ts';
import { details, rows } from './lib/crm.ts';
import { type Row, type Visitor, house, member, png } from './lib/inbox.ts';
import { makeKey, unique } from './lib/people.ts';

const all = house();

const buttons = [
  { id: 'sim', title: 'Sim' },
  { id: 'nao', title: 'Agora não' },
];
const list = {
  button: 'Ver horários',
  sections: [
    { title: 'Manhã', rows: [{ id: 'h9', title: '9h', description: 'Com a Bruna' }] },
    { title: 'Tarde', rows: [{ id: 'h14', title: '14h' }] },
  ],
};

/** A visitor with a message of the team that offers something. */
async function offered(data: JsonObject, content = 'Você confirma?'): Promise<{ visitor: Visitor; chatId: string; offer: Row }> {
  const { visitor, chatId } = await all.desk.guest();
  return { visitor, chatId, offer: await all.desk.send(chatId, content, { data }) };
}
const inbound = async (chatId: string): Promise<Row[]> => (await all.desk.messages(chatId)).filter((one) => one['direction'] === 'in').slice(1);

describe('what is offered', () => {
  test('reaches the visitor as titles and ids, live as in the list, without what else was kept beside them', async () => {
    const { desk } = all;
    const { visitor, chatId } = await desk.guest();
    const socket = await visitor.socket();
    await socket.wait('hello');
    const kept = { secret: 'preço 12' };
    const cases: [JsonObject, JsonObject][] = [
      [{ buttons: buttons.map((b) => ({ ...b, ...kept })) }, { buttons }],
      [
        { list: { ...list, ...kept, sections: list.sections.map((s) => ({ ...s, ...kept, rows: s.rows.map((r) => ({ ...r, ...kept })) })) } },
        {
          list: {
            button: 'Ver horários',
            sections: [
              { title: 'Manhã', rows: [{ id: 'h9', title: '9h', description: 'Com a Bruna' }] },
              { title: 'Tarde', rows: [{ id: 'h14', title: '14h', description: null }] },
            ],
          },
        },
      ],
      [{ link: { title: 'Abrir', url: 'https://loja.example/x', ...kept } }, { link: { title: 'Abrir', url: 'https://loja.example/x' } }],
    ];
    for (const [data, offer] of cases) {
      const made = await desk.send(chatId, `Veja ${unique()}`, { data });
      const frame = await socket.wait('message', (one) => one['id'] === made['id']);
      const listed = (await visitor.messages()).find((one) => one['id'] === made['id']);
      expect(frame.data).toMatchObject({ kind: 'text', offer, answer: null });
      expect(listed).toMatchObject({ kind: 'text', offer, answer: null });
      expect(frame.data['offer']).toEqual(listed?.['offer']);
    }
    expect(JSON.stringify(socket.frames) + JSON.stringify(await visitor.messages())).not.toContain('secret');
    // Taken back, it offers nothing.
    const { visitor: other, chatId: place, offer } = await offered({ buttons });
    ok(await desk.owner.call('messages.delete', { chatId: place, messageId: String(offer['id']) }));
    expect((await other.messages()).at(-1)).toMatchObject({ deleted: true, offer: null });
    socket.close();
  });

  test('keeps to what the kind takes, which is said where kinds are told', async () => {
    const { desk } = all;
    const kind = rows(ok(await desk.owner.call('channels.kinds'), 200)).find((one) => one['kind'] === 'webchat');
    expect(kind?.['can']).toEqual(expect.arrayContaining(['buttons', 'list', 'link']));
    expect(kind?.['limits']).toMatchObject({ buttonsMax: 10, buttonTitleMax: 40, listRowsMax: 10, listTitleMax: 40, choicesWithFile: true });
    const { chatId } = await desk.guest();
    const many = (n: number) => Array.from({ length: n }, (_, i) => ({ id: `b${i}`, title: `Opção ${i}` }));
    const long = 'x'.repeat(41);
    const wrong: [JsonObject, string][] = [
      [{ buttons: many(11) }, 'data.buttons OUT_OF_RANGE'],
      [{ buttons: [] }, 'data.buttons OUT_OF_RANGE'],
      [{ buttons: [{ id: 'a', title: long }] }, 'data.buttons[0].title TOO_LONG'],
      [{ buttons: [{ id: 'a', title: 'A' }, { id: 'a', title: 'B' }] }, 'data.buttons[1].id DUPLICATE'],
      [{ buttons: [{ title: 'A' }] }, 'data.buttons[0].id REQUIRED'],
      [{ list: { button: 'Ver', sections: [{ rows: many(11) }] } }, 'data.list.sections OUT_OF_RANGE'],
      [{ list: { button: 'Ver', sections: [{ rows: [{ id: 'a', title: long }] }] } }, 'data.list.sections[0].rows[0].title TOO_LONG'],
      [{ link: { title: 'Abrir', url: 'javascript:alert(1)' } }, 'data.link.url INVALID_URL'],
      [{ link: { title: 'Abrir', url: 'data:text/html,x' } }, 'data.link.url INVALID_URL'],
      [{ buttons, list }, 'data INVALID'],
    ];
    for (const [data, fault] of wrong) {
      const answer = await desk.owner.call('messages.send', { chatId }, { json: { content: 'Qual?', data } });
      expect([data, details(refused(answer, 400))]).toEqual([data, [fault]]);
    }
    expect(details(refused(await desk.owner.call('messages.send', { chatId }, { json: { content: ' ', data: { buttons } } }), 400))).toEqual(['content REQUIRED']);
    await desk.send(chatId, 'Dez', { data: { buttons: many(10) } });
    await desk.send(chatId, 'Título', { data: { buttons: [{ id: 'a', title: '😀'.repeat(40) }] } });
  });

  test('may stand under one picture, and comes by the public path too', async () => {
    const { desk } = all;
    const { visitor, chatId } = await desk.guest();
    const files = [await desk.upload(), await desk.upload()];
    const made = await desk.send(chatId, 'Este?', { fileIds: files.slice(0, 1), data: { buttons } });
    expect(made['kind']).toBe('image');
    const seen = (await visitor.messages()).at(-1);
    expect(seen).toMatchObject({ kind: 'image', offer: { buttons } });
    expect((seen?.['files'] as Row[]).map((one) => one['id'])).toEqual(files.slice(0, 1));
    ok(await visitor.press(made['id'], 'sim'), 201);
    const two = await desk.owner.call('messages.send', { chatId }, { json: { content: 'Este?', fileIds: files, data: { buttons } } });
    expect(details(refused(two, 400))).toEqual(['fileIds INVALID']);

    const key = desk.owner.as(await makeKey(desk.org));
    ok(await key.call('public.messageCreate', { chatId }, { json: { content: 'De um sistema', data: { buttons }, metadata: { order: 7 } } }), 201);
    const last = (await desk.messages(chatId)).at(-1);
    expect(member(last, 'data')).toEqual({ buttons, metadata: { order: 7 } });
    expect((await visitor.messages()).at(-1)).toMatchObject({ text: 'De um sistema', offer: { buttons } });
    const bad = await key.call('public.messageCreate', { chatId }, { json: { content: 'x', data: { botoes: [] } } });
    expect(details(refused(bad, 400))).toEqual(['data.botoes UNKNOWN_FIELD']);
  });
});

describe('an answer', () => {
  test('is a message with what was chosen, tied to the one that offered it', async () => {
    const { desk } = all;
    const { visitor, chatId, offer } = await offered({ buttons });
    const tabs = [await visitor.socket(), await visitor.socket()];
    for (const tab of tabs) await tab.wait('hello');
    const answer = ok(await visitor.press(offer['id'], 'nao', { text: 'outras palavras' }), 201);
    const seen = { from: 'visitor', kind: 'text', text: 'Agora não', offer: null, answer: { id: 'nao', title: 'Agora não' } };
    expect(answer.json).toMatchObject({ ...seen, replyTo: { id: offer['id'], text: 'Você confirma?', from: 'agent' } });
    for (const tab of tabs) {
      const frame = await tab.wait('message', (one) => one['id'] === answer.str('id'));
      expect(frame.data).toMatchObject({ ...seen, replyTo: { id: offer['id'] }, clientId: answer.str('clientId') });
      tab.close();
    }
    expect((await visitor.messages()).at(-1)).toMatchObject({ ...seen, replyTo: { id: offer['id'] } });
    const [got] = await inbound(chatId);
    expect(got).toMatchObject({ kind: 'text', content: 'Agora não', status: 'received', replyTo: { id: offer['id'] } });
    expect(member(got, 'data')).toEqual({ answer: { id: 'nao', title: 'Agora não' } });
    expect(member(await desk.chat(chatId), 'lastMessage')).toMatchObject({ text: 'Agora não', direction: 'in' });
  });

  test('may be a row of a list, with its description, and comes in a form as the page sends it', async () => {
    const { visitor, chatId, offer } = await offered({ list });
    const form = new FormData();
    form.append('clientId', `p-${unique()}`);
    form.append('replyTo', String(offer['id']));
    form.append('answer', 'h9');
    ok(await visitor.call('POST', '/messages', { body: form }), 201);
    expect((await inbound(chatId)).map((one) => one['data'])).toEqual([{ answer: { id: 'h9', title: '9h', description: 'Com a Bruna' } }]);
  });

  test('is one, pressed twice, in two tabs, or at once', async () => {
    const { visitor, chatId, offer } = await offered({ buttons });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => visitor.press(offer['id'], i % 2 ? 'sim' : 'nao')));
    expect(answers.map((one) => one.status).sort()).toEqual([...Array<number>(19).fill(200), 201]);
    expect(new Set(answers.map((one) => one.str('id'))).size).toBe(1);
    const got = await inbound(chatId);
    expect(got).toHaveLength(1);
    const chosen = String(got[0]?.['content']);
    expect(new Set(answers.map((one) => one.str('text')))).toEqual(new Set([chosen]));
    // Also after the chat was closed, which it does not open again.
    await all.desk.close(chatId);
    expect(ok(await visitor.press(offer['id'], 'sim'), 200).str('text')).toBe(chosen);
    expect(await all.desk.chat(chatId)).toMatchObject({ status: 'closed' });
  });

  test('is only to what was offered in this conversation', async () => {
    const { desk } = all;
    const { visitor, chatId, offer } = await offered({ buttons });
    const wrong = async (replyTo: unknown, answer: string, fault: string, who = visitor): Promise<void> =>
      expect(details(refused(await who.press(replyTo, answer), 400))).toEqual([fault]);
    for (const id of ['talvez', 'Sim', 'SIM', ' sim', "sim' or '1'='1", '$.buttons']) await wrong(offer['id'], id, 'answer NOT_OFFERED');
    await wrong(offer['id'], '', 'answer TOO_SHORT');
    const alone = await visitor.call('POST', '/messages', { json: { clientId: `p-${unique()}`, answer: 'sim' } });
    expect(details(refused(alone, 400))).toEqual(['replyTo REQUIRED']);
    // Of somebody else's conversation, of another channel, of nobody.
    const stranger = await desk.guest();
    await wrong(offer['id'], 'sim', 'replyTo NOT_FOUND', stranger.visitor);
    await wrong(await desk.visitor().then((one) => one.id), 'sim', 'replyTo NOT_FOUND');
    // Their own words, a note, what has not left yet, what offers nothing.
    const own = (await visitor.messages())[0];
    await wrong(own?.['id'], 'sim', 'replyTo NOT_FOUND');
    const note = ok(await desk.owner.call('messages.note', { chatId }, { json: { content: 'nota' } }), 201);
    await wrong(note.str('id'), 'sim', 'replyTo NOT_FOUND');
    const later = await desk.send(chatId, 'Amanhã?', { data: { buttons }, scheduledFor: new Date(Date.now() + 86_400_000).toISOString() });
    await wrong(later['id'], 'sim', 'replyTo NOT_FOUND');
    await wrong((await desk.send(chatId, 'Sem botões'))['id'], 'sim', 'answer NOT_OFFERED');
    await wrong((await desk.send(chatId, 'Link', { data: { link: { title: 'sim', url: 'https://a.example/' } } }))['id'], 'sim', 'answer NOT_OFFERED');
    // With a file; of a message that was taken back.
    const form = new FormData();
    for (const [name, value] of [['clientId', `p-${unique()}`], ['replyTo', String(offer['id'])], ['answer', 'sim']] as const) form.append(name, value);
    form.append('file', new Blob([png], { type: 'image/png' }), 'a.png');
    expect(details(refused(await visitor.call('POST', '/messages', { body: form }), 400))).toEqual(['file INVALID']);
    ok(await desk.owner.call('messages.delete', { chatId, messageId: String(offer['id']) }));
    await wrong(offer['id'], 'sim', 'replyTo NOT_FOUND');
    expect(await inbound(chatId)).toEqual([]);
  });

  test('to what an earlier chat offered opens a new one, and says to what', async () => {
    const { desk } = all;
    const { visitor, chatId, offer } = await offered({ buttons });
    await desk.close(chatId);
    desk.sql(`update chats set closed_at = now() - interval '20 hours' where id = '${chatId}'`);
    const answer = ok(await visitor.press(offer['id'], 'sim'), 201);
    expect(answer.str('chatId')).not.toBe(chatId);
    expect(answer.json).toMatchObject({ answer: { id: 'sim' }, replyTo: { id: offer['id'], text: 'Você confirma?' } });
    expect((await desk.messages(answer.str('chatId')))[0]).toMatchObject({ content: 'Sim', replyTo: { id: offer['id'] } });
    expect((await visitor.messages()).at(-1)).toMatchObject({ answer: { id: 'sim' }, replyTo: { id: offer['id'] } });
    // A reply in words to a message of another chat is only words, as before.
    expect(await visitor.say('sobre aquilo', { replyTo: String(offer['id']) })).toMatchObject({ replyTo: null, answer: null });
  });

  test('is words, whatever the title says', async () => {
    const evil = '<img src=x onerror=alert(1)> \u202e{{7*7}}';
    const { visitor, chatId, offer } = await offered({ buttons: [{ id: '"><script>', title: evil }] });
    expect(ok(await visitor.press(offer['id'], '"><script>'), 201).str('text')).toBe(evil);
    expect((await inbound(chatId))[0]?.['content']).toBe(evil);
  });
});
