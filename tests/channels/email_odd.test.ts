/* E-mail with mail servers that are poor, forget or lie: a mailbox that does not tell of news is asked, a mail whose fate is unknown is
   the same mail again, and what a server makes up costs its own account at most. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ok, refused } from '../api/lib/client.ts';
import type { JsonObject } from '../api/lib/client.ts';
import { Desk, type Row } from '../api/lib/inbox.ts';
import { Server, until } from '../api/lib/server.ts';
import { ImapStandIn, SmtpStandIn } from './lib/mailstandin.ts';

const waitMs = 90_000;
const slow = { timeout: 300_000 };

let server: Server;
let desk: Desk;
let smtp: SmtpStandIn;
const started: ImapStandIn[] = [];
let counter = 0;

beforeAll(async () => {
  smtp = await new SmtpStandIn().listen();
  server = await Server.start({ env: { INTERFLOW_ALLOW_PRIVATE: '127.0.0.0/8' } });
  desk = await Desk.make(server);
});
afterAll(async () => {
  await server?.stop();
  await smtp?.stop();
  for (const one of started) await one.stop();
});

async function imapServer(): Promise<ImapStandIn> {
  const one = await new ImapStandIn().listen();
  started.push(one);
  return one;
}

async function connect(imap: ImapStandIn): Promise<string> {
  const address = `loja${++counter}@loja.example`;
  const settings = { imapHost: '127.0.0.1', imapPort: imap.port, imapSecurity: 'none', smtpHost: '127.0.0.1', smtpPort: smtp.port, smtpSecurity: 'none' };
  return ok(await desk.owner.call('channels.create', {}, { json: { kind: 'email', name: address, address, settings, secrets: { password: 'senha' } } }), 201).str('id');
}

const letter = (text: string, more = ''): string =>
  `From: Ana <ana@cliente.example>\r\nTo: loja@loja.example\r\nSubject: Oi\r\nMessage-ID: <odd-${++counter}@cliente.example>\r\nDate: ${new Date().toUTCString()}\r\n${more}\r\n${text}\r\n`;

function arrived(text: string): Promise<{ chatId: string; id: string }> {
  return until(
    `the mail “${text}”`,
    () => {
      const found = desk.sql(`select json_build_object('chatId', chat_id, 'id', id) from messages where content like '%${text}%' and direction = 'in'`);
      return found ? (JSON.parse(found) as { chatId: string; id: string }) : undefined;
    },
    waitMs,
  );
}
const stateOf = (id: string): string => desk.sql(`select status || coalesce(' ' || (last_error->>'code'), '') from channels where id = '${id}'`);
function state(id: string, is: string): Promise<unknown> {
  return until(`the account to be ${is}, not ${stateOf(id)}`, () => stateOf(id) === is, waitMs);
}
const countIn = (id: string): string => desk.sql(`select count(*) from messages where channel_id = '${id}' and direction = 'in'`);

test('a server that cannot tell of news is asked; it never hears of IDLE', slow, async () => {
  const imap = await imapServer();
  const id = await connect(imap);
  await until('its first look', () => imap.said.some((line) => line.startsWith('UID FETCH')), waitMs);
  imap.lay(1, letter('perguntado de tempos em tempos'));
  await arrived('perguntado de tempos em tempos');
  expect(imap.said).toContain('NOOP');
  expect(imap.said).not.toContain('IDLE');
  expect(stateOf(id)).toBe('connected');
});

test('a server that tells of IDLE and refuses it is asked', slow, async () => {
  const imap = await imapServer();
  imap.capabilities = 'IMAP4rev1 IDLE';
  imap.lie = (command, tag) => (command === 'IDLE' ? `${tag} NO not today\r\n` : undefined);
  await connect(imap);
  await until('its IDLE', () => imap.said.includes('IDLE'), waitMs);
  imap.lay(1, letter('idle recusado'));
  await arrived('idle recusado');
});

test('the answer to a mail that was taken is lost: the next try is the same mail, byte for byte', slow, async () => {
  const imap = await imapServer();
  imap.lay(1, letter('responda, por favor'));
  await connect(imap);
  const { chatId } = await arrived('responda, por favor');
  smtp.forgets = 2;
  const begin = smtp.mails.length;
  const sent = ok(await desk.owner.call('messages.send', { chatId }, { json: { content: 'Respondendo.\n.\n.. com pontos', fileIds: [await desk.upload()] } })).json as Row;
  await until('the mail to be sent', () => desk.sql(`select status from messages where id = '${String(sent['id'])}'`) === 'sent', waitMs);
  const tries = smtp.mails.slice(begin);
  expect(tries.length).toBe(3);
  expect(new Set(tries).size).toBe(1);
  expect(tries[0]).toContain(`Message-ID: <${String(sent['id'])}@loja.example>`);
  expect(desk.sql(`select count(*) from mails where mail_id like '${String(sent['id'])}@%'`)).toBe('1');
});

test('whoever looks passwords up is away for a moment: that is no word about the password', slow, async () => {
  const imap = await imapServer();
  imap.lay(1, letter('senha certa'));
  let refused = 0;
  const id = await connect(imap);
  await arrived('senha certa');
  imap.lie = (command, tag) => (command.startsWith('LOGIN') && refused++ === 0 ? `${tag} NO [UNAVAILABLE] Temporary authentication failure.\r\n` : undefined);
  imap.hangUp();
  await until('a refused login', () => refused > 1, waitMs);
  await state(id, 'connected');
  expect(desk.sql(`select count(*) from channel_calls where channel_id = '${id}' and error like '%lets nobody in now%'`)).toBe('1');
});

test('encryption is asked for and not offered: nothing is said in the open', slow, async () => {
  const imap = await imapServer();
  const own = await new SmtpStandIn().listen(); // nobody else's account writes there
  const settings = { imapHost: '127.0.0.1', imapPort: imap.port, imapSecurity: 'starttls', smtpHost: '127.0.0.1', smtpPort: own.port, smtpSecurity: 'starttls' };
  const checked = ok(await desk.owner.call('channels.check', {}, { json: { kind: 'email', settings, secrets: { password: 'segredo' }, address: 'x@loja.example' } as JsonObject }), 200).json as JsonObject;
  expect((checked['steps'] as JsonObject[]).filter((step) => !step['ok'])).toMatchObject([{ id: 'imapTls', code: 'TLS_FAILED' }, { id: 'smtpTls', code: 'TLS_FAILED' }]);
  expect(JSON.stringify([imap.said, own.said])).not.toMatch(/segredo|LOGIN|AUTH|MAIL FROM/);
  await own.stop();
});

test('a password that is kept goes nowhere but where it went', slow, async () => {
  const honest = await imapServer();
  const channelId = await connect(honest);
  const thief = await imapServer();
  const fence = await new SmtpStandIn().listen();
  const there = { imapHost: '127.0.0.1', imapPort: thief.port, imapSecurity: 'none', smtpHost: '127.0.0.1', smtpPort: fence.port, smtpSecurity: 'none' };
  ok(await desk.owner.call('channels.checkOne', { channelId }, { json: { settings: there } }), 200);
  const moved = await desk.owner.call('channels.update', { channelId }, { json: { settings: there, secrets: {} } });
  const again = await desk.owner.call('channels.update', { channelId }, { json: { settings: there } });
  for (const answer of [moved, again]) expect(refused(answer, 400, 'VALIDATION_ERROR').get('details')).toMatchObject([{ field: 'secrets.password', code: 'SECRET_AGAIN' }]);
  expect(thief.said.length).toBeGreaterThan(0);
  expect(fence.said.length).toBeGreaterThan(0);
  expect(JSON.stringify([thief.said, fence.said])).not.toMatch(/senha|c2VuaGE/);
  await fence.stop();
  expect(desk.sql(`select settings->>'imapPort' from channels where id = '${channelId}'`)).toBe(String(honest.port));
  // With the password it may go there.
  ok(await desk.owner.call('channels.update', { channelId }, { json: { settings: { ...there, smtpPort: smtp.port }, secrets: { password: 'outra' } } }), 200);
  await until('the login with the new one', () => thief.said.filter((line) => line.includes('outra')).length > 1, waitMs);
  expect(JSON.stringify(thief.said)).not.toContain('senha');
});

/* Each lie once; afterwards the server is honest, and the account comes back by itself. */
const endless = 'x'.repeat(64 * 1024);
const lies: { name: string; code?: string; text: string; lie: NonNullable<ImapStandIn['lie']> }[] = [
  {
    name: 'a body twice',
    code: 'MAIL_PROTOCOL',
    text: 'corpo em dobro',
    lie: (command, tag) => (/^UID FETCH \d+ /.test(command) ? `* 1 FETCH (UID 1 BODY[] {5}\r\nA: b\n)\r\n* 1 FETCH (UID 1 BODY[] {5}\r\nA: b\n)\r\n${tag} OK\r\n` : undefined),
  },
  {
    name: 'another mail than was asked for',
    code: 'MAIL_PROTOCOL',
    text: 'outra carta',
    lie: (command, tag) => (/^UID FETCH \d+ /.test(command) ? `* 1 FETCH (UID 99 BODY[] {5}\r\nA: b\n)\r\n${tag} OK\r\n` : undefined),
  },
  { name: 'a body beyond all limits', code: 'MAIL_PROTOCOL', text: 'corpo imenso', lie: (command) => (/^UID FETCH \d+ /.test(command) ? '* 1 FETCH (UID 1 BODY[] {999999999999}\r\n' : undefined) },
  { name: 'a line without an end', code: 'MAIL_PROTOCOL', text: 'linha sem fim', lie: (command) => (/^UID FETCH \d+ /.test(command) ? `* 1 FETCH (${endless.repeat(40)}` : undefined) },
  { name: 'a literal where none belongs', code: 'MAIL_PROTOCOL', text: 'literal alheio', lie: (command) => (/^UID FETCH \d+:/.test(command) ? `* 1 FETCH (UID {${200 * 1024}}\r\n` : undefined) },
  {
    name: 'the connection goes in the middle of a mail',
    code: 'MAIL_CONNECTION_LOST',
    text: 'cortado no meio',
    lie: (command, _tag, socket) => {
      if (!/^UID FETCH \d+ /.test(command)) return undefined;
      setTimeout(() => socket.destroy(), 50);
      return '* 1 FETCH (UID 1 BODY[] {5000}\r\nSubject: metade\r\n';
    },
  },
  { name: 'it says goodbye', code: 'MAIL_CONNECTION_LOST', text: 'adeus', lie: (command) => (/^UID FETCH \d+:/.test(command) ? '* BYE out of order\r\n' : undefined) },
  { name: 'noise', code: 'MAIL_PROTOCOL', text: 'barulho', lie: (command) => (/^UID FETCH \d+:/.test(command) ? '\r\n\0\0\0)))(((\r\n' : undefined) },
];
test.each(lies)('lie: $name', slow, async ({ text, code, lie }) => {
  const imap = await imapServer();
  imap.lay(1, letter(text));
  let told = 0;
  imap.lie = (command, tag, socket) => {
    const answer = told === 0 ? lie(command, tag, socket) : undefined;
    if (answer !== undefined) told++;
    return answer;
  };
  const id = await connect(imap);
  const { chatId } = await arrived(text);
  await state(id, 'connected');
  expect(told).toBe(1);
  expect(server.logLines().filter((line) => line['code'] !== undefined && JSON.stringify(line).includes("a channel's connection ended")).at(-1)).toMatchObject({ code });
  expect(countIn(id)).toBe('1');
  expect(ok(await desk.owner.call('chats.get', { chatId }), 200).get('channelId')).toBe(id);
});

