/* What an attacker tries: a visitor who wants to hear other conversations, a member who wants more than their role, a stranger
   who wants all the places; and what the database itself must say of its walls. Each test is a fault that was once there, or a wall
   that must not fall unseen. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Client, ok, refused } from './lib/client.ts';
import { rows } from './lib/crm.ts';
import { house, member } from './lib/inbox.ts';
import { password, signUp, unique } from './lib/people.ts';
import { Server, sleep, until } from './lib/server.ts';
import { Socket } from './lib/socket.ts';

const all = house();

describe('a visitor', () => {
  test('does not hear a conversation in which somebody put their id', async () => {
    const { desk } = all;
    const spy = await desk.visitor();
    const ear = await spy.socket();
    await ear.wait('hello');
    // The victim came by a link that the spy gave away, says the spy's id, and is called by it.
    const victim = await desk.visitor();
    const page = `https://loja.example/?utm=${spy.id}`;
    const said = await victim.say(`Vim pelo código ${spy.id}`, { page, referrer: page, name: spy.id });
    const chatId = String(said['chatId']);
    await desk.send(chatId, 'O seu pedido 4711 sai amanhã');
    await victim.say('Obrigada, moro na Rua das Flores 12', { page });
    // What is the spy's own still arrives, on the same connection and after all that.
    const own = await spy.say('Oi', { page });
    await ear.wait('message', (data) => data['id'] === own['id']);
    expect(ear.frames.filter((frame) => frame.type === 'message' && frame.data['chatId'] !== own['chatId'])).toEqual([]);
    ear.close();
  });

  test('gets no note by sending its clientId', async () => {
    const { desk } = all;
    const { visitor, chatId } = await desk.guest();
    const clientId = `nota-${unique()}`;
    ok(await desk.owner.call('messages.note', { chatId }, { json: { content: 'Cliente difícil, não dar desconto', clientId } }), 201);
    const answer = await visitor.write('Oi', { clientId });
    expect(answer.text).not.toContain('desconto');
    expect(JSON.stringify(await visitor.messages())).not.toContain('desconto');
  });

  test('opens no more live connections than tabs make sense', async () => {
    const { desk } = all;
    const visitor = await desk.visitor();
    const open: Socket[] = [];
    let refusal = '';
    for (let i = 0; i < 40 && !refusal; i++) {
      await visitor.socket().then(
        (one) => open.push(one),
        (why: Error) => (refusal = why.message),
      );
    }
    expect(refusal).toBe('refused with 429');
    expect(open.length).toBeGreaterThanOrEqual(8);
    // Another one still comes in, and so does this one when a tab closes.
    const other = await (await desk.visitor()).socket();
    other.close();
    for (const one of open) one.close();
    await until('a place', () => visitor.socket().then((one) => (one.close(), true), () => undefined));
  });

  test('sends no file larger than the web chat takes', async () => {
    const { desk } = all;
    const visitor = await desk.visitor();
    refused(await visitor.sendFile(new Uint8Array(17 * 1024 * 1024), 'grande.bin', 'application/octet-stream'), 413, 'FILE_TOO_LARGE');
  });

  test('does not fill a customer with contacts', async () => {
    const { desk } = all;
    const { visitor, chatId } = await desk.guest();
    for (let i = 0; i < 32; i++)
      ok(await visitor.write(`Oi ${i}`, { email: `eu-${unique()}@example.com`, phone: `+55 11 9${String(10_000_000 + Math.floor(Math.random() * 80_000_000))}` }));
    const customer = String(member(await desk.chat(chatId), 'customer')['id']);
    expect(Number(desk.sql(`select count(*) from contacts where customer_id = '${customer}'`))).toBe(50);
  });

  test('uploads nothing that runs in our origin', async () => {
    const { desk } = all;
    const { visitor, chatId } = await desk.guest();
    const script = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(document.cookie)"><script>alert(1)</script></svg>';
    for (const [name, type, body] of [
      ['foto.svg', 'image/svg+xml', script],
      ['foto.png', 'image/png', `<!doctype html><html><body>${script}</body></html>`],
      ['a"\r\nSet-Cookie: x=1;.html', 'text/html', '<script>alert(1)</script>'],
    ] as const) {
      const sent = ok(await visitor.sendFile(body, name, type));
      const path = `/files/${String(rows(sent, 'files')[0]?.['id'])}`;
      for (const answer of [await visitor.call('GET', path), await desk.boss.client.get(desk.org.path(path))]) {
        ok(answer, 200);
        expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="[^"\r\n]*"/);
        expect(answer.headers.get('content-type')).not.toMatch(/html|svg|xml/);
        expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
        expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
        expect(answer.headers.get('set-cookie')).toBeNull();
      }
    }
    expect((await desk.messages(chatId)).length).toBe(4);
  });

  test('is known by a token that is good on one channel only', async () => {
    const { desk } = all;
    const { visitor } = await desk.guest();
    const other = ok(await desk.owner.call('channels.create', {}, { json: { kind: 'webchat', name: `Outro ${unique()}` } }), 201).str('publicKey');
    for (const [key, token] of [
      [other, visitor.token],
      [desk.channel.key, `${visitor.token.slice(0, -1)}${visitor.token.endsWith('0') ? '1' : '0'}`],
      [desk.channel.key, visitor.token.slice(0, 36)],
      [desk.channel.key, ''],
    ] as const)
      refused(await visitor.client.call('GET', `/webchat/${key}/messages`, { headers: { 'X-Visitor': token } }), 401, 'VISITOR_UNKNOWN');
  });
});

describe('the staff', () => {
  test('one person does not hold all live connections', async () => {
    const { desk } = all;
    const ana = await desk.person();
    const open: Socket[] = [];
    let refusal = '';
    for (let i = 0; i < 140 && !refusal; i++) {
      await desk.live(ana.client).then(
        (one) => open.push(one),
        (why: Error) => (refusal = why.message),
      );
    }
    expect(refusal).toBe('refused with 429');
    const bia = await desk.person();
    (await desk.live(bia.client)).close();
    for (const one of open) one.close();
  });

  test('who may not look at customers finds only those they talk to', async () => {
    const { desk } = all;
    const name = `Genoveva${unique()}`;
    ok(await desk.owner.call('customers.create', {}, { json: { name, email: `${name}@example.com` } }));
    const bia = await desk.person(['chats.view', 'chats.reply']);
    const found = ok(await bia.api.call('search', {}, { query: { q: name } }), 200);
    expect(found.get('customers')).toEqual([]);
    expect(ok(await desk.owner.call('search', {}, { query: { q: name } }), 200).get('customers')).toHaveLength(1);
  });

  test('lists that every page loads whole are bounded', async () => {
    const { desk } = all;
    desk.sql(
      `insert into closure_types (org_id, name) select '${desk.org.id}', 'Motivo ' || n from generate_series(1, 200 -
         (select count(*) from closure_types where org_id = '${desk.org.id}' and archived_at is null)) n`,
    );
    const more = await desk.owner.call('closureTypes.create', {}, { json: { name: `Motivo ${unique()}` } });
    expect(refused(more, 409, 'LIMIT_REACHED').get('limit')).toBe(200);
    desk.sql(`update closure_types set archived_at = now() where org_id = '${desk.org.id}' and name like 'Motivo %'`);
    ok(await desk.owner.call('closureTypes.create', {}, { json: { name: `Motivo ${unique()}` } }), 201);
  });

  test('an erased person and a message that comes in at that moment', async () => {
    const { desk } = all;
    for (let round = 0; round < 6; round++) {
      const { visitor, chatId } = await desk.guest();
      const customerId = String(member(await desk.chat(chatId), 'customer')['id']);
      const answers = await Promise.all([
        ...Array.from({ length: 4 }, (_, i) => visitor.write(`Ainda aqui ${i}`)),
        desk.boss.client.call('DELETE', desk.org.path(`/customers/${customerId}/data`)),
        ...Array.from({ length: 4 }, (_, i) => visitor.write(`E aqui ${i}`)),
      ]);
      // 404: erased between the commit of the message and its answer.
      for (const answer of answers) if (answer.status !== 404) ok(answer);
      expect(answers[4]?.status).toBeLessThan(300);
      // Nothing hangs on a customer who is gone, and no word was lost that came after.
      const open = `select count(*) from chats c where org_id = '${desk.org.id}' and not exists
        (select from customers x where x.org_id = c.org_id and x.id = c.customer_id and x.deleted_at is null)`;
      expect(desk.sql(open)).toBe('0');
    }
  });
});

describe('who may not see contacts', () => {
  /** Digits of a telephone number may stand with signs between them. */
  const holds = (text: string, secret: string): boolean =>
    text.includes(secret) || (/^\d+$/.test(secret) && text.replace(/[^\d"]/g, '').includes(secret));

  test('finds them in no answer, file, error or live event', async () => {
    const { desk } = all;
    const line = String(Math.floor(10_000_000 + Math.random() * 89_000_000));
    const email = `quintal-${unique()}@exemplo.com.br`;
    const handle = `loja_${unique()}`;
    const secrets = [line, email.split('@')[0] ?? '', handle];
    const field = ok(await desk.owner.call('fields.create', {}, { json: { name: `Recado ${unique()}`, kind: 'phone' } }));
    const slug = field.str('slug');
    const everything = rows(ok(await desk.boss.client.get(desk.org.path('/permissions')), 200)).map((one) => String(one['name']));
    const bia = await desk.person(everything.filter((name) => name !== 'contacts.view'));
    const ear = await desk.live(bia.client);
    await ear.wait('hello');

    // One with everything, one without a name, and a visitor who says who they are.
    const contacts = [
      { kind: 'phone', identifier: `+55 11 9${line}` },
      { kind: 'email', identifier: email },
      { kind: 'instagram', identifier: handle },
    ];
    const customer = ok(await desk.owner.call('customers.create', {}, { json: { name: `Rita ${unique()}`, contacts } })).str('id');
    ok(await desk.boss.client.post(desk.org.path(`/customers/${customer}/field-values`), { slug, value: `+55 11 9${line}` }));
    const { visitor, chatId, message } = await desk.guest('Oi', { email: `b${email}`, phone: `+55 11 9${line}` });
    const guest = String(member(await desk.chat(chatId), 'customer')['id']);
    desk.sql(`update customers set name = '' where id = '${guest}'`);
    await desk.send(chatId, 'Bom dia');
    ok(await desk.owner.call('customers.update', { customerId: customer }, { json: { name: `Rita Maria ${unique()}` } }));
    const other = ok(await desk.owner.call('customers.create', {}, { json: { name: `Rita ${unique()}`, contacts: [{ kind: 'email', identifier: `c${email}` }] } })).str('id');
    ok(await desk.boss.client.post(desk.org.path(`/customers/${customer}/merge`), { mergeId: other }));
    const contact = desk.sql(`select id from contacts where customer_id = '${customer}' and kind = 'email' limit 1`);
    ok(await desk.boss.client.patch(desk.org.path(`/customers/${customer}/contacts/${contact}`), { label: 'trabalho' }));

    const own = (path: string) => desk.org.path(path);
    // Who may see them does: the words are really there.
    const shown = ok(await desk.boss.client.get(own(`/customers/${customer}`)), 200).text;
    for (const secret of secrets) expect(holds(shown, secret), secret).toBe(true);
    const heard: [string, string][] = [];
    for (const path of [
      '/bootstrap', '/customers', '/customers?sort=activity', `/customers/${customer}`, `/customers/${guest}`, `/customers/${customer}/timeline`,
      `/customers/${customer}/chats`, `/customers/${customer}/duplicates`, `/customers/${guest}/duplicates`, `/customers/${customer}/notes`,
      `/customers/${customer}/field-values`, `/customers/${customer}/export`, `/customers/${guest}/export`, '/customers/export?format=csv',
      '/customers/export?format=json', '/chats', '/chats?view=all', `/chats/${chatId}`, `/chats/${chatId}/messages`, '/search?q=Rita', '/audit',
      `/search?q=${line.slice(0, 5)}`, `/search?q=${email.slice(0, 11)}`, `/customers?search=${line.slice(2, 7)}`, '/jobs/parked', '/users',
    ]) {
      const answer = await bia.client.get(own(path));
      ok(answer, 200);
      heard.push([path, answer.text]);
    }
    const writes: [string, string, unknown][] = [
      ['PUT', `/customers/${customer}`, { pinnedNote: 'liga à tarde' }],
      ['POST', '/customers', { name: 'Outra', contacts: [{ kind: 'phone', identifier: '+55 11 98765-4321' }], document: unique() }],
      ['POST', `/customers/${customer}/notes`, { title: 'Recado', content: 'x' }],
      ['POST', `/customers/${guest}/merge`, { mergeId: customer }],
    ];
    for (const [method, path, json] of writes) {
      const answer = await bia.client.call(method, own(path), { json });
      ok(answer);
      heard.push([`${method} ${path}`, answer.text]);
    }
    ok(await visitor.write('Mais uma'));
    await ear.wait('message.created', (data) => JSON.stringify(data).includes('Mais uma'));
    ok(await desk.boss.client.delete(own(`/customers/${guest}/data`)));
    await ear.wait('customer.deleted');
    for (const frame of ear.frames) heard.push([`live ${frame.type}`, JSON.stringify(frame)]);
    const leaks = heard.filter(([, text]) => secrets.some((secret) => holds(text, secret))).map(([where, text]) => {
      const secret = secrets.find((one) => holds(text, one)) ?? '';
      const at = Math.max(text.indexOf(secret), 0);
      return `${where}: …${text.slice(Math.max(0, at - 60), at + 30)}…`;
    });
    expect(leaks).toEqual([]);
    expect(message['chatId']).toBe(chatId);
    ear.close();
  });
});

describe('the door', () => {
  test('requests of other sites', async () => {
    const { desk } = all;
    const { client } = desk.boss;
    for (const origin of ['https://evil.example', 'null', 'https:', '://', `${client.base}.evil.example`, `${client.base}@evil.example`]) {
      refused(await client.call('PUT', desk.org.path('/me/availability'), { json: { availability: 'away' }, headers: { Origin: origin } }), 403, 'CROSS_SITE');
      refused(await new Client(client.base).call('POST', '/api/login', { json: { email: 'a@b.example', password: 'x' }, headers: { Origin: origin } }), 403, 'CROSS_SITE');
      await expect(Socket.open(client, desk.org.path('/events'), { Origin: origin })).rejects.toThrow('refused with 403');
    }
    refused(await client.call('PUT', desk.org.path('/me/availability'), { json: { availability: 'away' }, headers: { 'X-Requested-With': 'XMLHttpRequest' } }), 403, 'CROSS_SITE');
    ok(await client.call('PUT', desk.org.path('/me/availability'), { json: { availability: 'online' }, headers: { Origin: client.base } }));
  });

  test('other sites read the web chat without cookies, and nothing else', async () => {
    const { desk } = all;
    const elsewhere = { Origin: 'https://loja.example' };
    const config = await new Client(desk.server.url).call('GET', `/webchat/${desk.channel.key}/config`, { headers: elsewhere });
    expect(config.headers.get('access-control-allow-origin')).toBe('https://loja.example');
    expect(config.headers.get('access-control-allow-credentials')).toBeNull();
    const own = await desk.boss.client.call('GET', desk.org.path('/bootstrap'), { headers: elsewhere });
    expect(own.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await desk.boss.client.call('OPTIONS', desk.org.path('/chats'), { headers: { ...elsewhere, 'Access-Control-Request-Method': 'GET' } });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('every page has a policy without inline script, and frames nowhere', async () => {
    const browser = new Client(all.server.url);
    for (const path of ['/', '/login', '/inbox', '/api-docs', '/demo-shop', '/invite/abc', '/reset/abc']) {
      const page = await browser.call('GET', path, { headers: { Accept: 'text/html' } });
      expect(page.status, path).toBe(200);
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy, path).toMatch(/script-src 'self'(;|$)/);
      expect(policy, path).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline/);
      expect(policy, path).toMatch(/frame-ancestors 'none'/);
      expect(policy, path).toMatch(/object-src 'none'/);
      expect(page.headers.get('x-content-type-options'), path).toBe('nosniff');
      expect(page.text, path).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>\s*\S/);
    }
  });

  test('a request whose end a proxy and we could see in different places is refused', async () => {
    const { port } = all.server;
    const say = (fields: string): Promise<string> =>
      new Promise((done, fail) => {
        let heard = '';
        const socket = connect(port, '127.0.0.1', () => socket.write(`POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${fields}\r\n\r\n`));
        socket.on('data', (data) => (heard += data.toString('latin1')));
        socket.on('error', fail);
        const end = (): void => {
          socket.destroy();
          done(heard);
        };
        socket.on('close', end);
        setTimeout(end, 1000);
      });
    const all400 = await Promise.all(
      [
        'Content-Length: 5\r\nContent-Length: 6', 'Transfer-Encoding: chunked\r\nContent-Length: 3', 'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding : chunked',
        'Content-Length : 3', 'Transfer-Encoding\t: chunked', 'Content-Length: -1', 'Content-Length: +3', 'Content-Length: 0x3', 'Content-Length: 3, 3', 'Host: y', 'X Y: z',
      ].map(say),
    );
    for (const answer of all400) expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('texts, tokens and passwords are not in the log', async () => {
    const { desk } = all;
    const words = `segredo${unique()}`;
    const { visitor, chatId } = await desk.guest(`Minha senha é ${words}`);
    await desk.send(chatId, `Não conte ${words}`);
    await desk.boss.client.get(desk.org.path(`/search?q=${words}`));
    await new Client(desk.server.url).post('/api/login', { email: `${words}@example.com`, password: words });
    await desk.boss.client.post(desk.org.path('/chats'), { [words]: words });
    await desk.boss.client.get(desk.org.path(`/chats/${words}`));
    await visitor.call('GET', '/messages', { query: { token: visitor.token, after: words } });
    await sleep(200);
    const log = JSON.stringify(all.server.logLines());
    expect(log).not.toContain(words);
    expect(log).not.toContain(visitor.token);
  });
});

/** Logs in with this Host and gives the cookie's attributes. */
function cookieOf(server: Server, email: string, host: string, more: Record<string, string> = {}): Promise<string> {
  return new Promise((done, fail) => {
    const headers = { Host: host, 'Content-Type': 'application/json', 'X-Requested-With': 'interflow', ...more };
    const call = request({ host: '127.0.0.1', port: server.port, method: 'POST', path: '/api/login', headers }, (answer) => {
      answer.resume();
      done((answer.headers['set-cookie'] ?? []).join());
    });
    call.on('error', fail);
    call.end(JSON.stringify({ email, password }));
  });
}

test('the session cookie never leaves TLS, whatever the proxy says or forgets', async () => {
  const server = await Server.start({ workers: 1, env: { INTERFLOW_PUBLIC_URL: 'https://chat.loja.example/', INTERFLOW_TRUSTED_PROXIES: '10.9.9.9' } });
  try {
    const { owner } = await signUp(server.url);
    const safe = await cookieOf(server, owner.email, 'chat.loja.example');
    expect(safe).toMatch(/^if_session=.{40,}; Path=\/; .*HttpOnly; SameSite=Lax; Secure$/);
    expect(await cookieOf(server, owner.email, `127.0.0.1:${server.port}`)).not.toMatch(/Secure/);
    // Not a trusted proxy: what it says counts for nothing.
    expect(await cookieOf(server, owner.email, `127.0.0.1:${server.port}`, { 'X-Forwarded-Proto': 'https' })).not.toMatch(/Secure/);
  } finally {
    await server.stop();
  }
});

describe('the database', () => {
  test('every table with an organization has row-level security', () => {
    const open = `select string_agg(c.relname, ' ') from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
      where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
        and not (c.relrowsecurity and exists (select from pg_policy p where p.polrelid = c.oid and p.polwithcheck is not null))`;
    expect(all.desk.sql(open)).toBe('');
  });

  test('the program sees nothing without an organization, and nothing of the installation', () => {
    const tables = all.desk
      .sql(`select string_agg(c.relname, ' ') from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
            where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`)
      .split(' ');
    expect(tables.length).toBeGreaterThan(25);
    for (const table of tables) expect(all.desk.sql(`set role interflow_app; select count(*) from ${table}`), table).toBe('0');
    for (const table of ['sessions', 'login_tickets', 'recovery_codes', 'password_resets', 'login_throttles', 'event_horizon'])
      expect(() => all.desk.sql(`set role interflow_app; select count(*) from ${table}`), table).toThrow(/permission denied/);
    expect(() => all.desk.sql('set role interflow_app; select password_hash from users')).toThrow(/permission denied/);
    expect(all.desk.sql("select rolcanlogin or rolsuper or rolbypassrls or rolcreaterole from pg_roles where rolname = 'interflow_app'")).toBe('f');
  });

  test("functions with the owner's rights are the program's alone and look into pg_temp last", () => {
    const wrong = `select string_agg(p.oid::regprocedure::text, ' ') from pg_proc p
      where p.prosecdef and p.pronamespace = 'public'::regnamespace
        and (p.proconfig is distinct from array['search_path=pg_catalog, public, pg_temp'] or has_function_privilege('public', p.oid, 'execute'))`;
    expect(all.desk.sql(wrong)).toBe('');
  });

  test('who may make temporary tables cannot put one in the place of a table', () => {
    const { desk } = all;
    const real = desk.sql('select count(*) > 0 from organizations');
    expect(real).toBe('t');
    expect(desk.sql('create temp table organizations (id uuid); select demo_exists()')).toBe('t');
  });
});
