/* POST /{phone}/messages: what is taken, what is refused and how, what fails later, the rates. */
import { describe, expect, test } from 'vitest';
import type { Graph, Json } from './graph.mjs';
import { call, eventually, sendWhatsApp, stage } from './lib/receiver.ts';

const to = '+5511987654321';
const text = (body: string): Json => ({ to, type: 'text', text: { body } });
const buttons = (titles: string[]): Json => ({
  to,
  type: 'interactive',
  interactive: {
    type: 'button',
    body: { text: 'Qual?' },
    action: { buttons: titles.map((title, i) => ({ type: 'reply', reply: { id: `b${i}`, title } })) },
  },
});
const rows = (n: number, from = 0): Json[] => Array.from({ length: n }, (_, i) => ({ id: `r${from + i}`, title: `Linha ${from + i}` }));
const list = (sections: Json[], body = 'Escolha'): Json => ({
  to,
  type: 'interactive',
  interactive: { type: 'list', body: { text: body }, action: { button: 'Ver', sections } },
});

async function withAna(): Promise<{
  graph: Graph;
  ana: ReturnType<Graph['whatsappCustomer']>;
  receiver: Awaited<ReturnType<typeof stage>>['receiver'];
}> {
  const { graph, receiver } = await stage();
  const ana = graph.whatsappCustomer({ name: 'Ana', phone: to });
  await ana.sends.text('oi');
  return { graph, ana, receiver };
}

describe('what is taken', () => {
  test('each type, with its statuses and our id in them', async () => {
    const { graph, ana, receiver } = await withAna();
    graph.limits.pair = false;
    const quoted = ana.thread[0]?.id ?? '';
    const bodies: Json[] = [
      { ...text('olá 😀'), biz_opaque_callback_data: 'msg-1', context: { message_id: quoted } },
      { ...text('x'.repeat(4096)), recipient_type: 'individual' },
      buttons(['Sim', 'Não', 'Talvez']),
      list(
        [
          { title: 'A', rows: rows(5) },
          { title: 'B', rows: rows(5, 5) },
        ],
        'y'.repeat(4096),
      ),
      { to, type: 'location', location: { latitude: -23.5, longitude: -46.6, name: 'Loja' } },
      {
        to,
        type: 'contacts',
        contacts: [{ name: { formatted_name: 'Bia Reis', first_name: 'Bia' }, phones: [{ phone: '+5511955554444', type: 'WORK' }] }],
      },
      { to, type: 'reaction', reaction: { message_id: quoted, emoji: '❤️' } },
      { to, type: 'reaction', reaction: { message_id: quoted, emoji: '' } },
      {
        to,
        type: 'interactive',
        interactive: {
          type: 'cta_url',
          body: { text: 'Veja' },
          action: { name: 'cta_url', parameters: { display_text: 'Abrir', url: 'https://quintal.example' } },
        },
      },
      {
        to,
        type: 'interactive',
        interactive: { type: 'location_request_message', body: { text: 'Onde?' }, action: { name: 'send_location' } },
      },
      {
        to,
        type: 'interactive',
        interactive: { type: 'request_contact_info', body: { text: 'Qual seu número?' }, action: { name: 'request_contact_info' } },
      },
      { recipient: ana.person.userId, type: 'text', text: { body: 'pelo id' } },
    ];
    for (const body of bodies) {
      const said = await sendWhatsApp(graph, body);
      expect(said, JSON.stringify(body).slice(0, 120)).toMatchObject({
        status: 200,
        body: { messaging_product: 'whatsapp', messages: [{ id: expect.stringMatching(/^wamid\./) }] },
      });
    }
    await eventually(() => receiver.statuses().filter((s) => s.status === 'delivered').length).toBe(bodies.length);
    const mine = receiver.statuses().filter((s) => s.biz_opaque_callback_data === 'msg-1');
    expect(mine.map((s) => s.status)).toEqual(['sent', 'delivered']);
    expect(mine[0]).toMatchObject({
      recipient_id: '5511987654321',
      recipient_user_id: ana.person.userId,
      pricing: { pricing_model: 'PMP' },
    });
    expect(mine[0].timestamp).toMatch(/^\d{10}$/);
    expect(mine[0].conversation).toBeUndefined();
    expect(graph.warnings).toEqual([]);
  });

  test('the answer to a send by user id has no wa_id', async () => {
    const { graph, ana } = await withAna();
    expect((await sendWhatsApp(graph, { recipient: ana.person.userId, type: 'text', text: { body: 'x' } })).body.contacts).toEqual([
      { input: ana.person.userId, user_id: ana.person.userId },
    ]);
    expect((await sendWhatsApp(graph, { to, recipient: ana.person.userId, type: 'text', text: { body: 'x' } })).body.contacts).toEqual([
      { input: to, wa_id: '5511987654321' },
    ]);
  });

  test('a number without + is taken with a warning', async () => {
    const { graph } = await withAna();
    expect((await sendWhatsApp(graph, { ...text('x'), to: '5511987654321' })).status).toBe(200);
    expect(graph.warnings).toHaveLength(1);
    expect((await sendWhatsApp(graph, { ...text('x'), to: '+55 (11) 98765-4321' })).status).toBe(200);
    expect(graph.warnings).toHaveLength(1);
  });
});

