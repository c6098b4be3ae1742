/* E-mail against a real mail server: Dovecot and Postfix on this machine. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ok } from '../api/lib/client.ts';
import type { JsonObject } from '../api/lib/client.ts';
import { Desk, type Row } from '../api/lib/inbox.ts';
import { rows } from '../api/lib/crm.ts';
import { Server, until } from '../api/lib/server.ts';
import { MailServer, canRun } from './lib/mailserver.ts';

const shop = 'loja@loja.example';
const ana = 'ana@cliente.example';
const bia = 'bia@cliente.example';
const robot = 'robo@cliente.example';
const nova = 'nova@cliente.example';
const tokens = 'tokens@loja.example';
const other = 'sac@loja.example';
/** How long to wait for what takes a second on a machine with time. */
const waitMs = 90_000;
const slow = { timeout: 300_000 };

let mail: MailServer;
let server: Server;
let desk: Desk;
let channelId: string;
let counter = 0;

const settings = (more: JsonObject = {}): JsonObject => ({
  imapHost: '127.0.0.1',
  imapPort: mail.imapsPort,
  imapSecurity: 'tls',
  smtpHost: '127.0.0.1',
  smtpPort: mail.smtpPort,
  smtpSecurity: 'starttls',
  username: shop,
  fromName: 'Quintal da Lola',
  signature: { pt: 'Quintal da Lola\nRua das Flores, 12' },
  ...more,
});
const account = (more: JsonObject = {}, secrets: JsonObject = { password: `senha de ${shop}` }): JsonObject => ({
  kind: 'email',
  name: 'Atendimento',
  address: shop,
  settings: settings(more),
  secrets,
});

interface NewMail {
  from?: string;
  name?: string;
  subject?: string;
  text?: string;
  id?: string;
  head?: Record<string, string>;
}

function write({ from = ana, name = 'Ana Lima', subject = 'Pedido', text = 'Quando chega?', id, head = {} }: NewMail): { raw: string; id: string } {
  const messageId = id ?? `teste-${process.pid}-${counter++}@cliente.example`;
  const heads = Object.entries({
    From: `${name} <${from}>`,
    To: `Loja <${shop}>`,
    Subject: subject,
    Date: new Date().toUTCString().replace('GMT', '+0000'),
    'Message-ID': `<${messageId}>`,
    'MIME-Version': '1.0',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Transfer-Encoding': '8bit',
    ...head,
  });
  return { raw: `${heads.map(([key, value]) => `${key}: ${value}`).join('\r\n')}\r\n\r\n${text}\r\n`, id: messageId };
}

async function chatsOf(search: string): Promise<Row[]> {
  const list = rows(ok(await desk.owner.call('chats.list', {}, { query: { channelId } }), 200));
  return list.filter((chat) => JSON.stringify(chat['customer']).includes(search));
}

/** Waits until a message of ours has this status. */
function status(chatId: string, messageId: string, is: string): Promise<Row> {
  return until(
    `the message to be ${is}`,
    async () => {
      const one = ok(await desk.owner.call('messages.get', { chatId, messageId }), 200).json as Row;
      return one['status'] === is ? one : undefined;
    },
    waitMs,
  );
}
const stateOf = (id: string): string => desk.sql(`select status || coalesce(' ' || (last_error->>'code'), '') from channels where id = '${id}'`);
function state(id: string, is: string): Promise<unknown> {
  return until(`the account to be ${is}, not ${stateOf(id)}`, () => stateOf(id) === is, waitMs);
}

/** What a program (a flow, a greeting) writes into a chat. */
function programWrites(chatId: string, text: string): Promise<string> | string {
  return desk.sql(
    `with m as (insert into messages (org_id, chat_id, seq, customer_id, channel_id, direction, kind, content, status, author_kind)
       select org_id, id, message_count + 1, customer_id, channel_id, 'out', 'text', '${text}', 'queued', 'bot' from chats where id = '${chatId}' returning org_id, id, chat_id),
     n as (update chats set message_count = message_count + 1 where id = '${chatId}')
     insert into jobs (org_id, kind, payload, order_key) select org_id, 'message.send', jsonb_build_object('messageId', id), 'chat:' || chat_id from m returning payload->>'messageId'`,
  );
}

