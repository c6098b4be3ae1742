/* Customers, run to the end in the browser: a double that is none, a merge with values chosen from both, the download and the
   erasure of one person's data, work on many at once, what the organization wants to know of everybody. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { ok } from '../api/lib/client.ts';
import { mobile } from '../api/lib/crm.ts';
import { type Organization, items, join, signUp, unique } from '../api/lib/people.ts';
import { patience, stage } from './lib/stage.ts';

const s = stage();

const create = async (org: Organization, json: Record<string, unknown>): Promise<string> => ok(await org.owner.client.post(org.path('/customers'), json), 201).str('id');
const menu = async (page: Page, item: string): Promise<void> => {
  await page.locator('header.bar').getByRole('button', { name: 'Mais' }).click();
  await page.getByRole('menuitem', { name: item }).click();
};

describe('two records', () => {
  test('that are not one person are not asked about again, by anybody', async () => {
    const org = await signUp(s.url);
    const name = `João da Silva Prado ${unique()}`;
    const one = await create(org, { name, contacts: [{ kind: 'phone', identifier: mobile() }] });
    await create(org, { name, contacts: [{ kind: 'instagram', identifier: `joao.${unique()}` }] });
    const { page, context } = await s.person(org.owner.client, `/customers/${one}`);
    const asks = page.getByText(/Pode ser a mesma pessoa/);
    await asks.waitFor();
    const answered = page.waitForResponse((r) => r.url().endsWith('/dismiss'));
    await page.getByRole('button', { name: 'Não é', exact: true }).click();
    expect((await answered).status()).toBe(204);
    await asks.waitFor({ state: 'hidden' });
    await context.close();
    const manager = await join(org, 'manager');
    const hers = await s.person(manager.client, `/customers/${one}`);
    await hers.page.getByRole('heading', { name }).waitFor();
    await hers.page.getByText('Cliente desde').waitFor();
    expect(await hers.page.getByText(/Pode ser a mesma pessoa/).count()).toBe(0);
  });

  test('become one: the record that stays, the values that were marked, both histories', async () => {
    const org = await signUp(s.url);
    ok(await org.owner.client.post(org.path('/fields'), { name: 'Peso', kind: 'number', slug: 'peso' }), 201);
    const key = unique();
    const phone = mobile();
    const kept = await create(org, { name: `Beatriz Carvalho ${key}`, contacts: [{ kind: 'whatsapp', identifier: phone }], pinnedNote: 'Prefere manhãs', fields: { peso: 30 } });
    const gone = await create(org, { name: `Bia ${key}`, contacts: [{ kind: 'email', identifier: `bia-${key}@example.com` }], pinnedNote: 'Prefere tardes', fields: { peso: 31 } });
    ok(await org.owner.client.post(org.path(`/customers/${gone}/notes`), { title: 'Saúde', content: 'Alérgica a frango' }), 201);

    const { page } = await s.person(org.owner.client, `/customers/${kept}`);
    await page.getByRole('heading', { name: `Beatriz Carvalho ${key}` }).waitFor();
    await menu(page, 'Unir com outro cadastro');
    await page.getByRole('combobox', { name: 'Outro cadastro da mesma pessoa' }).fill(`Bia ${key}`);
    await page.getByRole('option', { name: new RegExp(`^Bia ${key}`) }).click();
    await page.getByRole('button', { name: 'Comparar' }).click();
    const dialog = page.getByRole('dialog', { name: 'Comparar e unir' });
    await dialog.getByRole('radio', { name: /^Beatriz/ }).first().check();
    const row = (name: string) => dialog.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) });
    await row('Peso').getByRole('radio', { name: '31' }).check();
    await row('Nota fixa').getByRole('radio', { name: 'Prefere tardes' }).check();
    await dialog.getByRole('button', { name: 'Unir' }).click();
    await page.getByText(/reúne agora os dois cadastros/).waitFor();
    await page.getByText('Alérgica a frango').first().waitFor();
    await page.getByText(`bia-${key}@example.com`).first().waitFor();
    const now = ok(await org.owner.client.get(org.path(`/customers/${kept}`)), 200);
    expect([now.str('name'), now.get('fields'), now.str('pinnedNote')]).toEqual([`Beatriz Carvalho ${key}`, { peso: 31 }, 'Prefere tardes']);
    // The old address leads to the new one.
    await page.goto(`${s.url}/customers/${gone}`);
    await page.getByText(/unido a outro|Beatriz Carvalho/).first().waitFor();
    await expect.poll(() => items(org.owner.client, org.path('/customers'), { search: key }).then((list) => list.length), { timeout: patience }).toBe(1);
  });
});

test('one person’s data is downloaded, then erased for good', async () => {
  const org = await signUp(s.url);
  const name = `Caio Nunes ${unique()}`;
  const mail = `caio-${unique()}@example.com`;
  const id = await create(org, { name, contacts: [{ kind: 'email', identifier: mail }], document: '529.982.247-25' });
  const { page } = await s.person(org.owner.client, `/customers/${id}`);
  await page.getByRole('heading', { name }).waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), menu(page, 'Baixar todos os dados')]);
  const data = readFileSync(await download.path(), 'utf8');
  expect([data.includes(name), data.includes(mail)]).toEqual([true, true]);

  await menu(page, 'Apagar todos os dados');
  const ask = page.getByRole('dialog');
  const erase = ask.getByRole('button', { name: 'Apagar todos os dados' });
  expect(await erase.isDisabled()).toBe(true);
  await ask.getByRole('textbox').fill(name);
  await erase.click();
  await page.getByText(`Os dados de ${name} foram apagados.`).waitFor();
  await page.waitForURL(/\/customers(\?.*)?$/);
  s.expectComplaints(/status of 404 .*\/customers\//);
  const left = await org.owner.client.get(org.path(`/customers/${id}`));
  expect(left.text).not.toContain(mail);
  expect(left.text).not.toContain(name);
  expect(await items(org.owner.client, org.path('/customers'), { search: name })).toEqual([]);
});

describe('work on many', () => {
  const marked = (page: Page) => page.getByRole('toolbar');

  test('tags, stage and owner in one go, with a way back; all that a filter finds; delete', async () => {
    const org = await signUp(s.url);
    const tag = ok(await org.owner.client.post(org.path('/tags'), { name: 'Feira', color: '#5a4fd6' }), 201).get('data') as { id: string };
    const made = await Promise.all(Array.from({ length: 105 }, (_, i) => create(org, { name: `Visitante ${String(i).padStart(3, '0')}`, contacts: [{ kind: 'phone', identifier: mobile() }], ...(i === 104 ? { tags: [tag.id] } : {}) })));
    const tagged = () => items(org.owner.client, org.path('/customers'), { tagId: tag.id, limit: '200' }).then((list) => list.length);
    const { page } = await s.person(org.owner.client, '/customers?sort=name');
    await page.getByRole('row').nth(3).waitFor();
    for (const n of ['000', '001']) await page.getByRole('checkbox', { name: new RegExp(`Visitante ${n}`) }).check();
    await marked(page).getByRole('button', { name: 'Adicionar tag' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Feira' }).click();
    await page.getByText('2 clientes atualizados.').waitFor();
    expect(await tagged()).toBe(3);
    await page.getByRole('button', { name: 'Desfazer' }).click();
    await expect.poll(tagged, { timeout: patience }).toBe(1);

    await page.getByRole('columnheader').getByRole('checkbox').check();
    await marked(page).getByRole('button', { name: 'Marcar todos os 105' }).click();
    await marked(page).getByRole('button', { name: 'Adicionar tag' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Feira' }).click();
    await page.getByText('105 clientes atualizados.').waitFor();
    expect(await tagged()).toBe(105);

    const stageName = page.getByRole('dialog').getByRole('button', { name: /Novo contato/ });
    await page.getByRole('checkbox', { name: /Visitante 000/ }).check();
    await marked(page).getByRole('button', { name: 'Etapa' }).click();
    await stageName.click();
    await page.getByText('1 cliente atualizado.').waitFor();
    expect(ok(await org.owner.client.get(org.path(`/customers/${made[0] ?? ''}`))).get('stageId')).not.toBe(null);

    for (const n of ['002', '003']) await page.getByRole('checkbox', { name: new RegExp(`Visitante ${n}`) }).check();
    await marked(page).getByRole('button', { name: 'Excluir' }).click();
    const ask = page.getByRole('dialog', { name: 'Excluir 2 clientes?' });
    await ask.getByRole('textbox').fill('2');
    await ask.getByRole('button', { name: 'Excluir 2 clientes' }).click();
    await page.getByText('2 clientes excluídos.').waitFor();
    expect(await tagged()).toBe(103);
  });

  test('what does not go through is named, and stays marked', async () => {
    const org = await signUp(s.url);
    for (const name of ['Ana Prado', 'Bento Reis', 'Cora Dias']) await create(org, { name, contacts: [{ kind: 'phone', identifier: mobile() }] });
    const tag = ok(await org.owner.client.post(org.path('/tags'), { name: 'Feira', color: '#5a4fd6' }), 201).get('data') as { id: string };
    const { page } = await s.person(org.owner.client, '/customers?sort=name');
    for (const name of ['Ana Prado', 'Bento Reis', 'Cora Dias']) await page.getByRole('checkbox', { name: new RegExp(name) }).check();
    // Somebody deletes one meanwhile, and this screen has not heard of it yet.
    const list = await items(org.owner.client, org.path('/customers'), { search: 'Bento' });
    await page.route('**/customers/bulk', async (route) => {
      ok(await org.owner.client.delete(org.path(`/customers/${String(list[0]?.['id'])}`)));
      await route.continue();
    });
    await marked(page).getByRole('button', { name: 'Adicionar tag' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Feira' }).click();
    await page.getByText(/2 atualizados\. 1 não mudou/).waitFor();
    await page.getByRole('link', { name: 'Bento Reis' }).first().waitFor();
    expect((await items(org.owner.client, org.path('/customers'), { tagId: tag.id })).length).toBe(2);
  });
});