describe('what is refused at once', () => {
  const cases: [string, Json, number][] = [
    ['text without body', { to, type: 'text', text: {} }, 131008],
    ['empty text', text(''), 131008],
    ['blank text', text(' \n '), 131008],
    ['text of 4097', text('x'.repeat(4097)), 100],
    ['another product', { ...text('x'), messaging_product: 'messenger' }, 100],
    ['unknown key at the top', { ...text('x'), foo: 1 }, 100],
    ['unknown key in text', { to, type: 'text', text: { body: 'x', foo: 1 } }, 100],
    ['unknown type', { to, type: 'gif', gif: {} }, 100],
    ['type without its object', { to, type: 'image' }, 131008],
    ['two contents', { ...text('x'), image: { id: '1' } }, 100],
    ['no recipient', { type: 'text', text: { body: 'x' } }, 100],
    ['a name as recipient', { ...text('x'), to: 'Ana' }, 131009],
    ['no user id as recipient', { recipient: '5511987654321', type: 'text', text: { body: 'x' } }, 131009],
    ['four buttons', buttons(['1', '2', '3', '4']), 131009],
    ['no buttons', buttons([]), 131009],
    ['button title of 21', buttons(['x'.repeat(21)]), 131009],
    ['same button twice', buttons(['Sim', 'Sim']), 131009],
    [
      'button body of 1025',
      { ...buttons(['a']), interactive: { ...buttons(['a']).interactive, body: { text: 'x'.repeat(1025) } } },
      131009,
    ],
    ['footer of 61', { ...buttons(['a']), interactive: { ...buttons(['a']).interactive, footer: { text: 'x'.repeat(61) } } }, 131009],
    [
      'header of 61',
      { ...buttons(['a']), interactive: { ...buttons(['a']).interactive, header: { type: 'text', text: 'x'.repeat(61) } } },
      131009,
    ],
    [
      '11 rows in two sections',
      list([
        { title: 'A', rows: rows(6) },
        { title: 'B', rows: rows(5, 6) },
      ]),
      131009,
    ],
    ['same row twice', list([{ title: 'A', rows: [...rows(1), ...rows(1)] }]), 131009],
    ['two sections without titles', list([{ rows: rows(1) }, { rows: rows(1, 1) }]), 131009],
    ['row title of 25', list([{ title: 'A', rows: [{ id: '1', title: 'x'.repeat(25) }] }]), 131009],
    ['list body of 4097', list([{ title: 'A', rows: rows(1) }], 'x'.repeat(4097)), 131009],
    [
      'list with an image header',
      {
        to,
        type: 'interactive',
        interactive: { ...list([{ title: 'A', rows: rows(1) }]).interactive, header: { type: 'image', image: { id: '1' } } },
      },
      131009,
    ],
    ['id and link together', { to, type: 'image', image: { id: '1', link: 'https://a.b/c.png' } }, 100],
    ['neither id nor link', { to, type: 'image', image: { caption: 'x' } }, 131008],
    ['caption of 1025', { to, type: 'image', image: { link: 'https://a.b/c.png', caption: 'x'.repeat(1025) } }, 100],
    ['caption on audio', { to, type: 'audio', audio: { id: '1', caption: 'x' } }, 100],
    ['unknown media id', { to, type: 'image', image: { id: '123' } }, 100],
    ['media id that is no number', { to, type: 'image', image: { id: 'abc' } }, 100],
    [
      'six contacts',
      { to, type: 'contacts', contacts: Array.from({ length: 6 }, () => ({ name: { formatted_name: 'A B', first_name: 'A' } })) },
      100,
    ],
    ['contact without formatted_name', { to, type: 'contacts', contacts: [{ name: { first_name: 'A' } }] }, 131008],
    [
      'contact with an unknown key',
      { to, type: 'contacts', contacts: [{ name: { formatted_name: 'A B', first_name: 'A' }, foo: 1 }] },
      100,
    ],
    ['latitude of 91', { to, type: 'location', location: { latitude: 91, longitude: 0 } }, 131009],
    ['location without longitude', { to, type: 'location', location: { latitude: 1 } }, 131008],
    ['reaction without message', { to, type: 'reaction', reaction: { emoji: '❤️' } }, 131008],
    ['a word as reaction', { to, type: 'reaction', reaction: { message_id: 'wamid.x', emoji: 'love' } }, 131009],
    [
      'link text of 21',
      {
        to,
        type: 'interactive',
        interactive: {
          type: 'cta_url',
          body: { text: 'x' },
          action: { name: 'cta_url', parameters: { display_text: 'x'.repeat(21), url: 'https://a.b' } },
        },
      },
      131009,
    ],
    ['callback data that is no text', { ...text('x'), biz_opaque_callback_data: { id: 1 } }, 100],
    ['quote without id', { ...text('x'), context: {} }, 131008],
  ];
  test.each(cases)('%s', async (_, body, code) => {
    const { graph } = await withAna();
    const said = await sendWhatsApp(graph, body);
    expect(said.body.error).toMatchObject({
      code,
      type: 'OAuthException',
      message: expect.stringContaining(`(#${code})`),
      fbtrace_id: expect.any(String),
      error_data: { messaging_product: 'whatsapp', details: expect.any(String) },
    });
    expect(said.status).toBe(400);
    expect(graph.messages).toHaveLength(1);
  });

  test('no JSON, no body, the sender as recipient, PUT', async () => {
    const { graph } = await withAna();
    const at = `/v25.0/${graph.phone.id}/messages`;
    const headers = { authorization: `Bearer ${graph.tokens.whatsapp}`, 'content-type': 'application/json' };
    expect(((await (await fetch(graph.url + at, { method: 'POST', headers, body: '{"a":' })).json()) as Json).error.code).toBe(100);
    expect((await call(graph, 'POST', at, { token: graph.tokens.whatsapp })).body.error.code).toBe(100);
    expect((await call(graph, 'PUT', at, { token: graph.tokens.whatsapp, json: {} })).body.error.code).toBe(100);
    expect((await sendWhatsApp(graph, { ...text('x'), to: `+${graph.phone.digits}` })).body.error.code).toBe(131021);
  });
});

