/* Editing flows: by keyboard alone and by touch alone, undo of everything, problems that lead to their card, two people at one
   draft, a server that is away, a tab that is closed at once, and three hundred blocks. */
import type { CDPSession, Locator, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { type Organization, join, signUp, unique } from '../api/lib/people.ts';
import { canvas, card, cards, form, graphOf, insert, lines, makeFlow, newFlow, port, saved } from './lib/flows.ts';
import { look } from './lib/look.ts';
import { desktop, patience, phone, stage } from './lib/stage.ts';

const s = stage();
/* A draft that was changed meanwhile is refused on purpose; the network is cut on purpose. */
s.expectComplaints(/status of 409/, /ERR_INTERNET_DISCONNECTED/);
let org: Organization;

beforeAll(async () => {
  org = await signUp(s.url);
});

const tablet = { viewport: { width: 1024, height: 768 }, hasTouch: true, isMobile: true };
const until = { timeout: patience };

const start = { id: 'start', type: 'start', name: '', x: 300, y: 0, data: { triggers: [] } };
const message = (id: string, text: string, x: number, y: number): object => ({ id, type: 'message', name: '', x, y, data: { text } });
const edge = (from: string, to: string): object => ({ id: `${from}-${to}`, from, port: 'next', to });

test('by keyboard alone: blocks are added, walked, connected, removed and brought back', async () => {
  const { page } = await s.person(org.owner.client, '/flows', desktop);
  await newFlow(page, `Teclado ${unique()}`);
  await canvas(page).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('a');
  await insert(page, 'mensagem');
  await card(page, 'Mensagem').waitFor();
  await canvas(page).focus();
  await page.keyboard.press('a');
  await insert(page, 'fim');
  await expect.poll(() => cards(page), until).toBe(3);
  await canvas(page).focus();
  await page.keyboard.press('Delete');
  await expect.poll(() => cards(page), until).toBe(2);
  await page.keyboard.press('Control+z');
  await expect.poll(() => cards(page), until).toBe(3);
  await page.keyboard.press('Control+Shift+z');
  await expect.poll(() => cards(page), until).toBe(2);
  /* Enter goes into the form, Esc out of it. */
  await canvas(page).focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Oi do teclado');
  await card(page, 'Oi do teclado').waitFor();
  /* Chosen together, grouped, copied. */
  await canvas(page).focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+g');
  await page.locator('section.group').waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+d');
  await expect.poll(() => cards(page), until).toBe(3);
  /* The port leads elsewhere by the dialog of C. */
  await page.keyboard.press('Escape');
  await canvas(page).focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog', { name: 'Ligar a saída' });
  await dialog.getByRole('combobox').first().selectOption({ label: 'Nada (o fluxo acaba aqui)' });
  await page.keyboard.press('Escape');
  await expect.poll(() => lines(page), until).toBe(0);
});

/* Fingers, as the browser gets them from a screen. */
class Touch {
  constructor(
    private readonly page: Page,
    private readonly session: CDPSession,
  ) {}

  static async on(page: Page): Promise<Touch> {
    return new Touch(page, await page.context().newCDPSession(page));
  }

  private send(type: 'touchStart' | 'touchMove' | 'touchEnd', points: { x: number; y: number }[]): Promise<unknown> {
    return this.session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map((p, id) => ({ ...p, id })) });
  }

  async swipe(from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
    const steps = 12;
    await this.send('touchStart', [from]);
    for (let i = 1; i <= steps; i++) {
      await this.send('touchMove', [{ x: from.x + ((to.x - from.x) * i) / steps, y: from.y + ((to.y - from.y) * i) / steps }]);
      await this.page.evaluate(() => new Promise(requestAnimationFrame));
    }
    await this.send('touchEnd', []);
  }

  async pinch(at: { x: number; y: number }, from: number, to: number): Promise<void> {
    const two = (d: number): { x: number; y: number }[] => [{ x: at.x - d, y: at.y }, { x: at.x + d, y: at.y }];
    await this.send('touchStart', two(from));
    for (let i = 1; i <= 8; i++) {
      await this.send('touchMove', two(from + ((to - from) * i) / 8));
      await this.page.evaluate(() => new Promise(requestAnimationFrame));
    }
    await this.send('touchEnd', []);
  }
}

