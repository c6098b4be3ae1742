/* Ways in and what one may see: a forgotten password, an invitation, the second step, several organizations, and an agent from whom
   contacts and other people's chats are kept. */
import { describe, expect, test } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { items, join, makeRole, password, signUp, unique } from '../api/lib/people.ts';
import { totpCode } from '../api/lib/totp.ts';
import { Inbox } from './lib/inbox.ts';
import { makeWebchat, patience, stage } from './lib/stage.ts';
import { Talker } from './lib/talk.ts';

const s = stage();
/* Wrong passwords and codes are refused, dead links too. */
s.expectComplaints(/status of 4(00|01|04|22) .*\/api\/(login|password|invitations)/);

test('an empty form says at each field what is missing, and the first one has the focus', async () => {
  const { page, context } = await s.window();
  const focused = (label: string) => expect.poll(() => page.getByLabel(label, { exact: true }).first().evaluate((e) => e === document.activeElement), { timeout: patience }).toBe(true);
  for (const [path, button, first, words] of [
    ['/login', 'Entrar', 'E-mail', ['Digite seu e-mail.', 'Digite sua senha.']],
    ['/signup', 'Criar organização', 'Nome da organização', ['Diga o nome da organização.', 'Diga seu nome.', 'Digite seu e-mail.']],
    ['/forgot', 'Enviar link', 'E-mail', ['Digite seu e-mail.']],
  ] as const) {
    await page.goto(s.url + path);
    await page.getByRole('button', { name: button }).focus();
    await page.keyboard.press('Enter');
    for (const text of words) await page.getByText(text).waitFor();
    await focused(first);
  }
  await page.goto(`${s.url}/login`);
  await page.getByLabel('E-mail').fill('ana@example.com');
  await page.keyboard.press('Enter');
  await focused('Senha');
  await context.close();
});

