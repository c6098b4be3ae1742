/* Passwords that were forgotten and invitations, with a mail server and without; the mail server's settings; parked work;
   the command line. The mails arrive at a real SMTP conversation. */
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, ok, refused } from './lib/client.ts';
import { type Organization, items, join, logIn, password, roleId, signUp, unique } from './lib/people.ts';
import { Server, binary, until } from './lib/server.ts';
import { type Mail, MailServer } from './lib/smtp.ts';
import { totpCode } from './lib/totp.ts';

let server: Server;
let post: MailServer;
beforeAll(async () => {
  post = await MailServer.start();
  server = await Server.start({ env: { INTERFLOW_ALLOW_PRIVATE: '127.0.0.0/8' } });
});
afterAll(async () => {
  await server.stop();
  await post.stop();
});

const fresh = 'outro cavalo verde 43';
const nobody = (): Client => new Client(server.url);
const mailTo = (to: string): Promise<Mail> => until(`a mail to ${to}`, () => post.mails.find((mail) => mail.to.includes(to)), 15_000);
const settings = () => ({ host: '127.0.0.1', port: post.port, security: 'none', user: 'caixa', password: 'segredo do correio', from: 'equipe@loja.com.br', fromName: 'Ação & Cia' });
const withMail = async (): Promise<Organization> => {
  const org = await signUp(server.url);
  ok(await org.owner.client.put(org.path('/settings/smtp'), settings()));
  return org;
};
const linkIn = (text: string): string => /https?:\/\/\S+/.exec(text)?.[0] ?? '';
const tokenOf = (link: string): string => link.slice(link.lastIndexOf('/') + 1);

describe('a forgotten password', () => {
  it('with a mail server: a link that is good once', async () => {
    const org = await withMail();
    ok(await nobody().post('/api/password/forgot', { email: org.owner.email }), 202);
    const mail = await mailTo(org.owner.email);
    expect(mail.header('Subject')).toBe('Redefinir sua senha');
    expect(mail.header('From')).toBe('Ação & Cia <equipe@loja.com.br>');
    expect(mail).toMatchObject({ from: 'equipe@loja.com.br', user: 'caixa', password: 'segredo do correio' });
    const link = linkIn(mail.text);
    expect(mail.html).toContain(link);
    expect(link).toMatch(new RegExp(`^${server.url}/reset/[\\w-]{43}$`));
    expect(mail.text).toContain(`Quintal da Lola ${org.secret}`);

    const body = { token: tokenOf(link), password: fresh };
    refused(await nobody().post('/api/password/reset', { ...body, password: 'curta' }), 400);
    ok(await nobody().post('/api/password/reset', body), 204);
    await until('the login to end', async () => (await org.owner.client.get('/api/me')).status === 401, 1000);
    await logIn(server.url, org.owner.email, fresh);
    refused(await nobody().post('/api/login', { email: org.owner.email, password }), 401);
    refused(await nobody().post('/api/password/reset', body), 404, 'RESET_NOT_FOUND');
  });

  it('speaks the person’s language', async () => {
    const org = await withMail();
    for (const [language, subject] of [['es', 'Restablecer tu contraseña'], ['en', 'Reset your password']] as const) {
      const person = await join(org, 'agent');
      ok(await person.client.patch('/api/me', { language }));
      ok(await nobody().post('/api/password/forgot', { email: person.email }), 202);
      expect((await until('the mail', () => post.mails.find((mail) => mail.to.includes(person.email) && mail.header('Subject') === subject), 15_000)).text).toContain('/reset/');
    }
  });

  it('does not tell whether there is an account, and sends no flood', async () => {
    const org = await withMail();
    const answers = [];
    for (const email of [org.owner.email, `nobody-${unique()}@example.com`]) {
      const answer = ok(await nobody().post('/api/password/forgot', { email }), 202);
      answers.push([answer.text, [...answer.headers.keys()].sort().join()]);
    }
    expect(answers[0]).toEqual(answers[1]);
    for (let i = 0; i < 8; i++) ok(await nobody().post('/api/password/forgot', { email: org.owner.email }), 202);
    await mailTo(org.owner.email);
    await new Promise((done) => setTimeout(done, 1500));
    expect(post.mails.filter((mail) => mail.to.includes(org.owner.email)).length).toBeLessThanOrEqual(4);
  });

  it('cannot be guessed', async () => {
    for (const token of ['x', 'a'.repeat(43), "' or true --"]) refused(await nobody().post('/api/password/reset', { token, password: fresh }), 404);
  });

  it('keeps the second factor', async () => {
    const org = await withMail();
    const secret = ok(await org.owner.client.post('/api/me/totp')).str('secret');
    ok(await org.owner.client.post('/api/me/totp/confirm', { code: totpCode(secret) }));
    ok(await nobody().post('/api/password/forgot', { email: org.owner.email }), 202);
    const token = tokenOf(linkIn((await mailTo(org.owner.email)).text));
    ok(await nobody().post('/api/password/reset', { token, password: fresh }), 204);
    expect(ok(await nobody().post('/api/login', { email: org.owner.email, password: fresh })).get('totpRequired')).toBe(true);
  });

  it('without a mail server: an admin hands over a link', async () => {
    const org = await signUp(server.url);
    const person = await join(org, 'agent');
    const owner = org.owner.client;
    ok(await nobody().post('/api/password/forgot', { email: person.email }), 202);
    const [request] = await items(owner, org.path('/password-resets'));
    expect(request).toMatchObject({ userId: person.userId, email: person.email, name: person.name });
    refused(await person.client.get(org.path('/password-resets')), 403);
    const link = ok(await owner.post(org.path(`/users/${person.userId}/reset-link`)), 201).str('link');
    expect(await items(owner, org.path('/password-resets'))).toEqual([]);
    ok(await nobody().post('/api/password/reset', { token: tokenOf(link), password: fresh }), 204);
    await logIn(server.url, person.email, fresh);
    const actions = (await items(owner, org.path('/audit'), { entityId: person.userId })).map((one) => one['action']);
    expect(actions).toEqual(expect.arrayContaining(['user.reset_link', 'user.password', 'user.login']));
  });

  it('of somebody who is elsewhere too is not for the admin here', async () => {
    const [here, there] = [await signUp(server.url), await signUp(server.url)];
    const link = ok(await here.owner.client.post(here.path('/invitations'), { email: there.owner.email, roleId: await roleId(here, 'agent') }), 201).str('link');
    ok(await there.owner.client.post(`/api/invitations/${tokenOf(link)}/accept`, {}));
    const answer = await here.owner.client.post(here.path(`/users/${there.owner.userId}/reset-link`));
    refused(answer, 403, 'USER_IN_OTHER_ORGANIZATIONS');
    const mailed = await withMail();
    const person = await join(mailed, 'agent');
    refused(await mailed.owner.client.post(mailed.path(`/users/${person.userId}/reset-link`)), 409, 'MAIL_CONFIGURED');
  });
});