test('lists in any order, twice, with numbers that are none: each mail once, the mark stays right', slow, async () => {
  const imap = await imapServer();
  for (const uid of [9, 3, 5]) imap.lay(uid, letter(`fora de ordem ${uid}`));
  imap.lie = (command, tag) => {
    // Their bodies come backwards, and one is forgotten.
    if (command.startsWith('UID FETCH 3,5,9 ')) return `${imap.body(9)}${imap.body(3)}${tag} OK done\r\n`;
    if (!/^UID FETCH \d+:/.test(command)) return undefined;
    const honest = imap.answer(command, tag);
    const lines = honest.split('\r\n').slice(0, -2);
    return [...lines, ...lines, '* 1 FETCH (UID 4294967295 RFC822.SIZE 5 INTERNALDATE "x" FLAGS ())', '* 2 FETCH (UID 99999999999 RFC822.SIZE -1 FLAGS ())', '* 3 FETCH (RFC822.SIZE 5 FLAGS ())', `${tag} OK done`, ''].join('\r\n');
  };
  const id = await connect(imap);
  for (const uid of [9, 3, 5]) await arrived(`fora de ordem ${uid}`);
  await until('the mark', () => desk.sql(`select uid_next from mail_folders where channel_id = '${id}'`) === '10', waitMs);
  expect(imap.said.filter((line) => /^UID FETCH \d+[ ,]/.test(line)).map((line) => line.split(' ')[2])).toEqual(['3,5,9', '5']);
  expect(countIn(id)).toBe('3');
});

