/* Media, templates, onboarding, OAuth and faults. */
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Graph, type Json, samples } from './graph.mjs';
import { call, eventually, sendWhatsApp, stage } from './lib/receiver.ts';

const to = '+5511987654321';

function form(
  bytes: Buffer,
  type: string,
  fields: Record<string, string> = { messaging_product: 'whatsapp', type },
  name = 'file.bin',
): FormData {
  const data = new FormData();
  for (const [k, v] of Object.entries(fields)) data.append(k, v);
  data.append('file', new Blob([new Uint8Array(bytes)], { type }), name);
  return data;
}
const upload = (graph: Graph, data: FormData): ReturnType<typeof call> =>
  call(graph, 'POST', `/v25.0/${graph.phone.id}/media`, { token: graph.tokens.whatsapp, multipart: data });

describe('media', () => {
  test('upload, metadata, download with the token, five minutes, deletion', async () => {
    const { graph } = await stage();
    const { body } = await upload(graph, form(samples.jpeg, 'image/jpeg'));
    const token = graph.tokens.whatsapp;
    const meta = (await call(graph, 'GET', `/v25.0/${body.id}?phone_number_id=${graph.phone.id}`, { token })).body;
    expect(meta).toMatchObject({
      id: body.id,
      mime_type: 'image/jpeg',
      file_size: String(samples.jpeg.length),
      sha256: createHash('sha256').update(samples.jpeg).digest('hex'),
    });
    const got = await fetch(meta.url, { headers: { authorization: `Bearer ${token}` } });
    expect(Buffer.from(await got.arrayBuffer()).equals(samples.jpeg)).toBe(true);
    expect((await fetch(meta.url)).status).toBe(401);
    expect((await fetch(`${meta.url}&access_token=${token}`)).status).toBe(401);
    expect((await fetch(meta.url.replace(/hash=.*/, 'hash=x'), { headers: { authorization: `Bearer ${token}` } })).status).toBe(404);
    expect((await call(graph, 'GET', `/v25.0/${body.id}?phone_number_id=1`, { token })).body.error).toMatchObject({
      code: 100,
      error_subcode: 33,
    });
    await graph.clock.advance(5 * 60_000 + 1000);
    expect((await fetch(meta.url, { headers: { authorization: `Bearer ${token}` } })).status).toBe(404);
    expect((await call(graph, 'DELETE', `/v25.0/${body.id}`, { token })).body).toEqual({ success: true });
    expect((await call(graph, 'GET', `/v25.0/${body.id}`, { token })).body.error).toMatchObject({ code: 100, error_subcode: 33 });
  });

  test('lifetimes: 30 days for ours, 7 for theirs', async () => {
    const { graph, receiver } = await stage();
    const token = graph.tokens.whatsapp;
    const ours = (await upload(graph, form(samples.jpeg, 'image/jpeg'))).body.id;
    await graph.whatsappCustomer().sends.image();
    const theirs = receiver.messages()[0].image;
    const meta = (await call(graph, 'GET', `/v25.0/${theirs.id}`, { token })).body;
    expect(Buffer.from(meta.sha256, 'hex').toString('base64')).toBe(theirs.sha256);
    const status = async (id: string): Promise<number> => (await call(graph, 'GET', `/v25.0/${id}`, { token })).status;
    await graph.clock.advance(7 * 86400_000 + 1000);
    expect([await status(theirs.id), await status(ours)]).toEqual([400, 200]);
    await graph.clock.advance(23 * 86400_000);
    expect(await status(ours)).toBe(400);
  });

  test('a medium that lies elsewhere, or that is not what it should be', async () => {
    const { graph, receiver } = await stage();
    graph.quirks.mediaUrl = `${graph.hosts.foreign}/stolen`;
    const ana = graph.whatsappCustomer();
    for (const broken of ['sha256', 'missing', 'expired', 'type'] as const) await ana.sends.image({ broken });
    const [lying, gone, old, html] = receiver.messages().map((m) => m.image);
    const get = (id: string): ReturnType<typeof call> => call(graph, 'GET', `/v25.0/${id}`, { token: graph.tokens.whatsapp });
    expect((await get(html.id)).body.url).toBe(graph.quirks.mediaUrl);
    expect((await get(lying.id)).body.sha256).toBe('0'.repeat(64));
    expect([(await get(gone.id)).status, (await get(old.id)).status]).toEqual([400, 400]);
    graph.reset();
    expect(graph.quirks.mediaUrl).toBeUndefined();
  });

  test('what cannot be uploaded', async () => {
    const { graph } = await stage();
    const code = async (data: FormData): Promise<number> => (await upload(graph, data)).body.error?.code;
    expect(await code(form(samples.jpeg, 'image/gif'))).toBe(100);
    expect(await code(form(samples.jpeg, 'image/jpeg', { type: 'image/jpeg' }))).toBe(100);
    expect(await code(form(samples.jpeg, 'image/jpeg', { messaging_product: 'whatsapp' }))).toBe(100);
    expect(await code(form(Buffer.alloc(5 * 1024 * 1024 + 1, 1), 'image/jpeg'))).toBe(131053);
    expect(await code(form(Buffer.alloc(0), 'image/jpeg'))).toBe(131053);
    expect(await code(form(samples.webp, 'video/webm'))).toBe(100);
    expect(
      (
        await call(graph, 'POST', `/v25.0/${graph.phone.id}/media`, {
          token: graph.tokens.whatsapp,
          json: { messaging_product: 'whatsapp' },
        })
      ).body.error.code,
    ).toBe(100);
  });

  test('what is found out when it is sent', async () => {
    const { graph, receiver } = await stage();
    const ana = graph.whatsappCustomer({ phone: to });
    await ana.sends.text('oi');
    graph.limits.pair = false;
    const send = async (kind: string, bytes: Buffer, type: string, more: Json = {}): Promise<string> => {
      const { body } = await upload(graph, form(bytes, type));
      const said = await sendWhatsApp(graph, { to, type: kind, [kind]: { id: body.id, ...more } });
      expect(said.status, JSON.stringify(said.body)).toBe(200);
      let state = '';
      await eventually(
        () =>
          (state = receiver
            .statuses()
            .filter((s) => s.id === said.body.messages[0].id)
            .map((s) => s.errors?.[0]?.code ?? s.status)
            .join()),
      ).toMatch(/delivered|\d/);
      return state;
    };
    expect(await send('image', samples.jpeg, 'image/jpeg', { caption: 'foto' })).toBe('sent,delivered');
    expect(await send('image', samples.png(), 'image/png')).toBe('sent,delivered');
    expect(await send('audio', samples.voice(), 'audio/ogg', { voice: true })).toBe('sent,delivered');
    expect(await send('audio', samples.mp3(), 'audio/mpeg')).toBe('sent,delivered');
    expect(await send('video', samples.mp4, 'video/mp4')).toBe('sent,delivered');
    expect(await send('sticker', samples.webp, 'image/webp')).toBe('sent,delivered');
    expect(await send('document', samples.pdf(), 'application/pdf', { filename: 'a.pdf' })).toBe('sent,delivered');
    expect(await send('audio', samples.stereo(), 'audio/ogg')).toBe('131053');
    expect(await send('audio', samples.mp3(), 'audio/mpeg', { voice: true })).toBe('131053');
    expect(await send('image', samples.png(64, [1, 2, 3], 16), 'image/png')).toBe('131053');
    expect(await send('image', samples.mp4, 'video/mp4')).toBe('131053');
    expect(await send('image', samples.webp, 'image/jpeg')).toBe('131053');
    expect(await send('sticker', samples.png(), 'image/png')).toBe('131053');
    const links = await Promise.all(
      [`${graph.url}/cdn/v/none_n`, `${graph.hosts.foreign}/x.png`].map(
        async (link) => (await sendWhatsApp(graph, { to, type: 'image', image: { link } })).body.messages[0].id,
      ),
    );
    await eventually(() =>
      receiver
        .statuses()
        .filter((s) => links.includes(s.id))
        .map((s) => s.errors?.[0]?.code),
    ).toEqual([131053, 131053]);
  });
});

