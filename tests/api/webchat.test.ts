/* The web chat as a page sees it: configuration, who may ask, what a visitor writes and reads, live both ways, and that nothing of it
   is more than words at an agent's. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Answer, Client, type JsonObject, ok, refused } from './lib/client.ts';
import { details, email, rows } from './lib/crm.ts';
import { Desk, type Row, Visitor, house, member, png, whats } from './lib/inbox.ts';
import { makeKey, unique } from './lib/people.ts';
import { sleep, until } from './lib/server.ts';
import { Socket } from './lib/socket.ts';

const all = house();

async function channel(desk: Desk, more: JsonObject = {}): Promise<{ id: string; key: string }> {
  const answer = ok(await desk.owner.call('channels.create', {}, { json: { kind: 'webchat', name: `Site ${unique()}`, ...more } }), 201);
  return { id: answer.str('id'), key: answer.str('publicKey') };
}
const config = (key: string, headers: Record<string, string> = {}, lang = ''): Promise<Answer> =>
  new Client(all.server.url).call('GET', `/webchat/${key}/config${lang ? `?lang=${lang}` : ''}`, { headers });

describe('configuration', () => {
  test('texts in the language of the page, with what falls back', async () => {
    const settings = {
      title: { pt: 'Fale com a gente', es: 'Hable con nosotros' },
      welcome: { pt: 'Oi!' },
      hoursText: { en: 'Weekdays' },
      color: '#0a7d4f',
      position: 'left',
      preChat: { enabled: true, fields: ['name', 'email'], required: ['email'] },
    };
    const { key } = await channel(all.desk, { settings });
    const pt = ok(await config(key), 200);
    expect(pt.json).toEqual({
      title: 'Fale com a gente',
      welcome: 'Oi!',
      hoursText: 'Weekdays',
      color: '#0a7d4f',
      position: 'left',
      language: 'pt',
      open: true,
      online: true,
      fileMaxBytes: 16 * 1024 * 1024,
      preChat: { enabled: true, fields: ['name', 'email'], required: ['email'] },
    });
    expect(ok(await config(key, {}, 'es'), 200).json).toMatchObject({ title: 'Hable con nosotros', language: 'es' });
    expect(ok(await config(key, {}, 'en'), 200).json).toMatchObject({ title: 'Fale com a gente', language: 'en' });
    refused(await config(key, {}, 'fr'), 400);
    refused(await config('nada'), 404, 'CHANNEL_NOT_FOUND');
    const plain = await channel(all.desk, { name: 'Loja da Zezé' });
    expect(ok(await config(plain.key), 200).json).toMatchObject({ title: 'Loja da Zezé', welcome: '', preChat: null, color: '#5a4fd6', position: 'right' });
  });

  test('what is wrong in the settings is named', async () => {
    const { desk } = all;
    const make = (more: JsonObject) => desk.owner.call('channels.create', {}, { json: { kind: 'webchat', name: 'Site', ...more } });
    const wrong: [JsonObject, string][] = [
      [{ settings: { color: 'azul' } }, 'settings.color INVALID_COLOR'],
      [{ settings: { position: 'top' } }, 'settings.position INVALID_CHOICE'],
      [{ settings: { preChat: { fields: ['cpf'] } } }, 'settings.preChat.fields[0] INVALID_CHOICE'],
      [{ settings: { preChat: { required: ['name', 'x'] } } }, 'settings.preChat.required[1] INVALID_CHOICE'],
      [{ settings: { bogus: 1 } }, 'settings.bogus UNKNOWN_FIELD'],
      [{ settings: 'x' }, 'settings INVALID_TYPE'],
      [{ settings: [] }, 'settings INVALID_TYPE'],
      [{ settings: { title: 'x' } }, 'settings.title INVALID_TYPE'],
      [{ settings: { origins: 'loja.example' } }, 'settings.origins INVALID_TYPE'],
      [{ hours: { mon: [['18:00', '08:00']] } }, 'hours INVALID_HOURS'],
      [{ hours: { segunda: [] } }, 'hours INVALID_HOURS'],
      [{ hours: { mon: '08:00' } }, 'hours INVALID_HOURS'],
      [{ hours: 'always' }, 'hours INVALID_HOURS'],
      [{ kind: 'fax' }, 'kind INVALID_VALUE'],
      [{ name: '' }, 'name TOO_SHORT'],
    ];
    for (const [more, fault] of wrong) expect([more, details(refused(await make(more), 400))]).toEqual([more, [fault]]);
    const team = '0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d10';
    expect(details(refused(await make({ defaultTeamId: team }), 400)).join()).toMatch(/^defaultTeamId /);
    const { id } = await channel(desk);
    for (const [more, fault] of wrong.filter(([one]) => one['kind'] === undefined && one['name'] === undefined))
      expect(details(refused(await desk.owner.call('channels.update', { channelId: id }, { json: more }), 400))).toEqual([fault]);
    expect(ok(await desk.owner.call('channels.update', { channelId: id }, { json: { hours: { mon: [['08:00', '12:00']] }, defaultTeamId: null } }), 200).json).toMatchObject({
      hours: { mon: [['08:00', '12:00']] },
    });
    expect(ok(await desk.owner.call('channels.update', { channelId: id }, { json: { hours: null } }), 200).get('hours')).toBeNull();
  });

  test('28: opening hours are of the place: zones, midnight, the hour that does not exist', () => {
    const open = (hours: JsonObject | null, zone: string, at: string): boolean =>
      all.desk.sql(`select hours_open(${hours === null ? 'null' : `'${JSON.stringify(hours)}'`}, '${zone}', '${at}')`) === 't';
    const week = { mon: [['08:00', '12:00'], ['13:00', '18:00']], fri: [['18:00', '24:00']], sun: [['00:00', '04:00']] } as unknown as JsonObject;
    // Monday 2026-11-16 in São Paulo is UTC-3.
    expect(open(week, 'America/Sao_Paulo', '2026-11-16T10:59:59Z')).toBe(false);
    expect(open(week, 'America/Sao_Paulo', '2026-11-16T11:00:00Z')).toBe(true);
    expect(open(week, 'America/Sao_Paulo', '2026-11-16T14:59:59Z')).toBe(true);
    expect(open(week, 'America/Sao_Paulo', '2026-11-16T15:00:00Z')).toBe(false);
    expect(open(week, 'America/Sao_Paulo', '2026-11-16T20:59:59Z')).toBe(true);
    expect(open(week, 'America/Sao_Paulo', '2026-11-16T21:00:00Z')).toBe(false);
    // The same instant is another day elsewhere.
    expect(open(week, 'Asia/Tokyo', '2026-11-15T23:30:00Z')).toBe(true);
    expect(open(week, 'America/Sao_Paulo', '2026-11-15T23:30:00Z')).toBe(false);
    // To the very end of the day.
    expect(open(week, 'America/Sao_Paulo', '2026-11-21T02:59:59.999Z')).toBe(true);
    expect(open(week, 'America/Sao_Paulo', '2026-11-21T03:00:00Z')).toBe(false);
    // Santiago, 2026-09-06: clocks go from 00:00 to 01:00; the day begins at 01:00.
    expect(open(week, 'America/Santiago', '2026-09-06T03:59:59Z')).toBe(false);
    expect(open(week, 'America/Santiago', '2026-09-06T04:00:00Z')).toBe(true);
    expect(open(week, 'America/Santiago', '2026-09-06T06:59:59Z')).toBe(true);
    expect(open(week, 'America/Santiago', '2026-09-06T07:00:00Z')).toBe(false);
    expect(open(null, 'UTC', '2026-09-06T04:00:00Z')).toBe(true);
    expect(open({ mon: [] } as unknown as JsonObject, 'UTC', '2026-11-16T12:00:00Z')).toBe(false);
  });

  test('open and online as the page is told', async () => {
    const desk = await Desk.make(all.server);
    const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
    const never = Object.fromEntries(days.map((day) => [day, []]));
    const closed = await channel(desk, { hours: never });
    expect(ok(await config(closed.key)).json).toMatchObject({ open: false, online: true });
    const always = await channel(desk, { hours: Object.fromEntries(days.map((day) => [day, [['00:00', '24:00']]])) });
    expect(ok(await config(always.key)).get('open')).toBe(true);
    ok(await desk.owner.call('users.availability', {}, { json: { availability: 'away' } }), 200);
    expect(ok(await config(always.key)).get('online')).toBe(false);
    ok(await desk.owner.call('users.availability', {}, { json: { availability: 'online' } }), 200);
    expect(ok(await config(always.key)).get('online')).toBe(true);
    // Nobody was there for a while; then a page that was open all the time says that somebody is.
    const socket = await desk.live(desk.org.owner.client);
    await socket.wait('hello');
    desk.sql(`update memberships set last_seen_at = now() - interval '5 minutes' where org_id = '${desk.org.id}'`);
    expect(ok(await config(always.key)).get('online')).toBe(false);
    socket.send({ type: 'ping' });
    await until('somebody to be there', async () => ok(await config(always.key)).get('online') === true);
    // At most once in 45 s.
    desk.sql(`update memberships set last_seen_at = now() - interval '5 minutes' where org_id = '${desk.org.id}'`);
    socket.send({ type: 'ping' });
    await sleep(400);
    expect(ok(await config(always.key)).get('online')).toBe(false);
    socket.close();
  });
});

describe('who may ask', () => {
  test('pages of the list only, whatever they are called', async () => {
    const { key } = await channel(all.desk, { settings: { origins: ['https://loja.example', 'blog.example', '*.filial.example', 'http://local.example:8080/'] } });
    const allowed = ['https://loja.example', 'HTTPS://LOJA.EXAMPLE', 'https://blog.example', 'http://blog.example', 'http://blog.example:3000', 'https://a.filial.example', 'https://a.b.filial.example', 'http://local.example:8080'];
    const denied = [
      'https://evil.example',
      'http://loja.example',
      'https://loja.example:8443',
      'https://loja.example.evil.example',
      'https://evilloja.example',
      'https://www.blog.example',
      'https://filial.example',
      'https://xfilial.example',
      'http://local.example',
      'null',
      '',
    ];
    for (const Origin of allowed) expect([Origin, (await config(key, { Origin })).status]).toEqual([Origin, 200]);
    for (const Origin of denied.filter(Boolean)) expect([Origin, (await config(key, { Origin })).get('code')]).toEqual([Origin, 'ORIGIN_DENIED']);
    const visitor = await Visitor.of(all.server.url, key);
    refused(await visitor.call('POST', '/messages', { json: { text: 'x', clientId: 'c-12345678' }, headers: { Origin: 'https://evil.example' } }), 403, 'ORIGIN_DENIED');
    const path = `/webchat/${key}/events?token=${encodeURIComponent(visitor.token)}`;
    await expect(Socket.open(visitor.client, path, { Origin: 'https://evil.example' })).rejects.toThrow('403');
    const good = await Socket.open(visitor.client, path, { Origin: 'https://loja.example' });
    await good.wait('hello');
    good.close();
    // Without a list every page may.
    expect((await config(all.desk.channel.key, { Origin: 'https://evil.example' })).status).toBe(200);
  });

  test('CORS: any origin may read the answer, cookies never count, the preflight allows our header', async () => {
    const { key } = all.desk.channel;
    const Origin = 'https://loja.example';
    const answer = await config(key, { Origin });
    expect(answer.headers.get('access-control-allow-origin')).toBe(Origin);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('vary')).toMatch(/origin/i);
    const preflight = await new Client(all.server.url).call('OPTIONS', `/webchat/${key}/messages`, {
      headers: { Origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-visitor, content-type' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/x-visitor/i);
    // The staff's API is not for other sites.
    const staff = await all.desk.org.owner.client.call('GET', all.desk.org.path('/chats'), { headers: { Origin } });
    expect(staff.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('a token is of one visitor and one channel, and cannot be made up', async () => {
    const { desk } = all;
    const { visitor } = await desk.guest();
    const other = await channel(desk);
    const foreign = await Desk.make(all.server);
    const ask = (key: string, token: string) => new Client(all.server.url).call('GET', `/webchat/${key}/messages`, { headers: token ? { 'X-Visitor': token } : {} });
    ok(await ask(desk.channel.key, visitor.token), 200);
    const mac = visitor.token.split('.')[1] ?? '';
    const flipped = `${mac.slice(0, -1)}${mac.endsWith('0') ? '1' : '0'}`;
    const stranger = await desk.visitor();
    const forged = ['', 'x', visitor.id, `${visitor.id}.`, `${visitor.id}.${'0'.repeat(32)}`, `${visitor.id}.${flipped}`, `${stranger.id}.${mac}`, `${visitor.token}0`, visitor.token.slice(0, -1), visitor.token.toUpperCase().replace('.', ' ')];
    for (const token of forged) refused(await ask(desk.channel.key, token), 401, 'VISITOR_UNKNOWN');
    for (const key of [other.key, foreign.channel.key]) refused(await ask(key, visitor.token), 401, 'VISITOR_UNKNOWN');
    const nobody = new Client(all.server.url);
    refused(await nobody.post(`/webchat/${desk.channel.key}/messages`, { text: 'x', clientId: 'c-12345678' }), 401, 'VISITOR_UNKNOWN');
    refused(await nobody.post(`/webchat/${desk.channel.key}/read`, { messageId: visitor.id }), 401, 'VISITOR_UNKNOWN');
    await expect(Socket.open(visitor.client, `/webchat/${desk.channel.key}/events?token=${visitor.id}.${flipped}`)).rejects.toThrow('401');
    await expect(Socket.open(visitor.client, `/webchat/${other.key}/events?token=${visitor.token}`)).rejects.toThrow('401');
  });

  test('a paused channel is closed to visitors, a deleted one for good; the history stays', async () => {
    const { desk } = all;
    const { id, key } = await channel(desk);
    const visitor = await desk.visitor(key);
    const chatId = String((await visitor.say('Oi'))['chatId']);
    const tabs = await Promise.all(Array.from({ length: 4 }, () => visitor.socket()));
    const elsewhere = await (await desk.guest()).visitor.socket();
    for (const tab of [...tabs, elsewhere]) await tab.wait('hello');
    ok(await desk.owner.call('channels.pause', { channelId: id }), 200);
    for (const tab of tabs) expect(await until('the socket to close', () => tab.closeCode)).toBe(4004);
    await expect(visitor.socket()).rejects.toThrow('404');
    refused(await config(key), 404, 'CHANNEL_NOT_FOUND');
    refused(await visitor.write('alô'), 404, 'CHANNEL_NOT_FOUND');
    refused(await visitor.call('GET', '/messages'), 404);
    ok(await desk.owner.call('channels.resume', { channelId: id }), 200);
    expect((await visitor.messages()).map((one) => one['text'])).toEqual(['Oi']);
    const back = await visitor.socket();
    await back.wait('hello');
    ok(await desk.owner.call('channels.remove', { channelId: id }), 204);
    expect(await until('the socket to close', () => back.closeCode)).toBe(4004);
    expect(elsewhere.closeCode).toBeUndefined();
    elsewhere.close();
    refused(await visitor.write('alô'), 404, 'CHANNEL_NOT_FOUND');
    refused(await desk.owner.call('channels.get', { channelId: id }), 404);
    refused(await desk.owner.call('channels.resume', { channelId: id }), 404);
    expect((await desk.messages(chatId)).map((one) => one['content'])).toEqual(['Oi']);
  });
});

describe('what a visitor writes', () => {
  test('the same client id makes one message, however often and whatever happened since', async () => {
    const { desk } = all;
    const visitor = await desk.visitor();
    const clientId = `w-${unique()}`;
    const answers = await Promise.all(Array.from({ length: 40 }, () => visitor.write('Uma vez', { clientId })));
    expect(answers.filter((one) => one.status === 201)).toHaveLength(1);
    expect(answers.filter((one) => one.status === 200)).toHaveLength(39);
    expect(new Set(answers.map((one) => one.str('id'))).size).toBe(1);
    const chatId = answers[0]?.str('chatId') ?? '';
    expect((await desk.chat(chatId))['messageCount']).toBe(1);
    await desk.close(chatId);
    // The page did not hear of the first time: it must not open the chat again.
    expect((await visitor.write('Uma vez', { clientId })).status).toBe(200);
    expect(await desk.chat(chatId)).toMatchObject({ status: 'closed', inboundCount: 1 });
    expect(whats(await desk.messages(chatId))).toEqual(['closed']);
    desk.sql(`update chats set closed_at = now() - interval '20 hours' where id = '${chatId}'`);
    expect((await visitor.write('Uma vez', { clientId })).str('chatId')).toBe(chatId);
    expect(desk.sql(`select count(*) from chats where contact_id = (select contact_id from chats where id = '${chatId}')`)).toBe('1');
    // Somebody else's is another.
    const other = await desk.visitor();
    expect((await other.write('Uma vez', { clientId })).status).toBe(201);
  });

  test('a burst from a new visitor makes one customer and one chat, in order of arrival', async () => {
    const { desk } = all;
    const visitor = await desk.visitor();
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => visitor.write(`b${i}`)));
    expect(new Set(answers.map((one) => one.status))).toEqual(new Set([201]));
    expect(new Set(answers.map((one) => one.str('chatId'))).size).toBe(1);
    expect(answers.map((one) => Number(one.get('seq'))).sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(desk.sql(`select count(distinct customer_id) from contact_keys where key = 'webchat:${visitor.id}'`)).toBe('1');
    expect(desk.sql(`select count(*) from contacts where identifier = '${visitor.id}'`)).toBe('1');
  });

  test('what is missing or wrong is named', async () => {
    const visitor = await all.desk.visitor();
    const send = (json: JsonObject) => visitor.call('POST', '/messages', { json });
    expect(details(refused(await send({ clientId: 'c-12345678' }), 400))).toEqual(['text REQUIRED']);
    expect(details(refused(await send({ clientId: 'c-12345678', text: '' }), 400))).toEqual(['text REQUIRED']);
    expect(details(refused(await send({ clientId: 'c-12345678', text: ' \n ' }), 400))).toEqual(['text REQUIRED']);
    expect(details(refused(await send({ text: 'x' }), 400))).toEqual(['clientId REQUIRED']);
    expect(details(refused(await send({ text: 'x', clientId: 'curto' }), 400))).toEqual(['clientId TOO_SHORT']);
    expect(details(refused(await send({ text: 'x'.repeat(4001), clientId: 'c-12345678' }), 400))).toEqual(['text TOO_LONG']);
    expect(details(refused(await send({ text: 'a\u0000b', clientId: 'c-12345678' }), 400)).join()).toMatch(/^text |^$/);
    expect(details(refused(await send({ text: 'x', clientId: 'c-12345678', email: 'nada' }), 400))).toEqual(['email INVALID_EMAIL']);
    expect(details(refused(await send({ text: 'x', clientId: 'c-12345678', phone: 'abc' }), 400))).toEqual(['phone INVALID_PHONE']);
    expect(details(refused(await send({ text: 'x', clientId: 'c-12345678', role: 'owner' }), 400))).toEqual(['role UNKNOWN_FIELD']);
    expect(await visitor.messages()).toEqual([]);
  });

  test('the form before the chat: name, e-mail and phone become the customer; a known address is nobody else’s', async () => {
    const { desk } = all;
    const address = email('bia');
    const { chatId, visitor } = await desk.guest('Oi', { name: 'Beatriz Carvalho', email: address.toUpperCase(), phone: '(11) 98421-7730', page: 'https://loja.example/p/1', referrer: 'https://busca.example/' });
    const chat = await desk.chat(chatId);
    expect(member(chat, 'customer')['name']).toBe('Beatriz Carvalho');
    expect(member(chat, 'visitor')).toMatchObject({ page: 'https://loja.example/p/1', referrer: 'https://busca.example/', language: 'pt' });
    const customer = await desk.owner.get(String(member(chat, 'customer')['id']));
    const contacts = (customer['contacts'] as Row[]).map((one) => `${String(one['kind'])} ${String(one['canonical'])}`);
    expect(contacts).toContain(`email ${address}`);
    expect(contacts).toContain('phone +5511984217730');
    // The name is only taken while there is none; more contacts are added.
    await visitor.say('de novo', { name: 'Outra Pessoa' });
    expect(member(await desk.chat(chatId), 'customer')['name']).toBe('Beatriz Carvalho');
    // Who types somebody's address gets nothing of them.
    const stranger = await desk.guest('Sou eu', { name: 'Impostor', email: address });
    expect(stranger.chatId).not.toBe(chatId);
    expect(await stranger.visitor.messages()).toHaveLength(1);
    expect(member(await desk.chat(stranger.chatId), 'customer')['id']).not.toBe(customer['id']);
    expect(member(await desk.chat(stranger.chatId), 'customer')['name']).toBe('Impostor');
  });

  test('who gives no name is a visitor with a number', async () => {
    const { chatId } = await all.desk.guest();
    expect(member(await all.desk.chat(chatId), 'customer')['name']).toMatch(/^Visitante \d{4}$/);
  });

  test('sixty a minute, then 429 with when to come back', async () => {
    const { desk } = all;
    const visitor = await desk.visitor();
    const answers = await Promise.all(Array.from({ length: 160 }, (_, i) => visitor.write(`r${i}`)));
    const limited = answers.filter((one) => one.status === 429);
    // Each of the two workers counts for itself.
    expect(answers.filter((one) => one.status === 201).length).toBeLessThanOrEqual(2 * 60 + 4);
    expect(limited.length).toBeGreaterThan(30);
    const one = limited[0];
    if (!one) throw new Error('nothing was limited');
    refused(one, 429, 'RATE_LIMIT_EXCEEDED');
    expect(Number(one.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(one.headers.get('x-ratelimit-limit')).toBe('60');
    // Others are not held up.
    await desk.guest();
  });
});

describe('what a visitor gets', () => {
  test('never notes, states of the team, nor more of a name than the first', async () => {
    const { desk } = all;
    const ana = await desk.person();
    const { chatId, visitor } = await desk.guest('Oi');
    const socket = await visitor.socket();
    await socket.wait('hello');
    ok(await desk.owner.call('messages.note', { chatId }, { json: { content: 'NOTA INTERNA' } }), 201);
    ok(await desk.owner.call('chats.assign', { chatId }, { json: { userId: ana.userId } }), 200);
    ok(await desk.owner.call('chats.transfer', { chatId }, { json: { userId: ana.userId, note: 'RECADO INTERNO' } }), 200);
    ok(await desk.owner.call('chats.priority', { chatId }, { json: { priority: 2 } }), 200);
    await desk.send(chatId, 'Oi, sou a Ana', {}, ana.api);
    await desk.send(chatId, 'Do sistema', {}, desk.owner.as(await makeKey(desk.org)));
    await socket.wait('message', (data) => data['text'] === 'Do sistema');
    const list = await visitor.messages();
    expect(list.map((one) => [one['from'], one['text'], one['authorName']])).toEqual([
      ['visitor', 'Oi', ''],
      ['agent', 'Oi, sou a Ana', 'Ana'],
      ['agent', 'Do sistema', ''],
    ]);
    const seen = JSON.stringify(socket.frames) + JSON.stringify(list);
    for (const secret of ['INTERN', ana.userId, ana.email, desk.org.secret, 'assignee', 'sigilo', 'priority', 'teamId'])
      expect([secret, seen.includes(secret)]).toEqual([secret, false]);
    socket.close();
  });

  test('states of what we wrote rise by what the page says, over the socket too', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest();
    const socket = await visitor.socket();
    await socket.wait('hello');
    const first = String((await desk.send(chatId, 'um'))['id']);
    const second = String((await desk.send(chatId, 'dois'))['id']);
    await desk.status(chatId, second, 'sent');
    socket.send({ type: 'delivered', id: second });
    await desk.status(chatId, first, 'delivered');
    await desk.status(chatId, second, 'delivered');
    socket.send({ type: 'read', id: first });
    await desk.status(chatId, first, 'read');
    expect(ok(await desk.owner.call('messages.get', { chatId, messageId: second })).get('status')).toBe('delivered');
    await socket.wait('message', (data) => data['id'] === first && data['status'] === 'read');
    // Of somebody else's conversation: nothing happens.
    const stranger = await desk.guest();
    ok(await stranger.visitor.call('POST', '/read', { json: { messageId: second } }), 204);
    const strange = await stranger.visitor.socket();
    await strange.wait('hello');
    strange.send({ type: 'read', id: second });
    await sleep(300);
    expect(ok(await desk.owner.call('messages.get', { chatId, messageId: second })).get('status')).toBe('delivered');
    socket.close();
    strange.close();
  });

  test('typing, both ways, only in the own chat', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest();
    const stranger = await desk.guest();
    const [page, other, agent] = [await visitor.socket(), await stranger.visitor.socket(), await desk.live(desk.org.owner.client)];
    for (const one of [page, other, agent]) await one.wait('hello');
    page.send({ type: 'typing', on: true });
    const seen = await agent.wait('typing', (data) => data['visitor'] === true);
    expect(seen.data).toMatchObject({ chatId, on: true });
    agent.send({ type: 'typing', chatId, on: true });
    await page.wait('typing', (data) => data['on'] === true);
    agent.send({ type: 'typing', chatId, on: false });
    await page.wait('typing', (data) => data['on'] === false);
    const before = page.frames.length;
    agent.send({ type: 'typing', chatId, on: true, note: true });
    await sleep(300);
    expect(page.frames.slice(before)).toEqual([]);
    expect(other.frames.filter((one) => one.type === 'typing')).toEqual([]);
    for (const one of [page, other, agent]) one.close();
  });

  test('two tabs: both get all, a new chat is recognised while connected', async () => {
    const { desk } = all;
    const visitor = await desk.visitor();
    const tabs = [await visitor.socket(), await visitor.socket()];
    for (const tab of tabs) await tab.wait('hello');
    const chatId = String((await visitor.say('Primeira'))['chatId']);
    await desk.send(chatId, 'Resposta');
    for (const tab of tabs) {
      await tab.wait('message', (data) => data['text'] === 'Primeira');
      const frame = await tab.wait('message', (data) => data['text'] === 'Resposta');
      expect(frame.data).toMatchObject({ chatId, from: 'agent', kind: 'text', replyTo: null });
      tab.close();
    }
  });

  test('somebody else’s visitor id in words or names opens no ears', async () => {
    const { desk } = all;
    const victim = await desk.visitor();
    const ears = await victim.socket();
    await ears.wait('hello');
    const { chatId } = await desk.guest(`meu id é ${victim.id}`, { name: victim.id, page: `https://x.example/${victim.id}` });
    await desk.send(chatId, `resposta ${victim.id}`);
    await sleep(500);
    expect(ears.frames.filter((one) => one.type === 'message')).toEqual([]);
    ears.close();
  });

  test('what was missed comes in pages by cursor, without gap or double', async () => {
    const { desk } = all;
    const { chatId, visitor, message } = await desk.guest('inicio');
    for (let i = 0; i < 13; i++) await Promise.all(Array.from({ length: 20 }, (_, n) => desk.send(chatId, `x${i * 20 + n}`)));
    const whole: string[] = [];
    let after = String(message['cursor']);
    for (;;) {
      const page = await visitor.messages(after);
      if (page.length === 0) break;
      expect(page.length).toBeLessThanOrEqual(100);
      whole.push(...page.map((one) => String(one['id'])));
      after = String(page.at(-1)?.['cursor']);
    }
    expect(whole.length).toBe(260);
    expect(new Set(whole).size).toBe(260);
    const newest = await visitor.messages();
    expect(newest.map((one) => one['id'])).toEqual(whole.slice(-100));
    refused(await visitor.call('GET', '/messages', { query: { after: 'nada' } }), 400);
  });
});

describe('hostile', () => {
  const evil = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', 'javascript:alert(1)', '{{agent.name}} {{7*7}}', '\u202Egnp.exe', "'; drop table messages; --", '\\u003cscript\\u003e', '</textarea><svg/onload=alert(1)>'];

  test('words stay words, to the letter', async () => {
    const { desk } = all;
    for (const text of evil) {
      const { chatId, visitor } = await desk.guest(text, { name: text.slice(0, 100), page: text });
      expect((await desk.messages(chatId))[0]?.['content']).toBe(text);
      expect((await visitor.messages())[0]?.['text']).toBe(text);
      expect(member(await desk.chat(chatId), 'customer')['name']).toBe(text.slice(0, 100));
    }
    expect(Number(desk.sql('select count(*) from messages'))).toBeGreaterThan(evil.length);
  });

  test('a file is what its bytes are; what could run is only ever downloaded', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest();
    const files: [string, string, string][] = [
      ['<html><body><script>alert(1)</script></body></html>', 'foto.png', 'image/png'],
      ['<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'logo.svg', 'image/svg+xml'],
      ['<?xml version="1.0"?><a/>', 'x.xml', 'text/xml'],
    ];
    for (const [content, name, type] of files) {
      const answer = await visitor.sendFile(content, name, type);
      if (answer.status === 415) continue;
      ok(answer, 201);
      const file = ((await desk.messages(chatId)).at(-1)?.['files'] as Row[])[0];
      for (const got of [await desk.org.owner.client.call('GET', String(file?.['url'])), await visitor.call('GET', `/files/${String(file?.['id'])}`)]) {
        expect(got.headers.get('content-disposition')).toMatch(/^attachment/);
        expect(got.headers.get('x-content-type-options')).toBe('nosniff');
        expect(got.headers.get('content-security-policy')).toMatch(/sandbox/);
      }
    }
    refused(await visitor.sendFile(readFileSync('/bin/true'), 'foto.jpg', 'image/jpeg'), 415, 'FILE_TYPE_REFUSED');
    const traversal = ok(await visitor.sendFile(png, '../../../etc/passwd', 'image/png'), 201);
    expect(String((traversal.get('files') as Row[])[0]?.['name'])).not.toMatch(/[/\\]/);
  });

  test('too large, too many, no file at all', async () => {
    const { desk } = all;
    const visitor = await desk.visitor();
    refused(await visitor.sendFile(new Uint8Array(16 * 1024 * 1024 + 1), 'grande.bin', 'application/octet-stream'), 413);
    const form = new FormData();
    form.append('clientId', 'c-12345678');
    refused(await visitor.call('POST', '/messages', { body: form }), 400);
    expect(rows(ok(await visitor.call('GET', '/messages')))).toEqual([]);
  });
});