test('mails are asked for together and taken beside each other; what belongs together keeps its order', slow, async () => {
  const imap = await imapServer();
  const count = 60;
  const people = ['um', 'dois', 'tres'];
  const ids: string[] = [];
  for (let uid = 1; uid <= count; uid++) {
    const person = people[uid % people.length] ?? '';
    const before = ids[uid - 1 - people.length];
    // Some take long: what is behind them would pass them if it could.
    const body = uid % 9 === 0 ? `ordem ${uid}\r\n${'larga '.repeat(300_000)}` : `ordem ${uid}`;
    ids.push(`fila-${uid}-${process.pid}@cliente.example`);
    imap.lay(
      uid,
      `From: ${person}@fila.example\r\nTo: loja@loja.example\r\nSubject: Fila de ${person}\r\nMessage-ID: <${ids[uid - 1] ?? ''}>\r\nDate: ${new Date().toUTCString()}\r\n` +
        `${before ? `In-Reply-To: <${before}>\r\n` : ''}\r\n${body}\r\n`,
    );
  }
  const id = await connect(imap);
  await until('all of them', () => countIn(id) === String(count), waitMs);
  expect(imap.said.filter((line) => /^UID FETCH \d+[ ,]/.test(line)).length).toBeLessThan(count / 4);
  const chats = JSON.parse(
    desk.sql(`select json_agg(x) from (select array_agg(substring(content from 'ordem ([0-9]+)')::int order by seq) as x from messages where channel_id = '${id}' group by chat_id) y`),
  ) as number[][];
  expect(chats.length).toBe(people.length);
  for (const chat of chats) {
    expect(chat.length).toBe(count / people.length);
    expect(chat).toEqual([...chat].sort((a, b) => a - b));
  }
  // Each found the one that it answers: that one was in.
  expect(desk.sql(`select count(*) from messages where channel_id = '${id}' and reply_to_id is not null`)).toBe(String(count - people.length));
  await until('the mark', () => desk.sql(`select uid_next from mail_folders where channel_id = '${id}'`) === String(count + 1), waitMs);
  expect(desk.sql(`select count(*) from mails m join files f on f.org_id = m.org_id and f.id = m.file_id and f.source = 'mail' where m.channel_id = '${id}'`)).toBe(String(count));
});