describe('tokens and accounts', () => {
  test('missing, wrong, expired, revoked, of another WABA, without the scope, of Instagram', async () => {
    const { graph } = await withAna();
    const error = async (token: string | undefined): Promise<Json> => {
      const said = await call(graph, 'POST', `/graph.facebook.com/v25.0/${graph.phone.id}/messages`, {
        token,
        json: { messaging_product: 'whatsapp', ...text('x') },
      });
      return { status: said.status, ...said.body.error };
    };
    expect(await error(undefined)).toMatchObject({ code: 104, status: 401 });
    expect(await error('EAAGwrong')).toMatchObject({ code: 190, status: 401 });
    expect(await error(graph.token({ kind: 'system', expiresAt: graph.clock.now() - 1 }).token)).toMatchObject({
      code: 190,
      error_subcode: 463,
    });
    const other = graph.addWaba();
    expect(await error(graph.token({ kind: 'business', targets: { whatsapp_business_messaging: [other.id] } }).token)).toMatchObject({
      code: 100,
      error_subcode: 33,
    });
    expect(await error(graph.token({ kind: 'business', scopes: ['whatsapp_business_management'] }).token)).toMatchObject({
      code: 131005,
      status: 403,
    });
    expect(await error(graph.tokens.instagram)).toMatchObject({ code: 190 });
    graph.revoke(graph.tokens.whatsapp);
    expect(await error(graph.tokens.whatsapp)).toMatchObject({ code: 190, error_subcode: 460 });
  });

  test('versions: current, too old, not there yet', async () => {
    const { graph } = await withAna();
    const error = async (v: string): Promise<number | undefined> =>
      (await call(graph, 'GET', `${v}/${graph.phone.id}`, { token: graph.tokens.whatsapp })).body.error?.code;
    expect(await error('/v25.0')).toBeUndefined();
    expect(await error('/v26.0')).toBeUndefined();
    expect(await error('/v12.0')).toBe(2635);
    expect(await error('/v99.0')).toBe(2500);
    expect(await error('')).toBeUndefined();
    expect(graph.warnings).toHaveLength(1);
  });

  test('not registered, restricted, name declined', async () => {
    const { graph } = await withAna();
    graph.phone.registered = false;
    expect((await sendWhatsApp(graph, text('x'))).body.error.code).toBe(133010);
    graph.phone.registered = true;
    graph.phone.nameStatus = 'DECLINED';
    expect((await sendWhatsApp(graph, text('x'))).body.error.code).toBe(131037);
    graph.phone.nameStatus = 'APPROVED';
    for (const code of [131031, 368, 130497, 131042]) {
      graph.waba.restricted = code;
      expect((await sendWhatsApp(graph, text('x'))).body.error.code).toBe(code);
    }
  });
});