describe('an invitation by mail', () => {
  it('arrives, with the same link', async () => {
    const org = await withMail();
    const email = `convidada-${unique()}@example.com`;
    const made = ok(await org.owner.client.post(org.path('/invitations'), { email, roleId: await roleId(org, 'agent') }), 201);
    expect(made.get('mailed')).toBe(true);
    const mail = await mailTo(email);
    expect(mail.header('Subject')).toBe(`${org.owner.name} convidou você para Quintal da Lola ${org.secret}`);
    expect(linkIn(mail.text)).toBe(made.str('link'));
    ok(await nobody().post(`/api/invitations/${tokenOf(linkIn(mail.text))}/accept`, { name: 'Bia', password }));
  });
});

describe('the mail server', () => {
  it('keeps its password to itself, and does not send it elsewhere', async () => {
    const org = await signUp(server.url);
    const { client } = org.owner;
    expect(ok(await client.get(org.path('/settings/smtp'))).json).toEqual({ configured: false });
    const saved = ok(await client.put(org.path('/settings/smtp'), settings()));
    expect(saved.json).toEqual({ configured: true, host: '127.0.0.1', port: post.port, security: 'none', user: 'caixa', passwordSet: true, from: 'equipe@loja.com.br', fromName: 'Ação & Cia' });
    expect(saved.text + ok(await client.get(org.path('/audit'))).text).not.toContain('segredo');
    const { password: _, ...rest } = settings();
    expect(ok(await client.put(org.path('/settings/smtp'), { ...rest, fromName: 'Outra' })).get('passwordSet')).toBe(true);
    for (const change of [{ host: '127.0.0.2' }, { port: 2525 }, { user: 'outra' }, { security: 'tls' }])
      refused(await client.put(org.path('/settings/smtp'), { ...rest, ...change }), 400);
    expect(ok(await client.put(org.path('/settings/smtp'), { ...rest, password: null })).get('passwordSet')).toBe(false);
    ok(await client.delete(org.path('/settings/smtp')), 204);
    refused(await client.delete(org.path('/settings/smtp')), 404, 'SMTP_NOT_CONFIGURED');
    refused(await client.post(org.path('/settings/smtp/test'), { to: 'a@example.com' }), 404, 'SMTP_NOT_CONFIGURED');
    refused(await client.put(org.path('/settings/smtp'), { ...settings(), port: 0 }), 400);
    refused(await client.put(org.path('/settings/smtp'), { ...settings(), from: 'ninguém' }), 400);
  });

  it('can be tried, and says what is wrong', async () => {
    const org = await withMail();
    const { client } = org.owner;
    const to = `teste-${unique()}@example.com`;
    ok(await client.post(org.path('/settings/smtp/test'), { to }));
    expect((await mailTo(to)).header('Subject')).toContain('Teste de e-mail');
    post.refuse = '550 5.7.1 not you';
    refused(await client.post(org.path('/settings/smtp/test'), { to }), 422, 'SMTP_REFUSED');
    post.refuse = '';
    ok(await client.put(org.path('/settings/smtp'), { ...settings(), port: 1 }));
    refused(await client.post(org.path('/settings/smtp/test'), { to }), 502, 'SMTP_FAILED');
    ok(await client.put(org.path('/settings/smtp'), { ...settings(), host: '192.168.77.77' }));
    const answer = refused(await client.post(org.path('/settings/smtp/test'), { to }), 502, 'SMTP_FAILED');
    expect(answer.text).not.toContain('segredo');
  }, 60_000);

  it('that was taken away parks its mails, which people see and retry', async () => {
    const org = await withMail();
    const { client } = org.owner;
    const email = `tarde-${unique()}@example.com`;
    ok(await client.put(org.path('/settings/smtp'), { ...settings(), host: '10.99.99.99' })); /* not an address that we may call */
    ok(await client.post(org.path('/invitations'), { email, roleId: await roleId(org, 'agent') }), 201);
    const job = await until('the mail to be parked', async () => (await items(client, org.path('/jobs/parked')))[0], 15_000);
    expect(job).toMatchObject({ kind: 'mail.send', error: expect.any(String) });
    expect(JSON.stringify(job)).not.toContain(email);
    const foreign = await signUp(server.url);
    refused(await foreign.owner.client.post(foreign.path(`/jobs/${String(job['id'])}/retry`)), 404, 'JOB_NOT_FOUND');
    ok(await client.put(org.path('/settings/smtp'), settings()));
    ok(await client.post(org.path(`/jobs/${String(job['id'])}/retry`)), 204);
    await mailTo(email);
    expect(await items(client, org.path('/jobs/parked'))).toEqual([]);
    refused(await client.delete(org.path(`/jobs/${String(job['id'])}`)), 404, 'JOB_NOT_FOUND');
  }, 60_000);
});