describe('a bounce touches no message but the one that it can be about', () => {
  let imap: ImapStandIn;
  let id: string;
  let uid = 0;
  const day = 86_400_000;

  function bounce(to: string, named?: string, status = '5.1.1'): { raw: string; id: string } {
    const messageId = `volta-${++counter}@mx.example`;
    const copy = named ? `--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: loja@loja.example\r\nMessage-ID: <${named}>\r\n\r\n` : '';
    return {
      id: messageId,
      raw:
        `From: MAILER-DAEMON@mx.example\r\nTo: loja@loja.example\r\nSubject: Undelivered\r\nMessage-ID: <${messageId}>\r\nMIME-Version: 1.0\r\n` +
        `Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nIt came back.\r\n` +
        `--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ${to}\r\nAction: failed\r\nStatus: ${status}\r\n\r\n${copy}--b--\r\n`,
    };
  }
  async function takes(account: string, from: ImapStandIn, one: { raw: string; id: string }, taken?: Date): Promise<void> {
    from.lay(++uid, one.raw, taken);
    await until('the bounce to be taken', () => desk.sql(`select count(*) from mails where channel_id = '${account}' and mail_id = '${one.id}'`) === '1', waitMs);
  }
  /** Somebody wrote and was answered: the answer. */
  async function answered(person: string, inAccount = imap): Promise<{ message: string; chatId: string }> {
    const text = `pergunta ${++counter} de ${person}`;
    inAccount.lay(++uid, `From: ${person}\r\nTo: loja@loja.example\r\nSubject: Oi\r\nMessage-ID: <q-${counter}@cliente.example>\r\nDate: ${new Date().toUTCString()}\r\n\r\n${text}\r\n`);
    const { chatId } = await arrived(text);
    const sent = ok(await desk.owner.call('messages.send', { chatId }, { json: { content: `resposta a ${person}` } })).json as Row;
    await until('the answer to be sent', () => is(String(sent['id'])) === 'sent', waitMs);
    return { message: String(sent['id']), chatId };
  }
  const is = (message: string): string => desk.sql(`select status from messages where id = '${message}'`);
  const older = (message: string, days: number): string =>
    desk.sql(`update mails set created_at = created_at - interval '${days} days' where message_id = '${message}'`);

  beforeAll(async () => {
    imap = await imapServer();
    imap.capabilities = 'IMAP4rev1 IDLE';
    id = await connect(imap);
  });

  test('without a name: the newest to that address, within days, unanswered', slow, async () => {
    const first = await answered('ana@volta.example'), bia = await answered('bia@volta.example');
    const second = ok(await desk.owner.call('messages.send', { chatId: first.chatId }, { json: { content: 'ainda isto' } })).json as Row;
    await until('it to be sent', () => is(String(second['id'])) === 'sent', waitMs);
    await takes(id, imap, bounce('ana@volta.example'));
    expect([is(String(second['id'])), is(first.message), is(bia.message)]).toEqual(['failed', 'sent', 'sent']);
    expect(desk.sql(`select error->>'code' from messages where id = '${String(second['id'])}'`)).toBe('BOUNCED');
    // The next one finds the mail before it, not somebody else's; a third one nothing any more: it is shown.
    await takes(id, imap, bounce('Ana <ANA@volta.example>'));
    expect([is(first.message), is(bia.message)]).toEqual(['failed', 'sent']);
    const third = bounce('ana@volta.example');
    await takes(id, imap, third);
    expect(desk.sql(`select m.message_id is not null and x.data->>'automatic' = 'true' from mails m join messages x on x.id = m.message_id where m.mail_id = '${third.id}'`)).toBe('t');
    expect(is(bia.message)).toBe('sent');
  });

  test('whoever wrote after it has got it, whatever a forger says', slow, async () => {
    const { message, chatId } = await answered('caio@volta.example');
    const before = desk.sql(`select external_id from messages where id = '${message}'`);
    const other = `agora mesmo ${++counter}`;
    imap.lay(++uid, `From: caio@volta.example\r\nTo: loja@loja.example\r\nSubject: Re: Oi\r\nMessage-ID: <a-${counter}@cliente.example>\r\nIn-Reply-To: <${before}>\r\n\r\n${other}\r\n`);
    expect((await arrived(other)).chatId).toBe(chatId);
    await takes(id, imap, bounce('caio@volta.example'));
    await takes(id, imap, bounce('caio@volta.example', before));
    expect(is(message)).toBe('sent');
    // Another receiver of the same mail may have failed: whom it names did not answer.
    await takes(id, imap, bounce('copia@volta.example', before));
    expect(is(message)).toBe('failed');
  });

  test('not what is older than some days, not what was sent after the bounce, not what arrived', slow, async () => {
    const { message } = await answered('duda@volta.example');
    await takes(id, imap, bounce('duda@volta.example'), new Date(Date.now() - day));
    expect(is(message)).toBe('sent');
    older(message, 6);
    await takes(id, imap, bounce('duda@volta.example'));
    expect(is(message)).toBe('sent');
    // By its name it is known for longer, but not for ever.
    const name = desk.sql(`select external_id from messages where id = '${message}'`);
    older(message, 25);
    await takes(id, imap, bounce('duda@volta.example', name));
    expect(is(message)).toBe('sent');
    older(message, -25);
    await takes(id, imap, bounce('duda@volta.example', name));
    expect(is(message)).toBe('failed');

    const { message: read } = await answered('edu@volta.example');
    desk.sql(`update messages set status = 'delivered', delivered_at = now() where id = '${read}'`);
    await takes(id, imap, bounce('edu@volta.example'));
    await takes(id, imap, bounce('edu@volta.example', desk.sql(`select external_id from messages where id = '${read}'`)));
    expect(is(read)).toBe('delivered');
  });

  test('not what another account sent, by address or by name', slow, async () => {
    const stranger = await imapServer();
    stranger.capabilities = 'IMAP4rev1 IDLE';
    const theirs = await connect(stranger);
    const { message } = await answered('fabi@volta.example');
    const name = desk.sql(`select external_id from messages where id = '${message}'`);
    await takes(theirs, stranger, bounce('fabi@volta.example'));
    await takes(theirs, stranger, bounce('fabi@volta.example', name));
    expect(is(message)).toBe('sent');
    await takes(id, imap, bounce('fabi@volta.example', name));
    expect(is(message)).toBe('failed');
  });
});

