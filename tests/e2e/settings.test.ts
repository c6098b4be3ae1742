/* The organization's and one's own settings, each run to its end in the browser: the second step, work that stands still, API
   keys, roles, lists that are put in order. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Client, ok } from '../api/lib/client.ts';
import { items, join, password, signUp, unique } from '../api/lib/people.ts';
import { totpCode } from '../api/lib/totp.ts';
import { sql } from '../process/lib/command.ts';
import { makeWebchat, patience, stage } from './lib/stage.ts';
import { Talker } from './lib/talk.ts';

const s = stage();
/* Wrong codes and passwords are refused on purpose. */
s.expectComplaints(/status of 4(00|01|22) .*\/api\/(login|me\/totp)/, /status of 403 /);

test('the second step from setting up to switching off', async () => {
  const org = await signUp(s.url);
  const { page, context } = await s.person(org.owner.client, '/settings/security');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Ligar verificação em duas etapas' }).click();
  const setUp = page.getByRole('dialog');
  // The picture is there and is one: its own size, not the frame's.
  const qr = setUp.getByRole('img', { name: 'Código QR para o aplicativo autenticador' });
  await qr.waitFor();
  await expect.poll(() => qr.evaluate((e) => (e as HTMLImageElement).naturalWidth), { timeout: patience }).toBeGreaterThan(20);
  const secret = await setUp.getByRole('textbox', { name: 'Ou digite a chave' }).inputValue();
  const code = setUp.getByRole('textbox', { name: 'Código de 6 números' });

  await setUp.getByRole('button', { name: 'Confirmar e ligar' }).click();
  await setUp.getByText('São 6 números.').waitFor();
  await expect.poll(() => code.evaluate((e) => e === document.activeElement), { timeout: patience }).toBe(true);
  await code.fill(totpCode(secret, 7));
  await code.press('Enter');
  await setUp.getByRole('alert').waitFor();
  await code.fill(totpCode(secret));
  await code.press('Enter');

  const kept = page.getByRole('dialog', { name: 'Códigos de recuperação' });
  await kept.waitFor();
  const codes = await kept.getByRole('listitem').allInnerTexts();
  expect(new Set(codes).size).toBe(10);
  await kept.getByRole('button', { name: 'Copiar' }).click();
  await kept.getByRole('button', { name: 'Copiado' }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const [download] = await Promise.all([page.waitForEvent('download'), kept.getByRole('link', { name: 'Baixar' }).click()]);
  const file = readFileSync(await download.path(), 'utf8');
  for (const one of codes) expect([copied.includes(one), file.includes(one)]).toEqual([true, true]);
  // It closes only when the codes are kept.
  await page.keyboard.press('Escape');
  expect(await kept.getByRole('button', { name: 'Concluir' }).isDisabled()).toBe(true);
  await kept.getByRole('checkbox', { name: 'Guardei os códigos' }).check();
  await kept.getByRole('button', { name: 'Concluir' }).click();
  await page.getByText('Ligada', { exact: true }).waitFor();

  const login = await s.window();
  await login.page.goto(`${s.url}/login`);
  await login.page.getByRole('textbox', { name: 'E-mail' }).fill(org.owner.email);
  await login.page.getByLabel('Senha', { exact: true }).fill(password);
  await login.page.getByRole('button', { name: 'Entrar' }).click();
  // A code works once: the one of now set it up.
  await login.page.getByRole('textbox', { name: 'Código' }).fill(totpCode(secret, 1));
  await login.page.getByRole('button', { name: 'Verificar' }).click();
  await login.page.getByRole('heading', { name: 'Conversas' }).waitFor();

  await page.getByRole('button', { name: 'Desligar verificação em duas etapas' }).click();
  const off = page.getByRole('dialog');
  await off.getByRole('button', { name: 'Desligar verificação em duas etapas' }).click();
  await off.getByText('Preencha este campo.').waitFor();
  await off.getByLabel('Senha').first().fill('não é esta');
  await page.keyboard.press('Enter');
  await off.getByRole('alert').waitFor();
  await off.getByLabel('Senha').first().fill(password);
  await page.keyboard.press('Enter');
  await page.getByText('Desligada', { exact: true }).waitFor();
  const again = new Client(s.url);
  expect(ok(await again.post('/api/login', { email: org.owner.email, password })).text).not.toContain('totpRequired');
});

test('work that stands still is tried again, or dropped', async () => {
  const org = await signUp(s.url);
  // Of kinds that nobody works on: what is tried again waits, and does not come back while one looks.
  for (const [kind, error] of [
    ['proof.mail', 'Connection refused by smtp.example.com'],
    ['proof.export', 'No space left'],
  ])
    sql(s.server.dataDir, `insert into jobs (org_id, kind, payload, due_at, state, tries, error, parked_at) values ('${org.id}', '${kind}', '{}', now(), 'parked', 12, '${error}', now())`);
  const { page } = await s.person(org.owner.client, '/settings/jobs');
  const job = (text: string) => page.getByRole('listitem').filter({ hasText: text });
  await job('Connection refused').getByText('12 tentativas').waitFor();

  await job('Connection refused').getByRole('button', { name: 'Tentar de novo' }).click();
  await page.getByText('Vai ser tentado de novo agora.').waitFor();
  await job('Connection refused').waitFor({ state: 'hidden' });

  await job('No space left').getByRole('button', { name: 'Descartar' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Descartar' }).click();
  await page.getByText('Nada parado').waitFor();
  expect(sql(s.server.dataDir, `select count(*) from jobs where org_id = '${org.id}' and kind = 'proof.export'`)).toBe('0');
  expect(sql(s.server.dataDir, `select state || ' ' || tries from jobs where org_id = '${org.id}' and kind = 'proof.mail'`)).toBe('waiting 0');
});

test('an API key is made, shown once, used within its rights, and revoked', async () => {
  const org = await signUp(s.url);
  const { page } = await s.person(org.owner.client, '/settings/api-keys/new');
  const name = `Loja virtual ${unique()}`;
  await page.getByRole('button', { name: 'Criar chave' }).click();
  await page.getByText('Preencha este campo.').waitFor();
  await page.getByRole('textbox', { name: 'Nome', exact: true }).fill(name);
  await page.getByRole('textbox', { name: 'Endereços permitidos' }).fill('não é um endereço');
  await page.getByRole('checkbox', { name: 'Ver clientes' }).check();
  await page.getByRole('button', { name: 'Criar chave' }).click();
  const addresses = page.getByRole('textbox', { name: 'Endereços permitidos' });
  await expect.poll(() => addresses.evaluate((e) => e === document.activeElement), { timeout: patience }).toBe(true);
  await addresses.fill('');
  await page.getByRole('button', { name: 'Criar chave' }).click();
  await page.getByText('Copie agora').waitFor();
  const key = await page.getByRole('group', { name: 'Chave' }).locator('input').inputValue();
  expect(key).toMatch(/^ak_/);
  await page.getByRole('link', { name: 'Já guardei' }).click();
  await page.getByRole('cell', { name: new RegExp(name) }).waitFor();
  await page.getByRole('button', { name: 'Revogar' }).waitFor();

  const shop = new Client(s.url, key);
  ok(await shop.get(org.path('/customers')), 200);
  expect((await shop.get(org.path('/audit'))).status).toBe(403);
  await page.reload();
  expect(await page.getByText(key).count()).toBe(0);
  await page.getByRole('button', { name: 'Revogar' }).waitFor();
  // When it was used is written down with the next beat, not with each call.
  await expect
    .poll(
      async () => {
        await page.reload();
        await page.getByRole('button', { name: 'Revogar' }).waitFor();
        return page.getByText('Nunca usada').count();
      },
      { timeout: patience * 2, interval: 500 },
    )
    .toBe(0);

  await page.getByRole('button', { name: 'Revogar' }).click();
  const ask = page.getByRole('dialog');
  await ask.getByRole('textbox').fill(name);
  await ask.getByRole('button', { name: 'Revogar' }).click();
  await page.getByText('Nenhuma chave ainda').waitFor();
  expect((await shop.get(org.path('/customers'))).status).toBe(401);
});

test('a role that is made here is what its person sees, at once', async () => {
  const org = await signUp(s.url);
  const { key } = await makeWebchat(org);
  const talker = new Talker(org, key, `Beatriz ${unique()}`);
  await talker.write('Oi');
  const rui = await join(org, 'agent');
  const owner = await s.person(org.owner.client, '/settings/roles/new');
  const name = `Só clientes ${unique()}`;
  await owner.page.getByRole('textbox', { name: 'Nome do papel' }).fill(name);
  const boxes = owner.page.getByRole('form', { name: 'Novo papel' }).getByRole('checkbox');
  await boxes.first().waitFor();
  for (const box of await boxes.all()) await box.uncheck();
  await owner.page.getByRole('checkbox', { name: 'Ver clientes' }).check();
  await owner.page.getByRole('checkbox', { name: 'Ver todas as conversas' }).check();
  await owner.page.getByRole('button', { name: 'Criar papel' }).click();
  await owner.page.getByRole('button', { name: 'Excluir' }).waitFor();

  const his = await s.person(rui.client, '/customers');
  await his.page.getByRole('button', { name: 'Novo cliente' }).waitFor();
  await owner.page.goto(`${s.url}/settings/people/${rui.userId}`);
  await owner.page.getByRole('combobox', { name: 'Papel' }).selectOption({ label: name });
  await owner.page.getByRole('button', { name: 'Salvar' }).click();
  await owner.page.getByText('Salvo').first().waitFor();
  // Without a new login: the button goes, the settings of the organization are closed.
  await his.page.getByRole('button', { name: 'Novo cliente' }).waitFor({ state: 'hidden' });
  await his.page.goto(`${s.url}/settings/roles`);
  await his.page.getByText('Seu papel não abre esta página').waitFor();
  expect(await his.page.getByRole('link', { name: 'Pessoas' }).count()).toBe(0);

  // Who has it keeps it from going.
  await owner.page.goto(`${s.url}/settings/roles`);
  await owner.page.getByRole('link', { name }).click();
  await owner.page.getByRole('button', { name: 'Excluir' }).click();
  s.expectComplaints(/status of 409 .*\/roles\//);
  await owner.page.getByRole('dialog').getByRole('textbox').fill(name);
  await owner.page.getByRole('dialog').getByRole('button', { name: 'Excluir' }).click();
  await owner.page.getByText(/Ainda em uso: pessoas 1/).waitFor();
});

describe('lists that are put in order', () => {
  test('a field is made, moved by the keyboard, renamed, archived', async () => {
    const org = await signUp(s.url);
    const { page } = await s.person(org.owner.client, '/settings/fields/new');
    for (const name of ['Peso', 'Raça']) {
      await page.getByRole('textbox', { name: 'Nome do campo' }).fill(name);
      await page.getByRole('button', { name: 'Criar campo' }).click();
      await page.getByRole('link', { name: new RegExp(`^${name}`) }).waitFor();
      // Saved, it stays open as what it has become.
      await page.getByRole('button', { name: 'Arquivar' }).waitFor();
      await page.getByRole('link', { name: 'Novo campo' }).click();
      await page.getByRole('button', { name: 'Arquivar' }).waitFor({ state: 'hidden' });
    }
    const order = async () => (await items(org.owner.client, org.path('/fields'))).map((f) => String(f['name']));
    const before = await order();
    expect(before.slice(-2)).toEqual(['Peso', 'Raça']);
    await page.getByRole('button', { name: /^Mover Raça/ }).focus();
    await page.keyboard.press('ArrowUp');
    await expect.poll(async () => (await order()).slice(-2), { timeout: patience }).toEqual(['Raça', 'Peso']);
    await page.reload();
    await page.getByRole('link', { name: /^Raça/ }).click();
    await page.getByRole('button', { name: 'Arquivar' }).waitFor(); // the form of a new one went
    await page.getByRole('textbox', { name: 'Nome do campo' }).fill('Raça do animal');
    await page.getByRole('textbox', { name: 'Nome do campo' }).press('Enter');
    await page.getByRole('link', { name: /^Raça do animal/ }).waitFor();
    await page.getByRole('button', { name: 'Arquivar' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Arquivar' }).click();
    await page.getByRole('link', { name: /^Raça do animal/ }).waitFor({ state: 'hidden' });
    expect(await order()).not.toContain('Raça do animal');
  });
});