describe('interflow user', () => {
  const run = (args: string[], input?: string): Promise<{ code: number; out: string; err: string }> =>
    new Promise((done) => {
      const child = execFile(binary, ['user', ...args, '--data', server.dataDir], (error, out, err) =>
        done({ code: error ? Number(error.code ?? 1) : 0, out, err }),
      );
      child.stdin?.end(input ?? '');
    });

  it('adds people and organizations, and sets passwords, beside the running server', async () => {
    const email = `cli-${unique()}@example.com`;
    const name = `Loja ${unique()}`;
    const added = await run(['add', email, '--organization', name, '--name', 'Ana Cli', '--language', 'en']);
    expect(added, added.err).toMatchObject({ code: 0 });
    const made = /password: (\S+)/.exec(added.out)?.[1] ?? '';
    const client = await logIn(server.url, email, made);
    expect(ok(await client.get('/api/me')).json).toMatchObject({ user: { name: 'Ana Cli', language: 'en' }, organizations: [{ name, roleKind: 'owner' }] });

    const second = await run(['add', `b-${email}`, '--organization', name, '--role', 'manager', '--password-stdin'], `${password}\n`);
    expect(second, second.err).toMatchObject({ code: 0 });
    expect(second.out).not.toContain('password:');
    const other = await logIn(server.url, `b-${email}`);
    expect(ok(await other.get('/api/me')).get('organizations')).toMatchObject([{ roleKind: 'manager' }]);
    expect((await run(['add', `b-${email}`, '--organization', name])).code).toBe(1);

    const changed = await run(['passwd', email, '--password-stdin'], `${fresh}\n`);
    expect(changed, changed.err).toMatchObject({ code: 0 });
    await until('the old login to end', async () => (await client.get('/api/me')).status === 401, 3000);
    await logIn(server.url, email, fresh);
  }, 60_000);

  it('says what is wrong in one line', async () => {
    for (const [args, input] of [
      [['add', 'nobody', '--organization', 'x']],
      [['add', 'a@example.com']],
      [['add', 'a@example.com', '--organization', 'x', '--role', 'king']],
      [['passwd', `nobody-${unique()}@example.com`]],
      [['passwd', 'a@example.com', '--password-stdin'], 'curta\n'],
      [['fly', 'a@example.com']],
      [['add']],
    ] as [string[], string?][]) {
      const { code, err } = await run(args, input);
      expect(code, args.join(' ')).toBeGreaterThan(0);
      expect(err).toMatch(/^interflow: .+\n/);
    }
  }, 60_000);
});