test('a forgotten password: the link that an admin gets leads to a new one, once', async () => {
  const org = await signUp(s.url);
  const ana = await join(org, 'agent');
  const { page, context } = await s.window();
  await page.goto(`${s.url}/login`);
  await page.getByRole('link', { name: 'Esqueci a senha' }).click();
  await page.getByRole('textbox', { name: 'E-mail' }).fill(ana.email);
  await page.getByRole('button', { name: 'Enviar link' }).click();
  await page.getByRole('heading', { name: 'Confira seu e-mail' }).waitFor();

  const link = ok(await org.owner.client.post(org.path(`/users/${ana.userId}/reset-link`))).str('link');
  const address = s.url + new URL(link, s.url).pathname;
  await page.goto(address);
  await page.getByLabel('Senha nova').fill('curta');
  await page.getByRole('button', { name: 'Salvar senha' }).click();
  await page.getByText(/Falta/).first().waitFor();
  const fresh = 'tres tigres tristes 7';
  await page.getByLabel('Senha nova').fill(fresh);
  await page.getByRole('button', { name: 'Salvar senha' }).click();
  await page.getByRole('heading', { name: 'Senha salva' }).waitFor();
  await page.getByRole('link', { name: 'Entrar' }).click();

  await page.getByRole('textbox', { name: 'E-mail' }).fill(ana.email);
  await page.getByLabel('Senha', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Entrar' }).click();
  await page.getByText('E-mail ou senha incorretos.').waitFor();
  await page.getByLabel('Senha', { exact: true }).fill(fresh);
  await page.getByRole('button', { name: 'Entrar' }).click();
  await page.getByRole('heading', { name: 'Conversas' }).waitFor();

  await page.goto(address);
  await page.getByLabel('Senha nova').fill('outra senha longa 9');
  await page.getByRole('button', { name: 'Salvar senha' }).click();
  await page.getByRole('heading', { name: 'Este link não vale mais' }).waitFor();
  await context.close();
});

test('an invitation by link makes a colleague', async () => {
  const org = await signUp(s.url);
  const owner = await s.person(org.owner.client, '/settings/people');
  await owner.page.getByRole('link', { name: 'Convidar' }).or(owner.page.getByRole('button', { name: 'Convidar' })).first().click();
  const email = `nova-${unique()}@example.com`;
  await owner.page.getByRole('textbox', { name: 'E-mail' }).fill(email);
  const [answer] = await Promise.all([
    owner.page.waitForResponse((r) => r.url().endsWith('/invitations') && r.request().method() === 'POST'),
    owner.page.getByRole('button', { name: /^(Convidar|Criar|Enviar)/ }).last().click(),
  ]);
  const made = (await answer.json()) as { link: string };

  const { page, context } = await s.window();
  await page.goto(s.url + new URL(made.link, s.url).pathname);
  await page.getByRole('textbox', { name: 'Seu nome' }).fill('Joana Prado');
  await page.getByLabel('Senha', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Aceitar convite' }).click();
  await page.getByRole('heading', { name: 'Conversas' }).waitFor();
  await owner.page.goto(`${s.url}/settings/people`);
  await owner.page.getByText('Joana Prado').first().waitFor();
  await page.goto(s.url + new URL(made.link, s.url).pathname);
  await page.getByRole('heading', { name: 'Este convite não vale mais' }).waitFor();
  await context.close();
  await owner.context.close();
});

test('the second step: a wrong code, the right one, a recovery code', async () => {
  const org = await signUp(s.url);
  const { client, email } = org.owner;
  const secret = ok(await client.post('/api/me/totp', {})).str('secret');
  const confirmed = ok(await client.post('/api/me/totp/confirm', { code: totpCode(secret) }));
  const codes = confirmed.get('recoveryCodes') as string[];

  const { page, context } = await s.window();
  const begin = async (): Promise<void> => {
    await page.goto(`${s.url}/login`);
    await page.getByRole('textbox', { name: 'E-mail' }).fill(email);
    await page.getByLabel('Senha', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Entrar' }).click();
    await page.getByRole('heading', { name: 'Verificação em duas etapas' }).waitFor();
  };
  await begin();
  await page.getByRole('textbox', { name: 'Código' }).fill('000000');
  await page.getByRole('button', { name: 'Verificar' }).click();
  await page.getByText('Código incorreto ou já usado.').waitFor();
  // The code of this moment was used to set it up.
  await page.getByRole('textbox', { name: 'Código' }).fill(totpCode(secret, 1));
  await page.getByRole('button', { name: 'Verificar' }).click();
  await page.getByRole('heading', { name: 'Conversas' }).waitFor();
  await context.clearCookies();
  await begin();
  await page.getByRole('button', { name: 'Usar um código de recuperação' }).click();
  await page.getByRole('textbox', { name: 'Código de recuperação' }).fill(codes[0] ?? '');
  await page.getByRole('button', { name: 'Verificar' }).click();
  await page.getByRole('heading', { name: 'Conversas' }).waitFor();
  await context.close();
});

test('two organizations of one person, apart, with a switch', async () => {
  const org = await signUp(s.url, 'Doces da Vila');
  const { key } = await makeWebchat(org);
  const who = `Cliente da Vila ${unique()}`;
  await new Talker(org, key, who).write('Oi');
  const { page, context } = await s.person(org.owner.client);
  const inbox = new Inbox(page);
  await inbox.tab('Todas').click();
  await inbox.row(who).waitFor();
  await page.getByRole('button', { name: /Doces da Vila/ }).click();
  await page.getByRole('menuitem', { name: 'Nova organização' }).click();
  const other = `Pães do Centro ${unique()}`;
  await page.getByRole('textbox', { name: 'Nome da organização' }).fill(other);
  await page.getByRole('button', { name: 'Criar organização' }).click();
  await page.getByRole('button', { name: other }).waitFor();
  await inbox.tab('Todas').click();
  await page.getByText('Nenhum canal ainda').waitFor();
  expect(await inbox.row(who).count()).toBe(0);
  await page.getByRole('button', { name: other }).click();
  await page.getByRole('menu').getByText(/Doces da Vila/).click();
  await inbox.tab('Todas').click();
  await inbox.row(who).waitFor();
  await context.close();
});

describe('an agent with narrow rights', () => {
  test('sees only what is theirs, no contacts, and is told so where a page is not for them', async () => {
    const org = await signUp(s.url);
    const { key } = await makeWebchat(org);
    const all = (await items(org.owner.client, org.path('/permissions'))).map((one) => String(one['name']));
    const kept = ['chats.view', 'chats.reply', 'chats.close', 'customers.view', 'customers.edit'].filter((name) => all.includes(name));
    const role = await makeRole(org, kept);
    const rui = await join(org, role);
    const phoneNumber = '+55 11 98421-7730';
    const mail = `bia.carvalho.${unique()}@uol.com.br`;
    const [theirs, others] = [new Talker(org, key, `Beatriz ${unique()}`), new Talker(org, key, `Outro ${unique()}`)];
    await theirs.write('Quero remarcar', { email: mail, phone: phoneNumber });
    await others.write('Não é para o Rui');
    const chat = await theirs.chat();
    ok(await org.owner.client.post(org.path(`/chats/${chat}/assign`), { userId: rui.userId }));

    const { page, context } = await s.person(rui.client);
    const inbox = new Inbox(page);
    await inbox.tab('Todas').click();
    await inbox.row(theirs.name).waitFor();
    expect(await inbox.row(others.name).count()).toBe(0);
    await inbox.open(theirs.name);
    await inbox.message('Quero remarcar').waitFor();
    const panel = page.getByRole('complementary', { name: 'Cliente' });
    await panel.getByText('•').first().waitFor();
    const text = await page.evaluate(() => document.body.innerText);
    expect(text).not.toContain(mail);
    expect(text).not.toContain('98421');

    // A new message of somebody else's chat does not come up live either.
    await others.write('Ainda não é para o Rui');
    await theirs.write('Pode ser às 10h?');
    await inbox.message('Pode ser às 10h?').waitFor();
    expect(await inbox.row(others.name).count()).toBe(0);

    const foreign = await others.chat();
    s.expectComplaints(/status of 40[34] .*\/chats\//);
    await page.goto(`${s.url}/inbox/${foreign}`);
    await page.getByText('Esta conversa não está disponível').waitFor();
    await page.goto(`${s.url}/settings/people`);
    await page.getByText('Seu papel não abre esta página').waitFor();
    await page.goto(`${s.url}/customers`);
    await page.getByText(theirs.name).first().waitFor();
    expect(await page.getByText(others.name).count()).toBe(0);
    await expect.poll(() => page.evaluate(() => document.body.innerText.includes('98421')), { timeout: patience }).toBe(false);
    await context.close();
  });
});