test('what is wanted of every customer is asked when one is made', async () => {
  const org = await signUp(s.url);
  ok(await org.owner.client.post(org.path('/fields'), { name: 'Nome do pet', kind: 'text', slug: 'pet', required: 'always' }), 201);
  const { page } = await s.person(org.owner.client, '/customers?new=1');
  const dialog = page.getByRole('dialog', { name: 'Novo cliente' });
  await dialog.getByRole('button', { name: 'Cadastrar' }).click();
  // The first field that is missing something has the focus and says what; then the next.
  await dialog.getByText('Informe um telefone, e-mail ou perfil.').waitFor();
  const contact = dialog.getByRole('textbox', { name: 'WhatsApp' });
  await expect.poll(() => contact.evaluate((e) => e === document.activeElement), { timeout: patience }).toBe(true);
  await contact.fill(mobile());
  await dialog.getByRole('textbox', { name: 'Nome', exact: true }).fill('Dora Lima');
  await dialog.getByRole('button', { name: 'Cadastrar' }).click();
  const pet = dialog.getByRole('textbox', { name: 'Nome do pet' });
  await expect.poll(() => pet.evaluate((e) => e === document.activeElement), { timeout: patience }).toBe(true);
  await pet.fill('Thor');
  await pet.press('Enter');
  await page.getByRole('heading', { name: 'Dora Lima' }).waitFor();
  await page.getByText('Thor').first().waitFor();
});