describe('templates', () => {
  const at = (graph: Graph, rest = ''): string => `/v25.0/${graph.waba.id}/message_templates${rest}`;
  const good = (o: Json = {}): Json => ({
    name: 'lembrete',
    language: 'pt_BR',
    category: 'UTILITY',
    components: [{ type: 'BODY', text: 'Oi {{1}}, até {{2}}!', example: { body_text: [['Ana', 'já']] } }],
    ...o,
  });

  test('create, review, send, edit, delete', async () => {
    const { graph, receiver } = await stage();
    const token = graph.tokens.whatsapp;
    const ana = graph.whatsappCustomer({ phone: to });
    const made = await call(graph, 'POST', at(graph), { token, json: good() });
    expect(made.body).toEqual({ id: expect.stringMatching(/^\d+$/), status: 'PENDING', category: 'UTILITY' });
    const params = [
      { type: 'text', text: 'Ana' },
      { type: 'text', text: 'amanhã' },
    ];
    const send = (components: Json): ReturnType<typeof call> =>
      sendWhatsApp(graph, { to, type: 'template', template: { name: 'lembrete', language: { code: 'pt_BR' }, components } });
    expect((await send([{ type: 'body', parameters: params }])).body.error.code).toBe(132001);
    await graph.reviewTemplate(made.body.id, 'APPROVED');
    expect(receiver.changes('message_template_status_update')[0].value).toMatchObject({
      event: 'APPROVED',
      message_template_name: 'lembrete',
      reason: 'NONE',
    });
    expect((await send([{ type: 'body', parameters: params }])).status).toBe(200);
    await ana.receives('Oi Ana, até amanhã!');
    expect((await call(graph, 'POST', at(graph), { token, json: good() })).body.error).toMatchObject({ code: 100, error_subcode: 2388024 });
    expect(
      (await call(graph, 'POST', `/v25.0/${made.body.id}`, { token, json: { components: [{ type: 'BODY', text: 'Oi!' }] } })).body,
    ).toEqual({ success: true });
    expect((await call(graph, 'GET', `/v25.0/${made.body.id}`, { token })).body).toMatchObject({
      status: 'PENDING',
      components: [{ text: 'Oi!' }],
    });
    expect((await call(graph, 'DELETE', at(graph, '?name=lembrete'), { token })).body).toEqual({ success: true });
    expect((await call(graph, 'DELETE', at(graph, '?name=lembrete'), { token })).body.error.code).toBe(100);
    expect((await call(graph, 'POST', at(graph), { token, json: good() })).body.error).toMatchObject({ error_subcode: 2388023 });
  });

  test('list by cursors', async () => {
    const { graph } = await stage();
    for (let i = 0; i < 30; i++) graph.addTemplate({ name: `t${i}` });
    const names: string[] = [];
    for (let url: string | undefined = at(graph, '?limit=7&fields=name,status'); url;) {
      const { body }: Json = await call(graph, 'GET', url, { token: graph.tokens.whatsapp });
      names.push(...body.data.map((t: Json) => t.name));
      expect(Object.keys(body.data[0]).sort()).toEqual(['id', 'name', 'status']);
      url = body.paging?.next;
      if (url) expect(url).not.toContain('access_token');
    }
    expect(new Set(names).size).toBe(32);
  });

  test.each<[string, Json]>([
    ['capital name', { name: 'Lembrete' }],
    ['no category', { category: undefined }],
    ['bad language', { language: 'pt-BR' }],
    ['no body', { components: [] }],
    ['no example', { components: [{ type: 'BODY', text: 'Oi {{1}}!' }] }],
    ['variable at the end', { components: [{ type: 'BODY', text: 'Oi {{1}}', example: { body_text: [['a']] } }] }],
    ['gap', { components: [{ type: 'BODY', text: 'Oi {{2}}!', example: { body_text: [['a']] } }] }],
    ['body of 1025', { components: [{ type: 'BODY', text: 'x'.repeat(1025) }] }],
    [
      'footer of 61',
      {
        components: [
          { type: 'BODY', text: 'x' },
          { type: 'FOOTER', text: 'x'.repeat(61) },
        ],
      },
    ],
    [
      'button of 26',
      {
        components: [
          { type: 'BODY', text: 'x' },
          { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'x'.repeat(26) }] },
        ],
      },
    ],
    ['named without example', { parameter_format: 'NAMED', components: [{ type: 'BODY', text: 'Oi {{name}}!' }] }],
    [
      'image header without handle',
      {
        components: [
          { type: 'HEADER', format: 'IMAGE' },
          { type: 'BODY', text: 'x' },
        ],
      },
    ],
  ])('create refused: %s', async (_, o) => {
    const { graph } = await stage();
    const said = await call(graph, 'POST', at(graph), { token: graph.tokens.whatsapp, json: good(o) });
    expect(said.body.error?.code).toBe(100);
  });

  const text = (t: string, name?: string): Json => ({ type: 'text', text: t, ...(name ? { parameter_name: name } : {}) });
  const body = (...parameters: Json[]): Json => ({ type: 'body', parameters });
  const image = { type: 'header', parameters: [{ type: 'image', image: { link: 'https://127.0.0.1:9/x.jpg' } }] };
  const url = { type: 'button', sub_type: 'url', index: '0', parameters: [text('banho')] };
  const named = body(text('20 %', 'discount'), text('Ana', 'first_name'));
  test.each<[string, string, Json, number | undefined]>([
    ['too few', 'confirmacao_de_horario', [body(text('Ana'))], 132000],
    ['too many', 'confirmacao_de_horario', [body(text('a'), text('b'), text('c'))], 132000],
    ['none', 'confirmacao_de_horario', undefined, 132000],
    ['empty value', 'confirmacao_de_horario', [body(text('Ana'), text(''))], 131008],
    ['line break', 'confirmacao_de_horario', [body(text('a\nb'), text('b'))], 132018],
    ['too long', 'confirmacao_de_horario', [body(text('x'.repeat(1000)), text('b'))], 132005],
    ['named where positional', 'confirmacao_de_horario', [body(text('a', 'x'), text('b', 'y'))], 132012],
    [
      'header that is not there',
      'confirmacao_de_horario',
      [body(text('a'), text('b')), { type: 'header', parameters: [text('x')] }],
      132000,
    ],
    [
      'button at index 5',
      'confirmacao_de_horario',
      [body(text('a'), text('b')), { type: 'button', sub_type: 'quick_reply', index: 5, parameters: [{ type: 'payload', payload: 'x' }] }],
      131009,
    ],
    [
      'button without index',
      'confirmacao_de_horario',
      [body(text('a'), text('b')), { type: 'button', sub_type: 'quick_reply', parameters: [{ type: 'payload', payload: 'x' }] }],
      131008,
    ],
    ['image missing', 'promocao', [named, url], 132012],
    ['text for image', 'promocao', [{ type: 'header', parameters: [text('x')] }, named, url], 132012],
    ['url value missing', 'promocao', [image, named], 131008],
    ['unknown name', 'promocao', [image, body(text('a', 'first_name'), text('b', 'other')), url], 132000],
    ['no names', 'promocao', [image, body(text('a'), text('b')), url], 100],
    ['right, named in any order', 'promocao', [image, named, url], undefined],
    ['not there', 'nada', [], 132001],
  ])('send: %s', async (_, name, components, code) => {
    const { graph } = await stage();
    graph.whatsappCustomer({ phone: to });
    const said = await sendWhatsApp(graph, {
      to,
      type: 'template',
      template: { name, language: { code: 'pt_BR' }, ...(components ? { components } : {}) },
    });
    expect(said.body.error?.code, JSON.stringify(said.body)).toBe(code);
  });

  test('paused, disabled, other language, stopped marketing, authentication by user id', async () => {
    const { graph, receiver } = await stage();
    const ana = graph.whatsappCustomer({ phone: to });
    const send = async (name: string, code = 'pt_BR', o: Json = { to }): Promise<Json> =>
      (await sendWhatsApp(graph, { ...o, type: 'template', template: { name, language: { code } } })).body;
    graph.addTemplate({ name: 'oi' });
    expect((await send('oi', 'es')).error.code).toBe(132001);
    await graph.reviewTemplate('oi', 'PAUSED');
    expect((await send('oi')).error.code).toBe(132015);
    await graph.reviewTemplate('oi', 'DISABLED');
    expect((await send('oi')).error.code).toBe(132016);
    await ana.stopsMarketing();
    graph.addTemplate({ name: 'news', category: 'MARKETING' });
    await send('news');
    await eventually(() => receiver.statuses().map((s) => s.errors?.[0]?.code)).toContain(131050);
    graph.addTemplate({ name: 'codigo', category: 'AUTHENTICATION' });
    expect((await send('codigo', 'pt_BR', { recipient: ana.person.userId })).error.code).toBe(131062);
  });

  test('held for quality: accepted with another status, and nothing follows', async () => {
    const { graph, receiver } = await stage();
    const ana = graph.whatsappCustomer({ phone: to });
    await ana.sends.text('oi');
    graph.addTemplate({ name: 'devagar', pacing: 'held_for_quality_assessment' });
    const said = await sendWhatsApp(graph, { to, type: 'template', template: { name: 'devagar', language: { code: 'pt_BR' } } });
    expect(said.body.messages[0].message_status).toBe('held_for_quality_assessment');
    await sendWhatsApp(graph, { to, type: 'text', text: { body: 'x' } });
    await ana.receives('x');
    expect(receiver.statuses().some((s) => s.id === said.body.messages[0].id)).toBe(false);
  });

  test('reviewed by itself; management calls are limited', async () => {
    const { graph, receiver } = await stage();
    Object.assign(graph.reviews, { mode: 'reject', afterMs: 1000 });
    await call(graph, 'POST', at(graph), { token: graph.tokens.whatsapp, json: good() });
    await graph.clock.advance(1100);
    expect(receiver.changes('message_template_status_update')[0].value).toMatchObject({ event: 'REJECTED', reason: 'INVALID_FORMAT' });
    graph.limits.managementPerHour = 2;
    expect((await call(graph, 'GET', at(graph), { token: graph.tokens.whatsapp })).status).toBe(200);
    expect((await call(graph, 'GET', at(graph), { token: graph.tokens.whatsapp })).body.error.code).toBe(80007);
  });
});

