/* Messenger and Instagram: what the Send API takes and refuses, windows and tags, echoes and read marks, profiles, and
   every inbound shape. */
import { describe, expect, test } from 'vitest';
import { type Graph, type Json, type PageCustomer, samples } from './graph.mjs';
import { call, eventually, type Said, stage } from './lib/receiver.ts';

type Send = (who: PageCustomer, body: Json) => Promise<Said>;
const viaPage =
  (graph: Graph): Send =>
  (who, body) =>
    call(graph, 'POST', `/v25.0/${graph.page.id}/messages`, {
      token: graph.tokens.page,
      json: { recipient: { id: who.person.id }, ...body },
    });
const viaLogin =
  (graph: Graph): Send =>
  (who, body) =>
    call(graph, 'POST', `${graph.hosts.instagram}/v25.0/me/messages`, {
      token: graph.tokens.instagram,
      json: { recipient: { id: who.person.id }, ...body },
    });
const say = (text: string): Json => ({ messaging_type: 'RESPONSE', message: { text } });
const day = 86400_000;
const template = (payload: Json): Json => ({ messaging_type: 'RESPONSE', message: { attachment: { type: 'template', payload } } });
const button = (o: Json = {}): Json => ({ type: 'postback', title: 'Sim', payload: 'yes', ...o });

