/* Flows as the owner of a shop makes them: a menu built by mouse from nothing, tried in the test panel, published, answered by a
   customer of the web chat, handed to a person, its trace read. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Organization, signUp, unique } from '../api/lib/people.ts';
import { card, form, insert, newFlow, port, saved } from './lib/flows.ts';
import { look } from './lib/look.ts';
import { desktop, makeWebchat, patience, stage } from './lib/stage.ts';
import { Widget } from './lib/widget.ts';

const s = stage();
let org: Organization;
let key: string;

beforeAll(async () => {
  org = await signUp(s.url);
  ({ key } = await makeWebchat(org, {}, 'Site'));
});

describe('a menu from nothing', () => {
  const name = `Boas-vindas ${unique()}`;

  test('is built by mouse, tried, published, answered on a page, and its trace can be read', async () => {
    const { page } = await s.person(org.owner.client, '/flows', desktop);
    await newFlow(page, name);
    /* The trigger: any first message. */
    await card(page, 'Início').locator('header').click();
    await form(page).getByRole('button', { name: 'Gatilho' }).click();
    await page.getByRole('menuitem', { name: 'Primeira mensagem' }).click();
    /* A menu after the start, by the plus on its port. */
    await port(page, 'Primeira mensagem').click();
    await insert(page, 'menu');
    await form(page).getByLabel('Mensagem', { exact: true }).fill('Oi! Como posso ajudar?');
    await form(page).getByRole('textbox', { name: 'Opção 1' }).fill('Banho');
    await form(page).getByRole('button', { name: 'Opção', exact: true }).click();
    await form(page).getByRole('textbox', { name: 'Opção 2' }).fill('Loja');
    /* Each option leads on, by its plus. */
    await port(page, 'Como posso ajudar').click();
    await insert(page, 'mensagem');
    await form(page).getByLabel('Mensagem', { exact: true }).fill('Banho custa 60.');
    await port(page, 'Como posso ajudar', 1).click();
    await insert(page, 'transferir');
    /* And a line drawn from the third port to a card that is there. */
    await page.keyboard.press('Escape');
    const from = await port(page, 'Como posso ajudar', 2).boundingBox();
    const to = await card(page, 'Transferir').boundingBox();
    if (!from || !to) throw new Error('nothing to draw between');
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 8 });
    await page.mouse.up();
    await expect.poll(() => page.locator('.svelte-flow__edge').count(), { timeout: patience }).toBe(4);
    await saved(page);
    expect(await look(page, 'the editor')).toEqual([]);

    /* The draft answers in the test panel, on the real engine. */
    await page.getByRole('button', { name: 'Testar' }).click();
    const panel = page.getByRole('complementary', { name: 'Teste do rascunho' });
    await panel.getByRole('textbox', { name: 'Primeira mensagem' }).fill('oi');
    await page.keyboard.press('Enter');
    await panel.getByText('Como posso ajudar?').first().waitFor();
    await panel.getByRole('textbox', { name: 'Escreva como cliente' }).fill('Banho');
    await page.keyboard.press('Enter');
    await panel.getByText('Banho custa 60.').first().waitFor();
    await panel.getByText('O fluxo terminou.').waitFor();
    await page.getByRole('button', { name: 'Fechar teste' }).click();

    await page.getByRole('button', { name: 'Publicar', exact: true }).click();
    await page.getByLabel('O que mudou').fill('Primeira versão');
    await page.getByRole('button', { name: 'Publicar versão 1' }).click();
    await page.getByText(/no ar/).first().waitFor();
    const turnOn = page.getByRole('button', { name: 'Ligar' });
    if (await turnOn.isVisible()) await turnOn.click();
    await expect.poll(() => page.getByRole('banner').or(page.locator('header.bar')).first().innerText(), { timeout: patience }).toMatch(/versão 1 está no ar/);

    const visitor = await s.visitor(key);
    const widget = new Widget(visitor.page);
    await widget.open();
    await widget.write('Bom dia');
    await widget.message('Como posso ajudar?').waitFor();
    /* The inbox says who answers, and where the flow stands. */
    const agent = await s.person(org.owner.client, '/inbox', desktop);
    await agent.page.getByRole('option').first().click();
    await agent.page.getByText(`O fluxo ${name} está atendendo.`).waitFor();
    await widget.write('Loja');
    await agent.page.getByText(`O fluxo ${name} está atendendo.`).waitFor({ state: 'detached' });
    await agent.context.close();

    /* Handed to the team: seen among the runs, with each step. */
    await page.getByRole('button', { name: /^Rascunho, versão/ }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Execuções' }).click();
    const run = form(page).getByRole('listitem').first();
    await run.waitFor();
    await expect.poll(() => run.innerText(), { timeout: patience }).toMatch(/Terminada/);
    await run.getByRole('button').click();
    await form(page).getByText('Loja').first().waitFor();
    expect(await form(page).locator('.trace li').count()).toBeGreaterThanOrEqual(3);
    expect(await page.locator('.flow-card.is-ran').count()).toBeGreaterThanOrEqual(3);
    await visitor.context.close();
  });

  test('shows in the list as live, and is looked at without objections', async () => {
    const { page } = await s.person(org.owner.client, '/flows', desktop);
    await page.getByRole('link', { name }).waitFor();
    expect(await look(page, 'the list of flows')).toEqual([]);
    await page.getByRole('switch', { name: `Ligar ${name}` }).click();
    await page.getByText('está desligado').first().waitFor();
  });
});