/** The message of a mail, wherever it landed. */
function arrived(text: string, timeoutMs = waitMs): Promise<{ chatId: string; message: Row }> {
  return until(
    `the mail “${text}”`,
    async () => {
      const found = await desk.sql(`select json_build_object('chatId', chat_id, 'id', id) from messages where content like '%${text}%' and direction = 'in'`);
      if (!found) return undefined;
      const { chatId, id } = JSON.parse(found) as { chatId: string; id: string };
      return { chatId, message: ok(await desk.owner.call('messages.get', { chatId, messageId: id }), 200).json as Row };
    },
    timeoutMs,
  );
}

const header = (raw: string, name: string): string =>
  (new RegExp(`^${name}:[ \\t]*((?:.*\\r?\\n[ \\t])*.*)$`, 'im').exec(raw.slice(0, raw.search(/\r?\n\r?\n/)))?.[1] ?? '').replace(/\r?\n[ \t]+/g, ' ').trim();

/** The newest mail in a box that says this, transfer encoding undone. */
function delivered(address: string, text: string, timeoutMs = waitMs): Promise<string> {
  return until(`a mail to ${address} with “${text}”`, () => mail.mails(address).find((raw) => decoded(raw).includes(text)), timeoutMs);
}
function decoded(raw: string): string {
  const plain = raw.replace(/=\r?\n/g, '').replace(/((?:=[0-9A-F]{2})+)/g, (hex) => Buffer.from(hex.replace(/=/g, ''), 'hex').toString('utf8'));
  return plain + raw.replace(/(?:[A-Za-z0-9+/]{40,}\r?\n)+[A-Za-z0-9+/]*={0,2}/g, (block) => Buffer.from(block, 'base64').toString('utf8'));
}