describe('what fails later', () => {
  test('outside the window: accepted, then failed; a template passes', async () => {
    const { graph, ana, receiver } = await withAna();
    ana.wroteAgo(24 * 3600_000 - 5000);
    expect((await sendWhatsApp(graph, text('dentro'))).status).toBe(200);
    await ana.receives('dentro');
    await graph.clock.advance(10_000);
    const said = await sendWhatsApp(graph, { ...text('fora'), biz_opaque_callback_data: 'ours' });
    expect(said.status).toBe(200);
    await eventually(() => receiver.statuses().find((s) => s.status === 'failed')).toMatchObject({
      id: said.body.messages[0].id,
      biz_opaque_callback_data: 'ours',
      errors: [{ code: 131047, title: 'Re-engagement message', error_data: { details: expect.any(String) } }],
    });
    expect(receiver.changes('messages').find((c) => c.value.statuses?.[0]?.status === 'failed').value.contacts).toBeUndefined();
    expect(ana.inbox.map((m) => m.text)).toEqual(['dentro']);
    const sent = await sendWhatsApp(graph, {
      to,
      type: 'template',
      template: {
        name: 'confirmacao_de_horario',
        language: { code: 'pt_BR' },
        components: [
          {
            type: 'body',
            parameters: [
              { type: 'text', text: 'Ana' },
              { type: 'text', text: 'hoje' },
            ],
          },
        ],
      },
    });
    expect(sent.body.messages[0].message_status).toBe('accepted');
    expect((await ana.receives(/Olá Ana, seu horário é hoje/)).buttons.map((b) => b.title)).toEqual(['Confirmar', 'Remarcar']);
  });

  test('the same as an answer, when told so', async () => {
    const { graph, ana } = await withAna();
    ana.wroteAgo(25 * 3600_000);
    graph.later.delete(131047);
    expect((await sendWhatsApp(graph, text('fora'))).body.error).toMatchObject({ code: 131047 });
  });

  test('unknown number, reaction to nothing', async () => {
    const { graph, receiver } = await withAna();
    await sendWhatsApp(graph, { ...text('x'), to: '+5511900000000' });
    await eventually(() => receiver.statuses().map((s) => s.errors?.[0]?.code)).toContain(131026);
    await sendWhatsApp(graph, { to, type: 'reaction', reaction: { message_id: 'wamid.none', emoji: '👍' } });
    await eventually(() => receiver.statuses().map((s) => s.errors?.[0]?.code)).toContain(131009);
  });
});