test('a server that never stops talking does not keep the others waiting', slow, async () => {
  const imap = await imapServer();
  const noise = '* OK still here and going on and on and on and on\r\n'.repeat(2000);
  let talking = true;
  imap.lie = (command, _tag, socket) => {
    if (!/^UID FETCH \d+:/.test(command)) return undefined;
    const go = (): void => {
      while (talking && !socket.destroyed) if (!socket.write(noise)) break;
      if (talking && !socket.destroyed) socket.once('drain', () => setImmediate(go));
    };
    go();
    return '';
  };
  const id = await connect(imap);
  await until('it to talk', () => imap.said.some((line) => line.startsWith('UID FETCH')), waitMs);
  for (let i = 0; i < 20; i++) ok(await desk.owner.call('chats.list', {}), 200);
  const honest = await imapServer();
  honest.lay(1, letter('no meio do barulho'));
  await connect(honest);
  await arrived('no meio do barulho');
  talking = false;
  ok(await desk.owner.call('channels.remove', { channelId: id }), 204);
  await until('its connection to end', () => imap.sockets.size === 0, waitMs);
});

test('one organization’s mail servers that say nothing hold up its own mails and nobody else’s', slow, async () => {
  const [mute, muteSmtp, honest] = [await imapServer(), await new SmtpStandIn().listen(), await imapServer()];
  const other = await Desk.make(server);
  const account = async (who: Desk, imap: ImapStandIn, out: SmtpStandIn): Promise<string> => {
    const address = `loja${++counter}@loja.example`;
    const settings = { imapHost: '127.0.0.1', imapPort: imap.port, imapSecurity: 'none', smtpHost: '127.0.0.1', smtpPort: out.port, smtpSecurity: 'none' };
    return ok(await who.owner.call('channels.create', {}, { json: { kind: 'email', name: address, address, settings, secrets: { password: 'senha' } } }), 201).str('id');
  };
  const mine: string[] = [];
  for (let i = 0; i < 12; i++) mine.push(await account(other, mute, muteSmtp));
  mute.lay(1, letter('para cada uma das doze'));
  const chats = (): string[] => other.sql(`select distinct chat_id from messages where direction = 'in' and content like '%para cada uma das doze%'`).trim().split('\n');
  await until('a conversation in each account', () => chats().length === 12, waitMs);
  for (const one of [mute, muteSmtp]) {
    one.silent = true;
    one.hangUp();
  }
  await until('its logins to hang', () => mute.sockets.size >= 4, waitMs);
  for (const chatId of chats()) ok(await other.owner.call('messages.send', { chatId }, { json: { content: 'fica na fila' } }));
  // Somebody else: connecting, reading and writing go on.
  const id = await account(desk, honest, smtp);
  honest.lay(1, letter('quem não espera pelos outros'));
  const { chatId } = await arrived('quem não espera pelos outros');
  const sent = ok(await desk.owner.call('messages.send', { chatId }, { json: { content: 'resposta no mesmo instante' } })).str('id');
  await until('the answer to leave', () => desk.sql(`select status from messages where id = '${sent}'`).trim() === 'sent', waitMs);
  // Four of each of the two workers; the end of a connection may be seen a moment late.
  expect(Math.max(mute.most, muteSmtp.most)).toBeLessThanOrEqual(10);
  // It comes back: nothing of it was lost.
  for (const one of [mute, muteSmtp]) {
    one.silent = false;
    one.hangUp();
  }
  other.sql(`update jobs set due_at = now() where kind = 'message.send' and state = 'waiting'`);
  await until('what waited to leave', () => muteSmtp.mails.length >= 12, waitMs * 2);
  for (const channelId of [...mine, id]) ok(await (channelId === id ? desk : other).owner.call('channels.remove', { channelId }), 204);
  await muteSmtp.stop();
});