describe.runIf(canRun)('e-mail', () => {
  beforeAll(async () => {
    mail = await MailServer.start([shop, ana, bia, robot, nova, tokens, other]);
    // What lay in the mailbox before: one that was answered long ago, one of yesterday, one too old.
    mail.put(shop, write({ subject: 'Antigo', text: 'antes de tudo', id: 'velho-1@cliente.example' }).raw, new Date(Date.now() - 40 * 86_400_000));
    mail.put(shop, write({ subject: 'Ontem', text: 'mail de ontem', id: 'ontem-1@cliente.example', from: bia, name: 'Bia Reis' }).raw, new Date(Date.now() - 86_400_000));
    server = await Server.start({ env: mail.env });
    desk = await Desk.make(server);
    channelId = ok(await desk.owner.call('channels.create', {}, { json: account() }), 201).str('id');
  }, 300_000);
  afterAll(async () => {
    await server?.stop();
    await mail?.stop();
  });

  test('the first synchronisation takes the last days, no older ones', async () => {
    await arrived('mail de ontem');
    expect(await desk.sql(`select count(*) from messages where content like '%antes de tudo%'`)).toBe('0');
  });

  test('a new mail arrives by IDLE', slow, async () => {
    const took: number[] = [];
    for (let i = 0; i < 5; i++) {
      const began = Date.now();
      mail.put(shop, write({ text: `rapido ${i} de ${process.pid}` }).raw);
      await arrived(`rapido ${i} de ${process.pid}`);
      took.push(Date.now() - began);
    }
    console.log(`IDLE: ${took.join(', ')} ms`);
    expect((await chatsOf('Ana Lima')).length).toBe(1);
  });

  test('an answer leaves with signature, thread and copy; the reply to it finds its chat', slow, async () => {
    // By a clock that is slow: what counts is that it came last.
    const first = write({ subject: 'Orçamento de bolo', text: `quero um orçamento ${process.pid}`, head: { Date: new Date(Date.now() - 600_000).toUTCString().replace('GMT', '+0000') } });
    await mail.send(ana, [shop], first.raw);
    const { chatId, message } = await arrived(`quero um orçamento ${process.pid}`);
    expect(message).toMatchObject({ kind: 'email', authorName: 'Ana Lima', data: { mail: { subject: 'Orçamento de bolo', from: { address: ana } } } });

    const sent = await desk.send(chatId, 'Claro! Para quantas pessoas? Ação e coração ✓', { data: { mail: { cc: [bia] } } });
    await status(chatId, String(sent['id']), 'sent');
    const raw = await delivered(ana, 'Para quantas pessoas');
    expect(header(raw, 'From')).toMatch(/Quintal da Lola.*<loja@loja\.example>/);
    expect(header(raw, 'Subject')).toMatch(/^=\?|^Re: Or/);
    expect(header(raw, 'In-Reply-To')).toBe(`<${first.id}>`);
    expect(header(raw, 'References')).toContain(`<${first.id}>`);
    expect(header(raw, 'Message-ID')).toBe(`<${String(sent['id'])}@loja.example>`);
    expect(header(raw, 'Auto-Submitted')).toBe('');
    expect(header(raw, 'Content-Type')).toMatch(/multipart\/alternative/);
    expect(decoded(raw)).toContain('Rua das Flores, 12');
    expect(decoded(raw)).toContain('Ação e coração ✓');
    await delivered(bia, 'Para quantas pessoas');

    // The chat is closed; long afterwards she answers, with the references folded and without blanks.
    await desk.close(chatId);
    await desk.sql(`update chats set closed_at = now() - interval '30 days' where id = '${chatId}'`);
    const id = header(raw, 'Message-ID');
    const reply = write({ subject: 'qualquer coisa', text: `para dez pessoas ${process.pid}`, head: { References: `<perdido@x.example>${id}\r\n\t,<outro@x.example>` } });
    await mail.send(ana, [shop], reply.raw);
    expect((await arrived(`para dez pessoas ${process.pid}`)).chatId).toBe(chatId);

    // Bia was in copy and answers, too: her chat is her own.
    const other = write({ from: bia, name: 'Bia Reis', text: `sou a Bia ${process.pid}`, head: { 'In-Reply-To': id, References: id } });
    await mail.send(bia, [shop], other.raw);
    expect((await arrived(`sou a Bia ${process.pid}`)).chatId).not.toBe(chatId);
  });

  test('references in any notation, and the subject as the last resort', slow, async () => {
    const first = write({ from: 'caio@cliente.example', name: 'Caio', subject: 'Mesa 7', text: `mesa sete ${process.pid}` });
    mail.put(shop, first.raw);
    const { chatId } = await arrived(`mesa sete ${process.pid}`);
    const forms = [
      { 'In-Reply-To': `<${first.id}>` },
      { 'In-Reply-To': `"Loja" <${first.id}> (msg of Monday)` },
      { References: `<a@b.example>\r\n <${first.id}>\r\n <c@d.example>` },
      { References: `<a@b.example>,<${first.id}>` },
      { 'in-reply-to': first.id },
      { REFERENCES: `< ${first.id} >` },
    ];
    for (const [i, head] of forms.entries()) {
      await desk.sql(`update chats set status = 'closed', closed_at = now() - interval '30 days' where id = '${chatId}'`);
      mail.put(shop, write({ from: 'caio@cliente.example', name: 'Caio', subject: `outro ${i}`, text: `forma ${i} de ${process.pid}`, head: head as Record<string, string> }).raw);
      expect((await arrived(`forma ${i} de ${process.pid}`)).chatId, JSON.stringify(head)).toBe(chatId);
    }
    await desk.sql(`update chats set status = 'closed', closed_at = now() - interval '30 days' where id = '${chatId}'`);
    mail.put(shop, write({ from: 'caio@cliente.example', name: 'Caio', subject: 'RES: re: Mesa 7', text: `so assunto ${process.pid}` }).raw);
    expect((await arrived(`so assunto ${process.pid}`)).chatId).toBe(chatId);
    await desk.sql(`update chats set status = 'closed', closed_at = now() - interval '30 days' where id = '${chatId}'`);
    mail.put(shop, write({ from: 'caio@cliente.example', name: 'Caio', subject: 'Mesa 7', text: `assunto novo ${process.pid}` }).raw);
    expect((await arrived(`assunto novo ${process.pid}`)).chatId).not.toBe(chatId);
  });

  test('the whole mail: heads, clean page, pictures inside it, attachments, raw', slow, async () => {
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const parts = [
      ['Content-Type: text/html; charset=utf-8', `<style>p{color:red}</style><p onclick="x()">veja a foto ${process.pid}</p><script>alert(1)</script><img src="cid:foto1"><img src="https://fora.example/pixel-grande.png" width="300" height="200">`],
      ['Content-Type: image/png\r\nContent-ID: <foto1>\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: inline', png],
      ['Content-Type: application/pdf; name="nota.pdf"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="nota.pdf"', Buffer.from('%PDF-1.4 nota').toString('base64')],
    ];
    const { raw } = write({ text: '', head: { 'MIME-Version': '1.0', 'Content-Type': 'multipart/related; boundary=b' } });
    mail.put(shop, raw + parts.map(([head, body]) => `--b\r\n${head}\r\n\r\n${body}\r\n`).join('') + '--b--\r\n');
    const { chatId, message } = await arrived(`veja a foto ${process.pid}`);
    expect(message['files']).toMatchObject([{ name: 'nota.pdf', type: 'application/pdf', state: 'ready' }]);
    const ids = { chatId, messageId: String(message['id']) };
    const whole = ok(await desk.owner.call('messages.mail', ids), 200).json as JsonObject;
    expect(whole).toMatchObject({ subject: 'Pedido', from: [{ name: 'Ana Lima', address: ana }], blockedImages: 1, attachments: [{ name: 'nota.pdf' }], auto: null, fault: null });
    const page = ok(await desk.owner.call('messages.mailPage', ids), 200);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
    expect(page.headers.get('content-security-policy')).not.toContain('https:');
    expect(page.text).toContain('data:image/png;base64,');
    expect(page.text).not.toMatch(/<script|onclick| src="https:/);
    const shown = ok(await desk.owner.call('messages.mailPage', ids, { query: { images: 1 } }), 200);
    expect(shown.text).toContain('https://fora.example/pixel-grande.png');
    const attachment = (whole['attachments'] as JsonObject[])[0] as JsonObject;
    const part = ok(await desk.owner.call('messages.mailPart', { ...ids, part: String(attachment['part']) }), 200);
    expect(part.text).toBe('%PDF-1.4 nota');
    expect(ok(await desk.owner.call('messages.mailRaw', ids), 200).text).toContain('Content-ID: <foto1>');
    const stranger = await desk.person(['chats.view']);
    expect((await stranger.api.call('messages.mail', ids)).status).toBe(404);
  });

  test('a bounce is the failed state of its message', slow, async () => {
    mail.put(shop, write({ from: 'ninguem@fora.example', name: 'Ninguém', text: `oi de longe ${process.pid}` }).raw);
    const { chatId } = await arrived(`oi de longe ${process.pid}`);
    const sent = await desk.send(chatId, 'Esta volta');
    const failed = await status(chatId, String(sent['id']), 'failed');
    expect(failed['error']).toMatchObject({ code: 'BOUNCED', advice: 'recipient', message: expect.stringContaining('rejected') });
    expect(await desk.sql(`select count(*) from contacts where canonical ilike '%mailer-daemon%'`)).toBe('0');
  });

  test('refused for good: failed with the words of the server', slow, async () => {
    mail.put(shop, write({ from: 'x@nunca.example', name: 'X', text: `oi do nunca ${process.pid}` }).raw);
    const { chatId } = await arrived(`oi do nunca ${process.pid}`);
    const sent = await desk.send(chatId, 'Nunca chega');
    const failed = await status(chatId, String(sent['id']), 'failed');
    expect(failed['error']).toMatchObject({ code: 'SMTP_REFUSED', message: expect.stringContaining('we never take mail') });
  });

  test('refused for now: it waits, and the channel stays connected', slow, async () => {
    mail.put(shop, write({ from: 'x@tarde.example', name: 'X', text: `oi da tarde ${process.pid}` }).raw);
    const { chatId } = await arrived(`oi da tarde ${process.pid}`);
    const sent = await desk.send(chatId, 'Mais tarde');
    await until('a second try', async () => Number(await desk.sql(`select coalesce(max(tries), 0) from jobs where kind = 'message.send' and payload->>'messageId' = '${String(sent['id'])}'`)) >= 2, waitMs);
    expect(ok(await desk.owner.call('messages.get', { chatId, messageId: String(sent['id']) }), 200).get('status')).toBe('queued');
    expect(await desk.sql(`select status from channels where id = '${channelId}'`)).toBe('connected');
  });

  test('two answering machines do not keep each other company', slow, async () => {
    await desk.sql(`update channels set greeting = '{"pt": "Olá! Já respondemos."}', away = '{"pt": "Estamos fechados."}' where id = '${channelId}'`);
    // What says that it is automatic gets no answer at all.
    for (let i = 0; i < 3; i++) mail.put(shop, write({ from: robot, name: 'Robô', subject: 'Fora do escritório', text: `volto logo ${i} ${process.pid}`, head: { 'Auto-Submitted': 'auto-replied' } }).raw);
    const { chatId, message } = await arrived(`volto logo 2 ${process.pid}`);
    expect(message['data']).toMatchObject({ automatic: true, mail: { auto: 'auto-reply' } });
    // A program that answers it all the same is held back: nothing leaves.
    const held = await status(chatId, await programWrites(chatId, 'robô responde'), 'failed');
    expect(held['error']).toMatchObject({ code: 'AUTO_REPLY_SUPPRESSED' });
    // A person is greeted, by a mail that says what it is, so that her machine leaves it alone.
    const hello = write({ from: nova, name: 'Nova Souza', subject: 'Primeira vez', text: `nunca escrevi ${process.pid}` });
    mail.put(shop, hello.raw);
    const greeting = await delivered(nova, 'Já respondemos');
    expect([header(greeting, 'Auto-Submitted'), header(greeting, 'Precedence'), header(greeting, 'In-Reply-To')]).toEqual(['auto-replied', 'auto_reply', `<${hello.id}>`]);
    expect(mail.mails(robot)).toEqual([]);
    // And not more than ten mails of programs within an hour, whatever she says.
    const talk = (await arrived(`nunca escrevi ${process.pid}`)).chatId;
    const written: string[] = [];
    for (let i = 0; i < 11; i++) written.push(await programWrites(talk, `mais uma ${i}`));
    const last = await status(talk, String(written[10]), 'failed');
    expect(last['error']).toMatchObject({ code: 'AUTO_REPLY_LIMIT' });
    expect(desk.sql(`select count(*) from messages where chat_id = '${talk}' and author_kind = 'bot' and status = 'sent'`)).toBe('10');
    expect(await status(talk, String((await desk.send(talk, `uma pessoa pode ${process.pid}`))['id']), 'sent')).toMatchObject({ authorKind: 'user' });
    await desk.sql(`update channels set greeting = '{}', away = '{}' where id = '${channelId}'`);
  });

  test('the mail server goes and comes back; numbers begin anew; nothing is taken twice', slow, async () => {
    await mail.stopImap();
    await until('the channel to say so', () => stateOf(channelId).startsWith('reconnecting'), waitMs);
    mail.put(shop, write({ text: `durante a queda ${process.pid}` }).raw);
    const before = await desk.sql(`select count(*) from messages where direction = 'in' and channel_id = '${channelId}'`);
    mail.renumber(shop);
    await mail.startImap();
    await arrived(`durante a queda ${process.pid}`, waitMs);
    await state(channelId, 'connected');
    mail.put(shop, write({ text: `depois da queda ${process.pid}` }).raw);
    await arrived(`depois da queda ${process.pid}`);
    expect(await desk.sql(`select count(*) from messages where direction = 'in' and channel_id = '${channelId}'`)).toBe(String(Number(before) + 2));
  });

  test('files and blind copies: everybody gets the mail, nobody sees the others', slow, async () => {
    mail.put(shop, write({ subject: 'Foto', text: `mande a foto ${process.pid}` }).raw);
    const { chatId } = await arrived(`mande a foto ${process.pid}`);
    const evil = `Ação "final"\r\nBcc: ${robot}`;
    const sent = await desk.send(chatId, `segue a foto ${process.pid}`, { fileIds: [await desk.upload(desk.owner, 'foto ação.png')], data: { mail: { subject: evil, bcc: [bia], cc: `Nova <${nova}>` } } });
    await status(chatId, String(sent['id']), 'sent');
    const raws = [await delivered(ana, `segue a foto ${process.pid}`), await delivered(bia, `segue a foto ${process.pid}`), await delivered(nova, `segue a foto ${process.pid}`)];
    for (const raw of raws) {
      const head = raw.slice(0, raw.search(/\r?\n\r?\n/));
      expect(head.replace(/^(Delivered-To|X-Original-To|Return-Path|Received):.*(\r?\n[ \t].*)*/gim, '')).not.toContain(bia);
      expect(head).not.toMatch(/^Bcc:/im);
      expect(header(raw, 'Cc')).toContain(nova);
      expect(header(raw, 'Content-Type')).toMatch(/multipart\/mixed/);
      expect(raw).toMatch(/Content-Disposition: attachment/);
    }
    expect(mail.mails(robot)).toEqual([]);
  });

  test('an answer goes where Reply-To says, and everybody sees where', slow, async () => {
    mail.put(shop, write({ from: 'novidades@cliente.example', name: 'Boletim', text: `responda alhures ${process.pid}`, head: { 'Reply-To': `Bia <${bia}>` } }).raw);
    const { chatId } = await arrived(`responda alhures ${process.pid}`);
    const sent = await desk.send(chatId, `para onde vai ${process.pid}`, { data: { mail: { cc: [ana] } } });
    const done = await status(chatId, String(sent['id']), 'sent');
    expect(done['data']).toMatchObject({ mail: { to: [{ name: 'Bia', address: bia }], cc: [ana] } });
    expect(header(await delivered(bia, `para onde vai ${process.pid}`), 'To')).toContain(bia);
  });

  test('a certificate that nobody knows is said, and when it is put right the mailbox is read again', slow, async () => {
    await mail.strangeCertificate(true);
    await state(channelId, 'reconnecting TLS_FAILED');
    expect(ok(await desk.owner.call('channels.get', { channelId }), 200).json).toMatchObject({ status: 'reconnecting', lastError: { code: 'TLS_FAILED', message: expect.stringContaining('certificate') } });
    await mail.strangeCertificate(false);
    await state(channelId, 'connected');
    mail.put(shop, write({ text: `certificado novo ${process.pid}` }).raw);
    await arrived(`certificado novo ${process.pid}`);
  });

  test('STARTTLS in, TLS out: another account', slow, async () => {
    const more = { imapPort: mail.imapPort, imapSecurity: 'starttls', smtpPort: mail.smtpsPort, smtpSecurity: 'tls', username: other };
    const id = ok(await desk.owner.call('channels.create', {}, { json: { ...account(more, { password: `senha de ${other}` }), address: other } }), 201).str('id');
    mail.put(other, write({ text: `para o sac ${process.pid}` }).raw);
    const { chatId } = await arrived(`para o sac ${process.pid}`);
    const sent = await desk.send(chatId, `do sac ${process.pid}`);
    await status(chatId, String(sent['id']), 'sent');
    expect(header(await delivered(ana, `do sac ${process.pid}`), 'From')).toContain(other);
    ok(await desk.owner.call('channels.remove', { channelId: id }), 204);
  });

  test('XOAUTH2: tokens are asked for, kept, renewed when refused, and their end is said', slow, async () => {
    const json = {
      ...account({ auth: 'oauth2', clientId: 'nosso-app', tokenUrl: `${mail.tokens.url}/token`, username: tokens }, { refreshToken: 'nunca dado', clientSecret: 'segredo' }),
      address: tokens,
    } as JsonObject;
    const wrong = ok(await desk.owner.call('channels.check', {}, { json: { kind: 'email', settings: json['settings'], secrets: json['secrets'], address: tokens } as JsonObject }), 200).json as JsonObject;
    expect((wrong['steps'] as JsonObject[]).filter((step) => !step['ok'])).toMatchObject([{ id: 'imapLogin', code: 'TOKEN_REFUSED', field: 'secrets.refreshToken', message: expect.stringContaining('expired or revoked') }]);

    json['secrets'] = { refreshToken: mail.tokens.agree(tokens), clientSecret: 'segredo' };
    const id = ok(await desk.owner.call('channels.create', {}, { json }), 201).str('id');
    await state(id, 'connected');
    expect(Object.fromEntries(mail.tokens.asked.at(-1) ?? [])).toMatchObject({ grant_type: 'refresh_token', client_id: 'nosso-app', client_secret: 'segredo' });
    mail.put(tokens, write({ text: `com token ${process.pid}` }).raw);
    const { chatId } = await arrived(`com token ${process.pid}`);
    const asked = mail.tokens.asked.length;
    await status(chatId, String((await desk.send(chatId, `resposta com token ${process.pid}`))['id']), 'sent');
    await delivered(ana, `resposta com token ${process.pid}`);
    expect(mail.tokens.asked.length).toBe(asked);
    // Sealed in the database, and nowhere in the log of calls.
    expect(desk.sql(`select count(*) from mail_tokens where channel_id = '${id}' and sealed not like '%access-%' and sealed not like '%refresh-%'`)).toBe('1');
    expect(desk.sql(`select count(*) from channel_calls where channel_id = '${id}' and (request || answer || address || coalesce(error, '')) ~ '(access|refresh)-[0-9]'`)).toBe('0');

    // The service forgets the token before its time: one more question, no word to anybody. Out and in.
    mail.tokens.rotates = true;
    mail.tokens.revokeAccess();
    await status(chatId, String((await desk.send(chatId, `token novo na saída ${process.pid}`))['id']), 'sent');
    expect(mail.tokens.asked.length).toBe(asked + 1);
    mail.tokens.revokeAccess();
    await mail.stopImap();
    await state(id, 'reconnecting MAIL_CONNECTION_LOST');
    await mail.startImap();
    await state(id, 'connected');
    // It went on with the refresh token that came with the last answer.
    expect(mail.tokens.asked.at(-1)?.get('refresh_token')).not.toBe(mail.tokens.asked[asked]?.get('refresh_token'));

    mail.tokens.revokeAll();
    await mail.stopImap();
    await state(id, 'reconnecting MAIL_CONNECTION_LOST');
    await mail.startImap();
    await state(id, 'disconnected TOKEN_REFUSED');
    ok(await desk.owner.call('channels.reconnect', { channelId: id }, { json: { secrets: { refreshToken: mail.tokens.agree(tokens), clientSecret: 'segredo' } } }), 200);
    await state(id, 'connected');
    mail.put(tokens, write({ text: `de volta ${process.pid}` }).raw);
    await arrived(`de volta ${process.pid}`);
    ok(await desk.owner.call('channels.remove', { channelId: id }), 204);
  });

  test('what is wrong with an account is said step by step', slow, async () => {
    const check = async (json: JsonObject): Promise<{ ok: boolean; steps: JsonObject[] }> =>
      ok(await desk.owner.call('channels.check', {}, { json }), 200).json as unknown as { ok: boolean; steps: JsonObject[] };
    const bad = async (json: JsonObject): Promise<JsonObject[]> => {
      const result = await check(json);
      expect(result.ok).toBe(false);
      return result.steps.filter((step) => !step['ok']);
    };
    const { kind, settings: s, secrets, address } = account({});
    const base = { kind, settings: s, secrets, address } as JsonObject;
    const good = await check(base);
    expect(good.steps.map((step) => [step['id'], step['ok']])).toEqual(['imap', 'imapTls', 'imapLogin', 'imapFolder', 'smtp', 'smtpTls', 'smtpLogin', 'smtpSender'].map((id) => [id, true]));

    expect(await bad({ ...base, secrets: { password: 'errada' } })).toMatchObject([
      { id: 'imapLogin', code: 'MAIL_LOGIN_FAILED', field: 'secrets.password' },
      { id: 'smtpLogin', code: 'MAIL_LOGIN_FAILED' },
    ]);
    expect(await bad({ ...base, settings: settings({ folder: 'Não existe' }) })).toMatchObject([{ id: 'imapFolder', code: 'MAIL_FOLDER_UNKNOWN', field: 'settings.folder' }]);
    expect(await bad({ ...base, settings: settings({ imapHost: 'nao-existe.invalid' }) })).toMatchObject([{ id: 'imap', code: 'HOST_UNKNOWN', field: 'settings.imapHost' }]);
    expect(await bad({ ...base, settings: settings({ imapPort: 1 }) })).toMatchObject([{ id: 'imap', code: 'CONNECT_FAILED' }]);
    // Not encrypted where encryption is asked for; a certificate for another name.
    expect(await bad({ ...base, settings: settings({ imapPort: mail.imapPort }) })).toMatchObject([{ id: 'imapTls', code: 'TLS_FAILED', message: expect.stringContaining('secure') }]);
    const named = await bad({ ...base, settings: settings({ imapHost: '127.0.0.3' }) });
    expect(named[0]).toMatchObject({ id: expect.stringMatching(/^imap/) });
    // Without encryption: to this machine only.
    const plain = await check({ ...base, settings: settings({ imapPort: mail.imapPort, imapSecurity: 'none', smtpSecurity: 'none' }) });
    expect(plain.ok, JSON.stringify(plain.steps)).toBe(true);
    const far = await bad({ ...base, settings: settings({ imapHost: '9.9.9.9', imapPort: 143, imapSecurity: 'none', smtpHost: '9.9.9.9', smtpPort: 25, smtpSecurity: 'none' }) });
    expect(far).toMatchObject([
      { id: 'imapTls', code: 'PLAIN_FORBIDDEN', field: 'settings.imapSecurity' },
      { id: 'smtpTls', code: 'PLAIN_FORBIDDEN', field: 'settings.smtpSecurity' },
    ]);
    // A line's end in a password would begin another command; a token is not asked for in the open.
    expect(await bad({ ...base, secrets: { password: `senha de ${shop}"\r\nA1 DELETE INBOX` } })).toMatchObject([{ id: 'imapLogin', code: 'MAIL_LOGIN_FAILED' }]);
    const open = settings({ auth: 'oauth2', clientId: 'x', tokenUrl: 'http://token.example/token' });
    expect(await bad({ ...base, settings: open, secrets: { refreshToken: 'x' } })).toMatchObject([{ id: 'imapLogin', code: 'URL_INVALID', field: 'settings.tokenUrl' }]);
    // Not allowed to send as this address.
    expect(await bad({ ...base, address: 'outra@loja.example' })).toMatchObject([{ id: 'smtpSender', code: 'SENDER_REFUSED', field: 'address' }]);
  });
});