describe('rates', () => {
  test('pair: 45 at once, then one per six seconds', async () => {
    const { graph } = await withAna();
    const codes = [];
    for (let i = 0; i < 46; i++) codes.push((await sendWhatsApp(graph, text(`${i}`))).body.error?.code);
    expect(codes.slice(0, 45).every((c) => c === undefined)).toBe(true);
    expect(codes[45]).toBe(131056);
    const other = graph.whatsappCustomer({ phone: '+5511911112222' });
    await other.sends.text('oi');
    expect((await sendWhatsApp(graph, { ...text('x'), to: '+5511911112222' })).status).toBe(200);
    await graph.clock.advance(6000);
    expect((await sendWhatsApp(graph, text('x'))).status).toBe(200);
    expect((await sendWhatsApp(graph, text('x'))).body.error?.code).toBe(131056);
  });

  test('throughput of the number', async () => {
    const { graph } = await withAna();
    graph.limits.pair = false;
    graph.phone.perSecond = 5;
    const codes = await Promise.all(Array.from({ length: 12 }, async (_, i) => (await sendWhatsApp(graph, text(`${i}`))).body.error?.code));
    expect(codes.filter((c) => c === 130429).length).toBeGreaterThanOrEqual(6);
    await graph.clock.advance(1000);
    expect((await sendWhatsApp(graph, text('x'))).status).toBe(200);
  });
});

describe('numbers', () => {
  test.each([
    ['+5531987654321', '553187654321'],
    ['+5511987654321', '5511987654321'],
    ['+525512345678', '5215512345678'],
    ['+5491123456789', '5491123456789'],
  ])('%s is %s', async (phone, waId) => {
    const { graph, receiver } = await stage();
    const who = graph.whatsappCustomer({ phone });
    await who.sends.text('oi');
    expect(receiver.messages()[0].from).toBe(waId);
    for (const number of [phone, `+${waId}`])
      expect((await sendWhatsApp(graph, { to: number, type: 'text', text: { body: 'x' } })).body.contacts[0]).toEqual({
        input: number,
        wa_id: waId,
      });
  });

  test('a landline is nobody else, exact comes first', async () => {
    const { graph, receiver } = await stage();
    const mobile = graph.whatsappCustomer({ phone: '+5491123456789' });
    const home = graph.whatsappCustomer({ phone: '+541123456789', waId: '541123456789' });
    await mobile.sends.text('a');
    await home.sends.text('b');
    await sendWhatsApp(graph, { to: '+541123456789', type: 'text', text: { body: 'para a casa' } });
    await home.receives('para a casa');
    const landline = graph.whatsappCustomer({ phone: '+551133334444' });
    await landline.sends.text('c');
    await sendWhatsApp(graph, { to: '+5511933334444', type: 'text', text: { body: 'x' } });
    await eventually(() => receiver.statuses().map((s) => s.errors?.[0]?.code)).toContain(131026);
  });
});

describe('read and typing', () => {
  test('marks, shows, refuses', async () => {
    const { graph, ana } = await withAna();
    const id = ana.thread[0]?.id;
    expect((await sendWhatsApp(graph, { status: 'read', message_id: id, typing_indicator: { type: 'text' } })).body).toEqual({
      success: true,
    });
    expect(ana.thread[0]?.state).toBe('read');
    expect((await sendWhatsApp(graph, { status: 'read', message_id: 'wamid.none' })).body.error.code).toBe(131009);
    expect((await sendWhatsApp(graph, { status: 'read' })).body.error.code).toBe(131008);
    expect((await sendWhatsApp(graph, { status: 'delivered', message_id: id })).body.error.code).toBe(100);
    expect((await sendWhatsApp(graph, { status: 'read', message_id: id, typing_indicator: { type: 'audio' } })).body.error.code).toBe(100);
    await graph.clock.advance(31 * 86400_000);
    expect((await sendWhatsApp(graph, { status: 'read', message_id: id })).body.error.code).toBe(131009);
  });
});