test('25 MB and more: taken whole, or its beginning with the reason, within bounds', slow, async () => {
  const imap = await imapServer();
  const line = `${'QUJD'.repeat(19)}\r\n`;
  const big = (text: string, mib: number): string =>
    letter('', 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n') +
    `--b\r\nContent-Type: text/plain\r\n\r\n${text}\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="../../grande.pdf"\r\n\r\n${line.repeat(Math.ceil((mib * 1024 * 1024) / line.length))}--b--\r\n`;
  imap.lay(1, big('o anexo tem vinte e cinco', 25 * 1.37));
  imap.lay(2, big('passa de todos os limites', 60));
  const id = await connect(imap);
  const { id: message } = await arrived('o anexo tem vinte e cinco');
  const files = JSON.parse(desk.sql(`select json_agg(json_build_object('name', name, 'size', size_bytes)) from message_files where message_id = '${message}'`)) as { name: string; size: number }[];
  expect(files).toMatchObject([{ name: 'grande.pdf' }]);
  expect(files[0]?.size).toBeGreaterThan(25 * 1024 * 1024);
  await until('the other', () => countIn(id) === '2', waitMs);
  const broken = JSON.parse(desk.sql(`select json_build_object('fault', data->'mail'->>'fault', 'subject', data->'mail'->>'subject', 'name', f.name, 'size', f.size_bytes)
    from messages m join message_files f on f.message_id = m.id where m.channel_id = '${id}' and m.data->'mail'->>'fault' is not null`)) as JsonObject;
  expect(broken).toMatchObject({ subject: 'Oi', name: 'Oi.eml', size: 256 * 1024 });
  expect(imap.said.some((said) => said.startsWith('UID FETCH 2 ') && said.includes('<0.'))).toBe(true);
});