describe('onboarding', () => {
  test('embedded sign-up: code once, granular scopes, numbers, override callback, register', async () => {
    const { graph, receiver } = await stage();
    const other = graph.addWaba({ name: 'Clínica' });
    const phone = graph.addPhone({ wabaId: other.id, registered: false });
    const { code, message } = graph.embeddedSignup({ wabaId: other.id });
    expect(message).toMatchObject({ type: 'WA_EMBEDDED_SIGNUP', event: 'FINISH', data: { waba_id: other.id, phone_number_id: phone.id } });
    const q = (o: Record<string, string>): string =>
      `/v25.0/oauth/access_token?${new URLSearchParams({ client_id: graph.app.id, client_secret: graph.app.secret, code, ...o })}`;
    expect((await call(graph, 'GET', q({ client_secret: 'x' }))).body.error.message).toContain('client secret');
    const { access_token: token } = (await call(graph, 'GET', q({}))).body;
    expect((await call(graph, 'GET', q({}))).body.error).toMatchObject({ code: 100, error_subcode: 36009 });
    const debug = (await call(graph, 'GET', `/v25.0/debug_token?input_token=${token}`, { token: graph.tokens.app })).body.data;
    expect(debug).toMatchObject({
      app_id: graph.app.id,
      is_valid: true,
      type: 'SYSTEM_USER',
      granular_scopes: [
        { scope: 'whatsapp_business_management', target_ids: [other.id] },
        { scope: 'whatsapp_business_messaging', target_ids: [other.id] },
      ],
    });
    expect((await call(graph, 'GET', `/v25.0/${other.id}/phone_numbers`, { token })).body.data[0]).toMatchObject({
      id: phone.id,
      quality_rating: 'GREEN',
    });
    expect((await call(graph, 'GET', `/v25.0/${graph.waba.id}/phone_numbers`, { token })).body.error).toMatchObject({
      code: 100,
      error_subcode: 33,
    });
    expect(
      (
        await call(graph, 'POST', `/v25.0/${other.id}/subscribed_apps`, {
          token,
          json: { override_callback_uri: receiver.url, verify_token: 'wrong' },
        })
      ).body.error.code,
    ).toBe(2200);
    expect(
      (
        await call(graph, 'POST', `/v25.0/${other.id}/subscribed_apps`, {
          token,
          json: { override_callback_uri: receiver.url, verify_token: 'verify' },
        })
      ).body,
    ).toEqual({ success: true });
    expect((await call(graph, 'GET', `/v25.0/${other.id}/subscribed_apps`, { token })).body.data[0]).toMatchObject({
      override_callback_uri: receiver.url,
    });
    const register = async (pin: unknown): Promise<Json> =>
      (await call(graph, 'POST', `/v25.0/${phone.id}/register`, { token, json: { messaging_product: 'whatsapp', pin } })).body;
    expect((await register('12')).error.code).toBe(100);
    expect(await register('123456')).toEqual({ success: true });
    expect((await register('654321')).error.code).toBe(133005);
    await graph.whatsappCustomer().sends.text('oi', { to: phone });
    expect(receiver.messages()).toHaveLength(1);
    expect((await call(graph, 'DELETE', `/v25.0/${other.id}/subscribed_apps`, { token })).body).toEqual({ success: true });
    await graph.whatsappCustomer().sends.text('oi', { to: phone });
    expect(receiver.messages()).toHaveLength(1);
    expect((await call(graph, 'GET', `/v25.0/${phone.id}?fields=nonsense`, { token })).body.error.code).toBe(100);
  });

  test('a number of the phone app: not registered, synced once and in time', async () => {
    const { graph, receiver } = await stage();
    graph.whatsappCustomer({ phone: to });
    const phone = graph.addPhone({ coexistence: true });
    const post = async (edge: string, json: Json): Promise<Json> =>
      (
        await call(graph, 'POST', `/v25.0/${phone.id}/${edge}`, {
          token: graph.tokens.whatsapp,
          json: { messaging_product: 'whatsapp', ...json },
        })
      ).body;
    expect((await post('register', { pin: '123456' })).error.code).toBe(100);
    expect(await post('smb_app_data', { sync_type: 'history' })).toMatchObject({ request_id: expect.any(String) });
    await eventually(() => receiver.changes('history').length).toBeGreaterThan(1);
    expect((await post('smb_app_data', { sync_type: 'history' })).error.code).toBe(2593107);
    await graph.clock.advance(86400_000 + 1000);
    expect((await post('smb_app_data', { sync_type: 'smb_app_state_sync' })).error.code).toBe(2593108);
    expect(phone.perSecond).toBe(20);
  });

  test('page: dialog, code, long-lived token, pages, subscription', async () => {
    const { graph } = await stage();
    const redirect = 'http://127.0.0.1:8080/oauth/back';
    const dialog = `${graph.hosts.facebookDialog}/v25.0/dialog/oauth?${new URLSearchParams({ client_id: graph.app.id, redirect_uri: redirect, state: 's1', scope: 'pages_show_list,pages_messaging,pages_manage_metadata' })}`;
    expect(await (await fetch(dialog)).text()).toContain('pages_messaging');
    expect((await graph.approve(dialog, { deny: true })).location).toContain('error=access_denied');
    const { code, state } = await graph.approve(dialog);
    expect(state).toBe('s1');
    const q = (o: Record<string, string>): string =>
      `/v25.0/oauth/access_token?${new URLSearchParams({ client_id: graph.app.id, client_secret: graph.app.secret, ...o })}`;
    expect((await call(graph, 'GET', q({ code, redirect_uri: 'http://x.example' }))).body.error.error_subcode).toBe(36008);
    const short = (await call(graph, 'GET', q({ code, redirect_uri: redirect }))).body;
    expect(short.expires_in).toBeLessThan(86400);
    const long = (await call(graph, 'GET', q({ grant_type: 'fb_exchange_token', fb_exchange_token: short.access_token }))).body;
    const accounts = (
      await call(graph, 'GET', '/v25.0/me/accounts?fields=id,name,access_token,tasks,instagram_business_account', {
        token: long.access_token,
      })
    ).body.data;
    expect(accounts[0]).toMatchObject({
      id: graph.page.id,
      tasks: expect.arrayContaining(['MODERATE']),
      instagram_business_account: { id: graph.instagram.id },
    });
    const token = accounts[0].access_token;
    graph.page.subscribed.clear();
    const subscribe = async (t: string, fields: string): Promise<Json> =>
      (await call(graph, 'POST', `/v25.0/${graph.page.id}/subscribed_apps?subscribed_fields=${fields}`, { token: t })).body;
    expect((await subscribe(long.access_token, 'messages')).error.code).toBe(210);
    expect((await subscribe(token, 'messages,nonsense')).error.code).toBe(100);
    expect(await subscribe(token, 'messages,message_echoes')).toEqual({ success: true });
    graph.page.tasks = ['ANALYZE'];
    expect((await subscribe(token, 'messages')).error.code).toBe(200);
    await graph.clock.advance(61 * 86400_000);
    expect((await call(graph, 'GET', '/v25.0/me', { token: long.access_token })).body.error).toMatchObject({
      code: 190,
      error_subcode: 463,
    });
    expect((await call(graph, 'GET', '/v25.0/me', { token })).status).toBe(200);
  });

  test('Instagram login: code, 60 days, refresh after a day and before the end', async () => {
    const { graph } = await stage();
    const redirect = 'http://127.0.0.1:8080/ig/back';
    const { code, location } = await graph.approve(
      `${graph.hosts.instagramDialog}/oauth/authorize?${new URLSearchParams({ client_id: graph.app.instagramId, redirect_uri: redirect, response_type: 'code', scope: 'instagram_business_basic,instagram_business_manage_messages' })}`,
    );
    expect(location).toMatch(/#_$/);
    const exchange = (o: Record<string, string>): ReturnType<typeof call> =>
      call(graph, 'POST', `${graph.hosts.instagramApi}/oauth/access_token`, {
        form: {
          client_id: graph.app.instagramId,
          client_secret: graph.app.instagramSecret,
          grant_type: 'authorization_code',
          redirect_uri: redirect,
          code,
          ...o,
        },
      });
    expect((await exchange({ code: `${code}#_` })).body).toMatchObject({ error_type: 'OAuthException', code: 400 });
    expect((await exchange({ client_secret: graph.app.secret })).body).toMatchObject({ error_type: 'OAuthException' });
    const short = await exchange({});
    expect(short.body).toMatchObject({
      access_token: expect.stringMatching(/^IGAA/),
      permissions: ['instagram_business_basic', 'instagram_business_manage_messages'],
    });
    const base = graph.hosts.instagram;
    const long = (
      await call(
        graph,
        'GET',
        `${base}/access_token?${new URLSearchParams({ grant_type: 'ig_exchange_token', client_secret: graph.app.instagramSecret, access_token: short.body.access_token })}`,
      )
    ).body;
    expect(long.expires_in).toBe(5183944);
    expect((await call(graph, 'GET', `${base}/v25.0/me?fields=user_id,username`, { token: long.access_token })).body).toMatchObject({
      user_id: graph.instagram.id,
      username: 'quintaldalola',
    });
    const refresh = (): ReturnType<typeof call> =>
      call(graph, 'GET', `${base}/refresh_access_token?grant_type=ig_refresh_token&access_token=${long.access_token}`);
    expect((await refresh()).status).toBe(400);
    await graph.clock.advance(25 * 3600_000);
    expect((await refresh()).body).toMatchObject({ token_type: 'bearer', expires_in: 5183944 });
    await graph.clock.advance(60 * 86400_000);
    expect((await refresh()).body.error).toMatchObject({ code: 190 });
    expect((await call(graph, 'GET', `${base}/v25.0/me`, { token: graph.tokens.page })).body.error.code).toBe(190);
  });

  test('appsecret_proof, the subscriptions of an app', async () => {
    const { graph, receiver } = await stage();
    const me = async (proof?: string): Promise<number> =>
      (await call(graph, 'GET', `/v25.0/me${proof ? `?appsecret_proof=${proof}` : ''}`, { token: graph.tokens.page })).status;
    expect(await me('00')).toBe(400);
    graph.app.requireProof = true;
    expect(await me()).toBe(400);
    expect(await me(createHmac('sha256', graph.app.secret).update(graph.tokens.page).digest('hex'))).toBe(200);
    const post = async (token: string, verifyToken: string): Promise<Json> =>
      (
        await call(graph, 'POST', `/v25.0/${graph.app.id}/subscriptions`, {
          token,
          form: { object: 'page', callback_url: receiver.url, verify_token: verifyToken, fields: 'messages' },
        })
      ).body;
    expect((await post(graph.tokens.app, 'no')).error.code).toBe(2200);
    expect(await post(graph.tokens.app, 'verify')).toEqual({ success: true });
  });
});

describe('faults', () => {
  const body = { to, type: 'text', text: { body: 'x' } };
  test('a code, so many times, at what fits', async () => {
    const { graph } = await stage();
    const ana = graph.whatsappCustomer({ phone: to });
    await ana.sends.text('oi');
    const fault = graph.fault({ code: 131016, times: 2, path: '/messages', retryAfter: 7 });
    expect((await call(graph, 'GET', `/v25.0/${graph.phone.id}`, { token: graph.tokens.whatsapp })).status).toBe(200);
    const first = await sendWhatsApp(graph, body);
    expect(first).toMatchObject({ status: 503, body: { error: { code: 131016, is_transient: true } } });
    expect(first.headers.get('retry-after')).toBe('7');
    await sendWhatsApp(graph, body);
    expect((await sendWhatsApp(graph, body)).status).toBe(200);
    expect(fault.used).toBe(2);
    graph.fault({ code: 131049, later: true, details: 'In order to maintain a healthy ecosystem engagement' });
    const said = await sendWhatsApp(graph, body);
    expect(said.status).toBe(200);
    await eventually(() => graph.messages.find((m) => m.id === said.body.messages[0].id)?.error?.code).toBe(131049);
  });

  test('broken in every way; lost means done but not told', async () => {
    const { graph } = await stage();
    const ana = graph.whatsappCustomer({ phone: to });
    await ana.sends.text('oi');
    const raw = (): Promise<Response> =>
      fetch(`${graph.url}/v25.0/${graph.phone.id}/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${graph.tokens.whatsapp}`, 'content-type': 'application/json' },
        body: JSON.stringify({ messaging_product: 'whatsapp', ...body }),
        signal: AbortSignal.timeout(1500),
        redirect: 'manual',
      });
    graph.fault({ kind: 'html' });
    const html = await raw();
    expect([html.status, html.headers.get('content-type')]).toEqual([500, 'text/html; charset=utf-8']);
    graph.fault({ kind: 'garbage' });
    await expect((await raw()).json()).rejects.toThrow();
    graph.fault({ kind: 'empty' });
    expect(await (await raw()).text()).toBe('');
    graph.fault({ kind: 'redirect', location: graph.hosts.foreign });
    expect((await raw()).status).toBe(302);
    for (const kind of ['reset', 'timeout'] as const) {
      graph.fault({ kind });
      await expect(raw()).rejects.toThrow();
    }
    expect(ana.inbox).toHaveLength(0);
    graph.fault({ kind: 'lost' });
    await expect(raw()).rejects.toThrow();
    await ana.receives('x');
    graph.fault({ kind: 'cut' });
    await expect((async () => (await raw()).text())()).rejects.toThrow();
    graph.fault({ kind: 'slow', ms: 300 });
    const start = Date.now();
    expect(((await (await raw()).json()) as Json).messages).toHaveLength(1);
    expect(Date.now() - start).toBeGreaterThan(250);
    expect(
      graph
        .callsTo('/messages', 'POST')
        .map((c) => c.fault)
        .slice(0, 4),
    ).toEqual(['html', 'garbage', 'empty', 'redirect']);
  });

  test('waiting for a call, past or to come', async () => {
    const { graph } = await stage();
    await call(graph, 'GET', `/v25.0/${graph.phone.id}`, { token: graph.tokens.whatsapp });
    expect((await graph.waitFor((c) => c.method === 'GET')).answer?.status).toBe(200);
    const later = graph.waitFor('/messages');
    await sendWhatsApp(graph, body);
    expect((await later).body.text.body).toBe('x');
    await expect(graph.waitFor('/never', 50)).rejects.toThrow('waited 50 ms for a call /never');
  });
});