describe('Messenger', () => {
  async function withBia(): Promise<{
    graph: Graph;
    bia: PageCustomer;
    send: Send;
    receiver: Awaited<ReturnType<typeof stage>>['receiver'];
  }> {
    const { graph, receiver } = await stage();
    const bia = graph.messengerCustomer({ name: 'Bia Reis' });
    await bia.sends.text('oi');
    return { graph, bia, receiver, send: viaPage(graph) };
  }

  test('text: answer, echo with our app id, delivery, read watermark', async () => {
    const { graph, bia, receiver, send } = await withBia();
    const said = await send(bia, {
      ...say('olá'),
      message: { text: 'olá', metadata: 'ours-1', quick_replies: [{ content_type: 'text', title: 'Sim', payload: 'y' }] },
    });
    expect(said.body).toEqual({ recipient_id: bia.person.id, message_id: expect.stringMatching(/^m_/) });
    await eventually(() => receiver.messaging().length).toBe(3);
    const [, echo, delivery] = receiver.messaging();
    expect(echo).toMatchObject({
      sender: { id: graph.page.id },
      recipient: { id: bia.person.id },
      message: { mid: said.body.message_id, is_echo: true, app_id: Number(graph.app.id), metadata: 'ours-1', text: 'olá' },
    });
    expect(delivery.delivery).toEqual({ mids: [said.body.message_id], watermark: expect.any(Number) });
    await bia.reads();
    expect(receiver.messaging().at(-1)?.read).toEqual({ watermark: expect.any(Number) });
    expect(receiver.got[0]?.body).toMatchObject({ object: 'page', entry: [{ id: graph.page.id, time: expect.any(Number) }] });
    const m = await bia.receives('olá');
    await bia.taps(m, 'Sim');
    expect(receiver.messaging().at(-1)?.message).toMatchObject({ text: 'Sim', quick_reply: { payload: 'y' } });
  });

  test.each<[string, Json, number, number?]>([
    ['no messaging_type', { message: { text: 'x' } }, 100],
    ['unknown messaging_type', { messaging_type: 'REPLY', message: { text: 'x' } }, 100],
    ['no message', { messaging_type: 'RESPONSE' }, 100],
    ['empty message', { messaging_type: 'RESPONSE', message: {} }, 100],
    ['blank text', say('  '), 100],
    ['text of 2000', say('x'.repeat(2000)), 100],
    [
      'text and attachment',
      { messaging_type: 'RESPONSE', message: { text: 'x', attachment: { type: 'image', payload: { url: 'https://a.b/c' } } } },
      100,
    ],
    [
      '14 quick replies',
      {
        messaging_type: 'RESPONSE',
        message: {
          text: 'x',
          quick_replies: Array.from({ length: 14 }, (_, i) => ({ content_type: 'text', title: `${i}`, payload: `${i}` })),
        },
      },
      100,
    ],
    [
      'quick reply of 21',
      {
        messaging_type: 'RESPONSE',
        message: { text: 'x', quick_replies: [{ content_type: 'text', title: 'x'.repeat(21), payload: 'y' }] },
      },
      100,
    ],
    ['metadata of 1000', { messaging_type: 'RESPONSE', message: { text: 'x', metadata: 'x'.repeat(1000) } }, 100],
    ['four buttons', template({ template_type: 'button', text: 'x', buttons: [button(), button(), button(), button()] }), 100],
    ['button text of 641', template({ template_type: 'button', text: 'x'.repeat(641), buttons: [button()] }), 100],
    [
      'eleven elements',
      template({ template_type: 'generic', elements: Array.from({ length: 11 }, () => ({ title: 'a', subtitle: 'b' })) }),
      100,
    ],
    ['element title of 81', template({ template_type: 'generic', elements: [{ title: 'x'.repeat(81), subtitle: 'b' }] }), 100],
    [
      'link without scheme',
      template({ template_type: 'button', text: 'x', buttons: [{ type: 'web_url', title: 'x', url: 'quintal.example' }] }),
      100,
    ],
    ['unknown template', template({ template_type: 'carousel' }), 100],
    [
      'attachment of nobody',
      { messaging_type: 'RESPONSE', message: { attachment: { type: 'image', payload: { attachment_id: '1' } } } },
      100,
      2018074,
    ],
    [
      'url that is not there',
      { messaging_type: 'RESPONSE', message: { attachment: { type: 'image', payload: { url: 'http://127.0.0.1:9/x.png' } } } },
      100,
      2018008,
    ],
    ['tag without MESSAGE_TAG', { messaging_type: 'RESPONSE', tag: 'HUMAN_AGENT', message: { text: 'x' } }, 100],
    ['MESSAGE_TAG without tag', { messaging_type: 'MESSAGE_TAG', message: { text: 'x' } }, 100],
    ['dead tag', { messaging_type: 'MESSAGE_TAG', tag: 'ACCOUNT_UPDATE', message: { text: 'x' } }, 100],
    ['dead tag', { messaging_type: 'MESSAGE_TAG', tag: 'CONFIRMED_EVENT_UPDATE', message: { text: 'x' } }, 100],
    [
      'several attachments',
      { messaging_type: 'RESPONSE', message: { attachments: [{ type: 'image', payload: { url: 'https://a.b' } }] } },
      100,
    ],
    ['action with message', { sender_action: 'typing_on', message: { text: 'x' } }, 100],
    ['unknown key', { ...say('x'), foo: 1 }, 100],
  ])('refused: %s', async (_, body, code, subcode) => {
    const { graph, bia, send } = await withBia();
    const said = await send(bia, body);
    expect(said.body.error, JSON.stringify(said.body)).toMatchObject({
      code,
      ...(subcode ? { error_subcode: subcode } : {}),
      message: expect.stringContaining(`(#${code})`),
    });
    expect(graph.messages).toHaveLength(1);
  });

  test('windows: 24 hours, seven days for a person, then nothing', async () => {
    const { graph, bia, send } = await withBia();
    const human = { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT', message: { text: 'x' } };
    bia.wroteAgo(day + 1000);
    expect((await send(bia, say('x'))).body.error).toMatchObject({ code: 10, error_subcode: 2018278 });
    expect((await send(bia, { sender_action: 'typing_on' })).body.error).toMatchObject({ code: 10, error_subcode: 2018278 });
    expect((await send(bia, human)).status).toBe(200);
    graph.app.humanAgent = false;
    expect((await send(bia, human)).body.error.code).toBe(200);
    graph.app.humanAgent = true;
    bia.wroteAgo(7 * day + 1000);
    expect((await send(bia, human)).body.error).toMatchObject({ code: 10, error_subcode: 2018278 });
    await bia.sends.reaction('m_x');
    expect((await send(bia, say('x'))).status).toBe(200);
  });

  test('nobody, unavailable, not receiving, restricted page, wrong token, rate', async () => {
    const { graph, bia, send } = await withBia();
    expect(
      (
        await call(graph, 'POST', `/v25.0/${graph.page.id}/messages`, {
          token: graph.tokens.page,
          json: { recipient: { id: '123' }, ...say('x') },
        })
      ).body.error,
    ).toMatchObject({ code: 100, error_subcode: 2018001 });
    bia.person.unavailable = true;
    expect((await send(bia, say('x'))).body.error).toMatchObject({ code: 551, error_subcode: 1545041 });
    Object.assign(bia.person, { unavailable: false, cannotReceive: true });
    expect((await send(bia, say('x'))).body.error).toMatchObject({ code: 10, error_subcode: 2018108 });
    bia.person.cannotReceive = false;
    graph.page.restricted = true;
    expect((await send(bia, say('x'))).body.error).toMatchObject({ code: 10, error_subcode: 1893063 });
    graph.page.restricted = false;
    const by = (token: string): Promise<Said> =>
      call(graph, 'POST', `/v25.0/${graph.page.id}/messages`, { token, json: { recipient: { id: bia.person.id }, ...say('x') } });
    expect((await by(graph.tokens.user)).body.error.code).toBe(210);
    expect((await by(graph.token({ kind: 'page', pageId: graph.page.id, scopes: ['pages_show_list'] }).token)).body.error.code).toBe(200);
    graph.limits.pagePerSecond = 1;
    await graph.clock.advance(2000);
    expect([(await send(bia, say('x'))).status, (await send(bia, say('x'))).body.error.code]).toEqual([200, 613]);
  });

  test('attachments: by address, uploaded, kept for later; a wrong type is refused', async () => {
    const { graph, bia, receiver, send } = await withBia();
    const photo = await fetch(
      await (async () => {
        await bia.sends.image();
        return receiver.messaging().at(-1)?.message.attachments[0].payload.url;
      })(),
    );
    expect(Buffer.from(await photo.arrayBuffer()).equals(samples.jpeg)).toBe(true);
    const url = bia.thread.at(-1)?.media[0]?.url;
    const said = await send(bia, {
      messaging_type: 'RESPONSE',
      message: { attachment: { type: 'image', payload: { url, is_reusable: true } } },
    });
    expect(said.body.attachment_id).toMatch(/^\d+$/);
    expect(
      (
        await send(bia, {
          messaging_type: 'RESPONSE',
          message: { attachment: { type: 'image', payload: { attachment_id: said.body.attachment_id } } },
        })
      ).status,
    ).toBe(200);
    expect(
      (await send(bia, { messaging_type: 'RESPONSE', message: { attachment: { type: 'video', payload: { url } } } })).body.error,
    ).toMatchObject({ code: 100, error_subcode: 2018047 });
    const form = (path: string, fields: Record<string, Json>): Promise<Said> => {
      const data = new FormData();
      for (const [k, v] of Object.entries(fields)) data.append(k, typeof v === 'string' ? v : JSON.stringify(v));
      data.append('filedata', new Blob([new Uint8Array(samples.pdf())], { type: 'application/pdf' }), 'Orçamento.pdf');
      return call(graph, 'POST', path, { token: graph.tokens.page, multipart: data });
    };
    const message = { attachment: { type: 'file', payload: { is_reusable: true } } };
    expect((await form('/v25.0/me/messages', { recipient: { id: bia.person.id }, messaging_type: 'RESPONSE', message })).status).toBe(200);
    expect((await bia.receives((m) => m.media[0]?.name === 'Orçamento.pdf')).type).toBe('file');
    const kept = await form(`/v25.0/${graph.page.id}/message_attachments`, { message });
    expect((await send(bia, { messaging_type: 'RESPONSE', message: { attachment: { type: 'file', payload: kept.body } } })).status).toBe(
      200,
    );
    await graph.clock.advance(91 * day);
    bia.wroteAgo(0);
    expect(
      (await send(bia, { messaging_type: 'RESPONSE', message: { attachment: { type: 'file', payload: kept.body } } })).body.error
        .error_subcode,
    ).toBe(2018074);
    await eventually(() => receiver.messaging().filter((m) => m.message?.is_echo && m.message.attachments).length).toBe(4);
  });

  test('buttons come back as postbacks; actions; profile and its refusal', async () => {
    const { graph, bia, receiver, send } = await withBia();
    await send(
      bia,
      template({
        template_type: 'button',
        text: 'Confirma?',
        buttons: [button({ payload: 'C1' }), { type: 'web_url', title: 'Ver', url: 'https://a.b' }],
      }),
    );
    await bia.taps(await bia.receives('Confirma?'), 'Sim');
    expect(receiver.messaging().at(-1)?.postback).toMatchObject({ title: 'Sim', payload: 'C1', mid: expect.any(String) });
    for (const action of ['typing_on', 'typing_off', 'mark_seen'])
      expect((await send(bia, { sender_action: action })).body).toEqual({ recipient_id: bia.person.id });
    expect((await send(bia, { sender_action: 'dance' })).body.error.code).toBe(100);
    const mid = bia.thread[0]?.id;
    await send(bia, { sender_action: 'react', payload: { message_id: mid, reaction: 'love' } });
    expect(bia.thread[0]?.reactions).toEqual([{ by: 'business', emoji: '❤️' }]);
    const profile = (): Promise<Said> =>
      call(graph, 'GET', `/v25.0/${bia.person.id}?fields=first_name,last_name,profile_pic`, { token: graph.tokens.page });
    const first = (await profile()).body;
    expect(first).toMatchObject({ first_name: 'Bia', last_name: 'Reis' });
    expect((await fetch(first.profile_pic)).headers.get('content-type')).toBe('image/png');
    bia.person.profileHidden = true;
    expect((await profile()).body.error).toMatchObject({ code: 100, error_subcode: 33 });
  });

  test.each<[string, (c: PageCustomer, g: Graph) => Promise<unknown>, Json]>([
    [
      'video',
      (c) => c.sends.video(),
      { message: { attachments: [{ type: 'video', payload: { url: expect.stringContaining('/cdn/') } }] } },
    ],
    ['sticker', (c) => c.sends.sticker(), { message: { attachments: [{ type: 'sticker', payload: { sticker_id: 369239263222822 } }] } }],
    [
      'location',
      (c) => c.sends.location(),
      { message: { attachments: [{ type: 'location', payload: { coordinates: { lat: -23.5614, long: -46.6559 } } }] } },
    ],
    [
      'fallback with null',
      (c) => c.sends.fallback('Link', null),
      { message: { attachments: [{ type: 'fallback', title: 'Link', payload: null }] } },
    ],
    ['reply', (c) => c.sends.text('x', { replyTo: 'm_1' }), { message: { reply_to: { mid: 'm_1', is_self_reply: false } } }],
    [
      'postback without mid',
      (c) => c.sends.postback('Começar', 'START', { withoutMid: true, referral: { ref: 'a' } }),
      { postback: { title: 'Começar', payload: 'START', referral: { ref: 'a' } } },
    ],
    ['referral', (c) => c.sends.referral(), { referral: { ref: 'vitrine', source: 'SHORTLINK', type: 'OPEN_THREAD' } }],
    ['ad', (c) => c.sends.fromAd('x'), { message: { referral: { source: 'ADS' } } }],
    ['reaction', (c) => c.sends.reaction('m_1'), { reaction: { mid: 'm_1', action: 'react', emoji: '❤️' } }],
    ['unreact', (c) => c.sends.reactionRemoved('m_1'), { reaction: { mid: 'm_1', action: 'unreact' } }],
    ['edit', (c) => c.sends.edit('m_1', 'novo'), { message_edit: { mid: 'm_1', text: 'novo', num_edit: 1 } }],
    ['optin', (c) => c.sends.optin(), { optin: { type: 'notification_messages' } }],
    ['page inbox', (c, g) => g.ownerSends(c, 'da caixa'), { message: { is_echo: true, app_id: 26390203743090, text: 'da caixa' } }],
    ['pass thread control', (c, g) => g.handover(c, 'pass'), { pass_thread_control: { new_owner_app_id: expect.any(String) } }],
    ['policy', (_, g) => g.policyEnforcement('block'), { policy_enforcement: { action: 'block' } }],
  ])('inbound: %s', async (_, act, shape) => {
    const { graph, receiver } = await stage();
    await act(graph.messengerCustomer(), graph);
    expect(receiver.messaging()[0]).toMatchObject(shape);
    expect(receiver.messaging()[0].timestamp).toBeGreaterThan(1e12);
  });

  test('standby events come in a list of their own', async () => {
    const { graph, receiver } = await stage();
    await graph.handover(graph.messengerCustomer(), 'standby');
    expect(receiver.got[0]?.body.entry[0]).toMatchObject({ standby: [{ message: { text: 'Oi' } }] });
    expect(receiver.got[0]?.body.entry[0].messaging).toBeUndefined();
  });
});

describe('Instagram', () => {
  async function withCaio(
    byLogin: boolean,
  ): Promise<{ graph: Graph; caio: PageCustomer; send: Send; receiver: Awaited<ReturnType<typeof stage>>['receiver'] }> {
    const { graph, receiver } = await stage();
    if (byLogin) {
      await call(
        graph,
        'POST',
        `${graph.hosts.instagram}/v25.0/me/subscribed_apps?subscribed_fields=messages,messaging_postbacks,messaging_seen,message_reactions,comments`,
        { token: graph.tokens.instagram },
      );
      receiver.secrets.push(graph.app.instagramSecret);
    }
    const caio = graph.instagramCustomer({ name: 'Caio', username: 'caio.pets' });
    await caio.sends.text('oi');
    return { graph, caio, receiver, send: byLogin ? viaLogin(graph) : viaPage(graph) };
  }

  test.each([true, false])('text: answer, echo inside messages, read by mid, no delivery (by login: %s)', async (byLogin) => {
    const { graph, caio, receiver, send } = await withCaio(byLogin);
    expect(receiver.got[0]?.body).toMatchObject({ object: 'instagram', entry: [{ id: graph.instagram.id }] });
    expect(receiver.got[0]?.signed).toBe(true);
    const said = await send(caio, { message: { text: 'olá' } });
    expect(said.body).toEqual({ recipient_id: caio.person.id, message_id: expect.any(String) });
    expect(said.body.message_id.length).toBeGreaterThan(100);
    await eventually(() => receiver.messaging().length).toBe(2);
    expect(receiver.messaging()[1]).toMatchObject({
      sender: { id: graph.instagram.id },
      recipient: { id: caio.person.id },
      message: { is_echo: true, text: 'olá' },
    });
    await caio.reads();
    expect(receiver.messaging()[2]?.read).toEqual({ mid: said.body.message_id });
    expect(receiver.messaging().filter((m) => m.delivery)).toEqual([]);
  });

  test('by login the other secret signs', async () => {
    const { graph, receiver } = await withCaio(true);
    receiver.secrets = [graph.app.secret];
    await graph.instagramCustomer().sends.text('x');
    expect(receiver.got.at(-1)?.signed).toBe(false);
  });

  test('bytes, not characters; the window; the person tag', async () => {
    const { caio, send } = await withCaio(true);
    expect((await send(caio, { message: { text: 'x'.repeat(1000) } })).status).toBe(200);
    expect((await send(caio, { message: { text: 'x'.repeat(1001) } })).body.error.code).toBe(100);
    expect((await send(caio, { message: { text: 'ã'.repeat(500) } })).status).toBe(200);
    expect((await send(caio, { message: { text: 'ã'.repeat(501) } })).body.error.code).toBe(100);
    caio.wroteAgo(day + 1000);
    expect((await send(caio, { message: { text: 'x' } })).body.error).toMatchObject({ code: 10, error_subcode: 2534022 });
    expect((await send(caio, { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT', message: { text: 'x' } })).status).toBe(200);
    caio.wroteAgo(8 * day);
    expect((await send(caio, { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT', message: { text: 'x' } })).body.error.error_subcode).toBe(
      2534022,
    );
  });

  test('never first contact; another account; the page token at graph.instagram.com', async () => {
    const { graph, send } = await withCaio(true);
    const silent = graph.instagramCustomer();
    expect((await send(silent, { message: { text: 'x' } })).body.error).toMatchObject({ code: 10, error_subcode: 2534022 });
    const other = graph.addInstagram({ username: 'outra' });
    const token = graph.token({ kind: 'instagram', igId: other.id }).token;
    expect(
      (
        await call(graph, 'POST', `/v25.0/${graph.instagram.id}/messages`, {
          token,
          json: { recipient: { id: silent.person.id }, message: { text: 'x' } },
        })
      ).body.error.code,
    ).toBe(100);
  });

  test('attachments: types, ten images, no upload, no button template', async () => {
    const { graph, caio, send } = await withCaio(true);
    await caio.sends.image();
    const url = caio.thread.at(-1)?.media[0]?.url;
    const image = { type: 'image', payload: { url } };
    expect((await send(caio, { message: { attachment: image } })).status).toBe(200);
    expect((await send(caio, { message: { attachments: Array.from({ length: 10 }, () => image) } })).status).toBe(200);
    expect((await send(caio, { message: { attachments: Array.from({ length: 11 }, () => image) } })).body.error.code).toBe(100);
    expect((await send(caio, { message: { attachment: { type: 'like_heart' } } })).status).toBe(200);
    expect((await send(caio, { message: { attachment: { type: 'audio', payload: { url } } } })).body.error).toMatchObject({
      code: 100,
      error_subcode: 2018047,
    });
    expect((await send(caio, template({ template_type: 'button', text: 'x', buttons: [button()] }))).body.error.code).toBe(100);
    expect(
      (await send(caio, { message: template({ template_type: 'generic', elements: [{ title: 'a', subtitle: 'b' }] }).message })).status,
    ).toBe(200);
    expect(graph.messages.filter((m) => m.direction === 'out')).toHaveLength(4);
  });

  test('profile only after the person wrote; pictures die', async () => {
    const { graph, caio } = await withCaio(true);
    const get = (who: PageCustomer): Promise<Said> =>
      call(graph, 'GET', `${graph.hosts.instagram}/v25.0/${who.person.id}?fields=name,username,profile_pic,follower_count`, {
        token: graph.tokens.instagram,
      });
    const { body } = await get(caio);
    expect(body).toMatchObject({ name: 'Caio', username: 'caio.pets' });
    expect((await get(graph.instagramCustomer())).body.error.code).toBe(230);
    await graph.clock.advance(4 * day);
    expect((await fetch(body.profile_pic)).status).toBe(403);
  });

  test('comments in both envelopes, one private reply', async () => {
    const { graph, caio, receiver, send } = await withCaio(true);
    const first = await caio.sends.comment('Quanto?');
    expect(receiver.changes('comments')[0].value).toMatchObject({ id: first.id, text: 'Quanto?', from: { username: 'caio.pets' } });
    await caio.sends.comment('E entrega?', { flat: true });
    expect(receiver.got.at(-1)?.body.entry[0]).toMatchObject({ field: 'comments', value: { text: 'E entrega?' } });
    const reply = { recipient: { comment_id: first.id }, message: { text: 'Oi!' } };
    expect((await send(caio, reply)).status).toBe(200);
    expect((await send(caio, reply)).body.error.code).toBe(10);
    expect(graph.warnings).toEqual([]);
  });

  test.each<[string, (c: PageCustomer) => Promise<unknown>, Json]>([
    [
      'story reply',
      (c) => c.sends.storyReply('uau'),
      { message: { text: 'uau', reply_to: { story: { id: expect.any(String), url: expect.any(String) } } } },
    ],
    ['story mention', (c) => c.sends.storyMention(), { message: { attachments: [{ type: 'story_mention' }] } }],
    ['share', (c) => c.sends.share(), { message: { attachments: [{ type: 'ig_post', payload: { id: expect.any(String) } }] } }],
    ['share as it was', (c) => c.sends.share({ legacy: true }), { message: { attachments: [{ type: 'share' }] } }],
    ['reel', (c) => c.sends.reel(), { message: { attachments: [{ type: 'ig_reel', payload: { reel_video_id: expect.any(String) } }] } }],
    ['heart', (c) => c.sends.likeHeart(), { message: { attachments: [{ type: 'like_heart' }] } }],
    ['unsend', (c) => c.sends.unsend('mid1'), { message: { mid: 'mid1', is_deleted: true } }],
    ['unsupported', (c) => c.sends.unsupported(), { message: { is_unsupported: true } }],
    ['images', (c) => c.sends.images(3), { message: { attachments: [{ type: 'image' }, { type: 'image' }, { type: 'image' }] } }],
    ['edit', (c) => c.sends.edit('mid1', 'novo', { count: 2 }), { message_edit: { mid: 'mid1', num_edit: 2 } }],
  ])('inbound: %s', async (_, act, shape) => {
    const { graph, receiver } = await stage();
    await act(graph.instagramCustomer());
    expect(receiver.messaging()[0]).toMatchObject(shape);
  });

  test('a story mention cannot be fetched a day later', async () => {
    const { graph, caio, receiver } = await withCaio(true);
    await caio.sends.storyMention();
    const { url } = receiver.messaging().at(-1)?.message.attachments[0].payload;
    expect((await fetch(url)).status).toBe(200);
    await graph.clock.advance(day);
    expect((await fetch(url)).status).toBe(403);
  });
});