async function middle(of: Locator): Promise<{ x: number; y: number }> {
  const box = await of.boundingBox();
  if (!box) throw new Error('not in sight');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

test('by touch alone: a tap opens, the plus adds, a finger moves and connects, two fingers zoom', async () => {
  const { id, draft } = await makeFlow(org, `Toque ${unique()}`);
  const { page } = await s.person(org.owner.client, `/flows/${id}`, tablet);
  const touch = await Touch.on(page);
  await card(page, 'Início').locator('header').tap();
  await form(page).getByRole('button', { name: 'Gatilho' }).tap();
  await page.getByRole('menuitem', { name: 'Primeiro contato' }).tap();
  await port(page, 'Primeiro contato').tap();
  await page.getByRole('option', { name: 'Menu' }).tap();
  await expect.poll(() => lines(page), until).toBe(1);
  await page.getByRole('button', { name: 'Adicionar Transferir' }).tap();
  await expect.poll(() => lines(page), until).toBe(2);
  const transfer = card(page, 'Transferir');
  const before = await middle(transfer.locator('header'));
  await touch.swipe(before, { x: before.x + 40, y: before.y + 100 });
  await expect.poll(async () => (await middle(transfer.locator('header'))).y, until).toBeGreaterThan(before.y + 50);
  /* From the last port of the menu to the card that was moved. */
  await touch.swipe(await middle(card(page, 'Menu').locator('.port-dot').last()), await middle(transfer));
  await expect.poll(() => lines(page), until).toBe(3);
  const level = page.getByRole('button', { name: /%, Tamanho real/ });
  const zoom = await level.innerText();
  await touch.pinch({ x: 420, y: 600 }, 40, 90);
  await expect.poll(() => level.innerText(), until).not.toBe(zoom);
  await page.getByRole('button', { name: /^Desfazer/ }).tap();
  await expect.poll(() => lines(page), until).toBe(2);
  await saved(page);
  expect(JSON.stringify(await draft())).toContain('"firstContact"');
  expect(await look(page, 'the editor on a tablet')).toEqual([]);
});

test('on a phone: the drawing is looked at, a field is changed in its sheet', async () => {
  const { id } = await makeFlow(org, `Telefone ${unique()}`);
  const { page } = await s.person(org.owner.client, `/flows/${id}`, phone);
  await card(page, 'Início').locator('header').tap();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('button', { name: 'Gatilho' }).tap();
  await page.getByRole('menuitem', { name: 'Primeiro contato' }).tap();
  await page.getByRole('dialog').getByRole('button', { name: 'Fechar', exact: true }).first().tap();
  await card(page, 'Primeiro contato').waitFor();
  expect(await look(page, 'a flow on a phone')).toEqual([]);
});

test('everything is undone and done again: cards, lines, places, fields, groups, remarks, triggers, variables, settings', async () => {
  const graph = graphOf([start, message('a', 'Primeira', 300, 120), message('b', 'Segunda', 560, 120)], [edge('start', 'a')]);
  const { id, draft } = await makeFlow(org, `Tudo ${unique()}`, graph);
  const original = await draft();
  const { page } = await s.person(org.owner.client, `/flows/${id}`, desktop);
  await card(page, 'Primeira').waitFor();
  const menu = async (item: string): Promise<void> => {
    await page.getByRole('button', { name: /^Rascunho, versão/ }).click();
    await page.getByRole('menuitem', { name: item }).or(page.getByRole('menuitemcheckbox', { name: item })).click();
  };
  /* A card, a line, a place. */
  await card(page, 'Segunda').locator('header').click();
  await port(page, 'Segunda').click();
  await insert(page, 'nota');
  await form(page).getByLabel('Nota', { exact: true }).fill('Ligar amanhã');
  await canvas(page).focus();
  await page.keyboard.press('Alt+ArrowRight');
  /* Its name, and a card that goes. */
  await form(page).getByLabel('Nome do bloco').fill('Lembrete');
  await card(page, 'Primeira').locator('header').click();
  await canvas(page).focus();
  await page.keyboard.press('Delete');
  /* A trigger. */
  await card(page, 'Início').locator('header').click();
  await form(page).getByRole('button', { name: 'Gatilho' }).click();
  await page.getByRole('menuitem', { name: 'Primeira mensagem' }).click();
  /* All in line, in order, in a group. */
  await canvas(page).focus();
  await page.keyboard.press('Control+a');
  await form(page).getByRole('button', { name: 'Alinhar em cima' }).click();
  await canvas(page).focus();
  await page.keyboard.press('Shift+O');
  await page.keyboard.press('Control+g');
  await form(page).getByLabel('Nome do grupo').fill('Retorno');
  await menu('Comentário');
  await page.getByRole('textbox', { name: 'Escreva um comentário' }).fill('Combinar com a Paula');
  await menu('Ajustes e variáveis');
  await form(page).getByRole('spinbutton', { name: /Juntar mensagens/ }).fill('3');
  await form(page).getByRole('button', { name: 'Variável' }).click();
  await form(page).getByRole('textbox', { name: 'Nome da variável' }).fill('assunto');
  await saved(page);
  const changed = await draft();
  expect(JSON.stringify(changed)).toMatch(/Retorno/);
  expect(changed).toMatchObject({ comments: [{ text: 'Combinar com a Paula' }], groups: [{ name: 'Retorno' }], variables: [{ name: 'assunto' }], settings: { debounceMs: 3000 } });

  const back = page.getByRole('button', { name: /^Desfazer/ });
  const forth = page.getByRole('button', { name: /^Refazer/ });
  let steps = 0;
  for (; await back.isEnabled(); steps++) await back.click();
  await expect.poll(draft, until).toEqual(original);
  let again = 0;
  for (; await forth.isEnabled(); again++) await forth.click();
  expect(again).toBe(steps);
  await expect.poll(draft, until).toEqual(changed);
});

test('problems are listed, and each leads to its card and its field', async () => {
  const far = { id: 'mail', type: 'email', name: 'Aviso', x: 2400, y: 1800, data: { to: '{{customer.email}}', subject: '', text: 'Oi' } };
  const { id } = await makeFlow(org, `Pendências ${unique()}`, graphOf([start, message('a', 'Primeira', 300, 120), far], [edge('start', 'a'), edge('a', 'mail')]));
  const { page } = await s.person(org.owner.client, `/flows/${id}`, desktop);
  await card(page, 'Primeira').locator('header').click();
  await page.getByRole('button', { name: /pendência/ }).first().click();
  await form(page).getByRole('button', { name: /Assunto/ }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-card')), until).toBe('mail');
  await expect.poll(() => card(page, 'Aviso').locator('header').isVisible(), until).toBe(true);
  /* The card carries the mark; its form says it beside the field, until it is mended. */
  await card(page, 'Aviso').getByRole('img', { name: /pendência/ }).waitFor();
  await card(page, 'Aviso').locator('header').click();
  await form(page).getByRole('alert').filter({ hasText: 'Assunto' }).waitFor();
  await form(page).getByLabel('Assunto').fill('Seu banho');
  await form(page).getByRole('alert').filter({ hasText: 'Assunto' }).waitFor({ state: 'detached' });
});

test('two people at one draft see each other; who is late is told, and nothing of either is lost', async () => {
  const other = await join(org, 'admin');
  const { id } = await makeFlow(org, `Dois ${unique()}`);
  const first = await s.person(org.owner.client, `/flows/${id}`, desktop);
  await card(first.page, 'Início').waitFor();
  const second = await s.person(other.client, `/flows/${id}`, desktop);
  await card(second.page, 'Início').waitFor();
  await first.page.getByText(`${other.name} também está aqui`).waitFor();
  await second.page.getByText(`${org.owner.name} também está aqui`).waitFor();
  /* What one adds, the other has without asking. */
  await first.page.getByRole('button', { name: 'Adicionar Mensagem' }).click();
  await card(second.page, 'Mensagem').waitFor();
  /* Without a line the second does not hear of the next: it is told when it saves. */
  await second.context.setOffline(true);
  const put = first.page.waitForResponse((r) => r.url().endsWith('/draft') && r.request().method() === 'PUT');
  await first.page.getByRole('button', { name: 'Adicionar Nota' }).click();
  expect((await put).status()).toBe(200);
  await second.page.getByRole('button', { name: 'Adicionar Fim' }).click();
  await second.page.getByText('Sem conexão').waitFor();
  await second.context.setOffline(false);
  await second.page.getByText(`${org.owner.name} mudou este fluxo em outra janela`).waitFor();
  expect(await look(second.page, 'a conflict in the editor')).toEqual([]);
  await second.page.getByRole('button', { name: 'Usar a versão de lá' }).click();
  await card(second.page, 'Nota').waitFor();
  await second.page.keyboard.press('Control+z');
  await card(second.page, 'Fim').waitFor();
  await second.context.close();
  await first.page.getByText(`${other.name} também está aqui`).waitFor({ state: 'detached' });
});

test('a server that is away, and a tab that is closed at once: what was changed is there again', async () => {
  const { id, draft } = await makeFlow(org, `Ausente ${unique()}`, graphOf([start, message('a', 'Primeira', 300, 120)], [edge('start', 'a')]));
  const { page, context } = await s.person(org.owner.client, `/flows/${id}`, desktop);
  await card(page, 'Primeira').locator('header').click();
  await context.setOffline(true);
  await form(page).getByLabel('Mensagem', { exact: true }).fill('Sem rede');
  await page.getByText('Sem conexão').waitFor();
  await form(page).getByLabel('Mensagem', { exact: true }).fill('Sem rede, e mais');
  await context.setOffline(false);
  await saved(page);
  expect(JSON.stringify(await draft())).toContain('Sem rede, e mais');
  /* Nothing of this can reach the server before the page is gone. */
  await context.setOffline(true);
  await form(page).getByLabel('Mensagem', { exact: true }).fill('No último instante');
  await page.close();
  expect(JSON.stringify(await draft())).not.toContain('No último instante');
  await context.setOffline(false);
  const again = await context.newPage();
  await again.goto(`${s.url}/flows/${id}`);
  await card(again, 'No último instante').waitFor();
  await expect.poll(async () => JSON.stringify(await draft()), until).toContain('No último instante');
  await again.keyboard.press('Control+z');
  await card(again, 'Sem rede, e mais').waitFor();
});

test('300 blocks: what is done to one is drawn for one', async () => {
  const nodes = Array.from({ length: 299 }, (_, i) => ({
    id: `n${i}`,
    type: 'message',
    name: `Bloco ${i}`,
    x: (i % 20) * 230,
    y: Math.floor(i / 20) * 150,
    data: { text: `Texto ${i} para {{customer.firstName}}` },
  }));
  const first = { ...start, x: 0, y: -120 };
  const edges = nodes.map((n, i) => ({ id: `e${i}`, from: i === 0 ? 'start' : `n${i - 1}`, port: 'next', to: n.id }));
  const { id, draft } = await makeFlow(org, `Grande ${unique()}`, graphOf([first, ...nodes], edges));
  const { page } = await s.person(org.owner.client, `/flows/${id}`, desktop);
  await expect.poll(() => cards(page), until).toBe(300);
  const handle = await page.evaluateHandle(() => {
    const r = document.querySelector('section.canvas')?.getBoundingClientRect();
    return [...document.querySelectorAll('.flow-card header')].find((el) => {
      const b = el.getBoundingClientRect();
      return r && b.left > r.left + 80 && b.right < r.right - 400 && b.top > r.top + 80 && b.bottom < r.bottom - 200;
    });
  });
  const header = handle.asElement();
  if (!header) throw new Error('no block in sight');
  await header.click();
  await form(page).waitFor();
  await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
  /* Which cards and lines the page touches from now on. */
  await page.evaluate(() => {
    const seen = { cards: new Set<string>(), lines: new Set<string>() };
    (window as unknown as { seen: typeof seen }).seen = seen;
    new MutationObserver((list) => {
      for (const { target } of list) {
        const el = target instanceof Element ? target : target.parentElement;
        const node = el?.closest('.svelte-flow__node')?.getAttribute('data-id');
        const line = el?.closest('.svelte-flow__edge')?.getAttribute('data-id');
        if (node) seen.cards.add(node);
        if (line) seen.lines.add(line);
      }
    }).observe(document.querySelector('.svelte-flow__viewport') ?? document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  });
  const touched = (): Promise<{ cards: number; lines: number }> =>
    page.evaluate(() => {
      const { seen } = window as unknown as { seen: { cards: Set<string>; lines: Set<string> } };
      const n = { cards: seen.cards.size, lines: seen.lines.size };
      seen.cards.clear();
      seen.lines.clear();
      return n;
    });
  await form(page).getByLabel('Mensagem', { exact: true }).fill('Outro texto');
  await card(page, 'Outro texto').waitFor();
  await saved(page);
  expect(await touched()).toEqual({ cards: 1, lines: 0 });
  const at = await middle(card(page, 'Outro texto').locator('header'));
  await page.mouse.move(at.x, at.y);
  await page.mouse.down();
  for (let i = 1; i <= 30; i++) await page.mouse.move(at.x + i * 3, at.y + i * 2);
  await page.mouse.up();
  await saved(page);
  const dragged = await touched();
  expect(dragged.cards).toBe(1);
  expect(dragged.lines).toBeLessThanOrEqual(2);
  const moved = await draft();
  await page.keyboard.press('Control+z');
  await expect.poll(draft, until).not.toEqual(moved);
  expect((await touched()).cards).toBe(1);
});
