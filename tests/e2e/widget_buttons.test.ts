/* Buttons of the web chat between two people: an agent offers something by the composer, a visitor on a page of somebody else presses
   it, the agent sees what was chosen, and everybody still sees it after a reload. */
import type { BrowserContextOptions } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { type Organization, items, signUp, unique } from '../api/lib/people.ts';
import { until } from '../api/lib/server.ts';
import { Inbox } from './lib/inbox.ts';
import { look } from './lib/look.ts';
import { type Screen, desktop, makeWebchat, narrow, phone, stage } from './lib/stage.ts';
import { Widget } from './lib/widget.ts';

const s = stage();
const patience = 60_000;
let org: Organization;

beforeAll(async () => {
  org = await signUp(s.url);
});

interface Talk {
  visitor: Screen;
  widget: Widget;
  agent: Screen;
  inbox: Inbox;
  chatId: string;
  say(content: string, data?: Record<string, unknown>): Promise<void>;
}

/** A visitor who has written, and an agent with that chat open. */
async function talk(options: BrowserContextOptions, language = 'pt'): Promise<Talk> {
  const { key } = await makeWebchat(org, {}, `Loja ${unique()}`);
  const visitor = await s.visitor(key, options, `data-language="${language}"`);
  visitor.page.setDefaultTimeout(patience);
  const widget = new Widget(visitor.page);
  await visitor.page.getByRole('button', { name: /^(Abrir|Open) (conversa|conversación|chat)/ }).click();
  await widget.panel.waitFor();
  const first = `Oi ${unique()}`;
  await widget.panel.getByRole('textbox').fill(first);
  await widget.panel.getByRole('textbox').press('Enter');
  await widget.message(first).waitFor();
  const chatId = await until('the chat', async () => {
    const list = await items(org.owner.client, org.path('/chats'));
    const mine = list.find((one) => JSON.stringify(one['lastMessage']).includes(first));
    return mine ? String(mine['id']) : undefined;
  }, patience);
  const agent = await s.person(org.owner.client, `/inbox/${chatId}`);
  agent.page.setDefaultTimeout(patience);
  const inbox = new Inbox(agent.page);
  await inbox.message(first).waitFor();
  const say = async (content: string, data?: Record<string, unknown>): Promise<void> => {
    ok(await org.owner.client.post(org.path(`/chats/${chatId}/messages`), { content, clientId: `t-${unique()}`, ...(data ? { data } : {}) }), 201);
    await widget.message(content).waitFor();
  };
  return { visitor, widget, agent, inbox, chatId, say };
}
const over = async (t: Talk): Promise<void> => {
  await t.visitor.context.close();
  await t.agent.context.close();
};

const group = (t: Talk, text: string) => t.widget.message(text).getByRole('group');

describe('an agent offers, a visitor chooses', () => {
  for (const [where, options] of [
    ['a page', desktop],
    ['a phone', phone],
  ] as const)
    test(`buttons on ${where}`, async () => {
      const t = await talk({ ...options });
      const wrong: string[] = [];
      const dialog = t.agent.page.getByRole('dialog');
      const make = async (what: string): Promise<void> => {
        await t.inbox.chat.getByRole('button', { name: 'Mais para enviar' }).click();
        await t.agent.page.getByRole('menuitem', { name: what, exact: true }).click();
      };
      await make('Botões');
      await dialog.getByLabel('Texto', { exact: true }).fill('Você confirma o horário?');
      await dialog.getByLabel('Botão 1', { exact: true }).fill('Sim, pode confirmar para mim, por favor!!!');
      await dialog.getByText('Passa do que o canal aceita.').waitFor();
      await dialog.getByLabel('Botão 1', { exact: true }).fill('Sim, confirmo');
      await dialog.getByLabel('Botão 2', { exact: true }).fill('Quero outro horário');
      await dialog.getByRole('button', { name: 'Adicionar botão' }).click();
      await dialog.getByLabel('Botão 3', { exact: true }).fill('Um título muito comprido, que quebra a linha.');
      await dialog.getByRole('button', { name: 'Enviar' }).click();
      await dialog.getByText('Passa do que o canal aceita.').waitFor();
      await dialog.getByLabel('Botão 3', { exact: true }).fill('Um título comprido, que quebra a linha.');
      await dialog.getByRole('button', { name: 'Enviar' }).click();
      await dialog.waitFor({ state: 'hidden' });

      const offer = group(t, 'Você confirma o horário?');
      await offer.waitFor();
      const buttons = offer.getByRole('button');
      expect(await buttons.count()).toBe(3);
      for (const one of await buttons.all()) {
        const box = await one.boundingBox();
        expect(box?.height ?? 0).toBeGreaterThanOrEqual(44);
        const panel = await t.widget.panel.boundingBox();
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual((panel?.x ?? 0) + (panel?.width ?? 0));
      }
      wrong.push(...(await look(t.visitor.page, `buttons, ${where}`)));
      wrong.push(...(await look(t.agent.page, `offered, ${where}`)));

      // By the keyboard: the focus stays on what was chosen.
      await buttons.nth(1).focus();
      await t.visitor.page.keyboard.press('Enter');
      const chosen = offer.getByRole('button', { name: 'Quero outro horário (escolhida)' });
      await chosen.waitFor();
      expect(await chosen.evaluate((e) => (e.getRootNode() as ShadowRoot).activeElement === e)).toBe(true);
      expect(await offer.getByRole('button', { name: 'Sim, confirmo' }).isDisabled()).toBe(true);
      await t.visitor.page.keyboard.press('Enter');
      const answer = t.inbox.messages.locator('[data-message]').filter({ hasText: 'Escolheu' });
      await answer.getByText('Quero outro horário').waitFor();
      await answer.getByRole('button', { name: /Você confirma o horário\?/ }).waitFor();
      const asked = t.inbox.messages.locator('[data-message]').filter({ hasText: 'Um título comprido' });
      await asked.getByRole('img', { name: 'Escolhido pelo cliente' }).waitFor();
      expect(await asked.getByRole('img', { name: 'Escolhido pelo cliente' }).count()).toBe(1);
      wrong.push(...(await look(t.visitor.page, `chosen, ${where}`)));
      wrong.push(...(await look(t.agent.page, `answered, ${where}`)));

      // It is part of the conversation: after a reload, and in another tab.
      await t.visitor.page.reload();
      await t.widget.open();
      await chosen.waitFor();
      expect(await offer.getByRole('button', { name: 'Sim, confirmo' }).isDisabled()).toBe(true);
      const tab = await t.visitor.context.newPage();
      tab.setDefaultTimeout(patience);
      await tab.goto(t.visitor.page.url());
      const second = new Widget(tab);
      await second.open();
      await second.message('Você confirma o horário?').getByRole('button', { name: 'Quero outro horário (escolhida)' }).waitFor();
      await t.agent.page.reload();
      await asked.getByRole('img', { name: 'Escolhido pelo cliente' }).waitFor();
      expect(await answer.count()).toBe(1);
      expect(wrong).toEqual([]);
      await over(t);
    });

  test('two tabs press different buttons: one answer, the same in both', async () => {
    const t = await talk({ ...desktop });
    await t.say('Qual cor?', { buttons: [{ id: 'a', title: 'Azul' }, { id: 'v', title: 'Verde' }] });
    const tab = await t.visitor.context.newPage();
    tab.setDefaultTimeout(patience);
    await tab.goto(t.visitor.page.url());
    const second = new Widget(tab);
    await second.open();
    const there = second.message('Qual cor?').getByRole('group');
    await there.waitFor();
    // Without Playwright's wait for a button that can be pressed: whoever is later may find that it no longer can.
    const click = (e: HTMLElement): void => e.click();
    await Promise.all([
      group(t, 'Qual cor?').getByRole('button', { name: 'Azul' }).evaluate(click),
      there.getByRole('button', { name: 'Verde' }).evaluate(click),
    ]);
    const answers = t.inbox.messages.locator('[data-message]').filter({ hasText: 'Escolheu' });
    await answers.first().waitFor();
    const title = await answers.first().locator('.words').innerText();
    for (const one of [group(t, 'Qual cor?'), there]) await one.getByRole('button', { name: `${title} (escolhida)` }).waitFor();
    expect(await answers.count()).toBe(1);
    await over(t);
  });

  for (const [language, words] of [
    ['pt', { choose: 'Escolha uma opção', chosen: 'escolhida', tab: 'abre em outra aba' }],
    ['es', { choose: 'Elija una opción', chosen: 'elegida', tab: 'se abre en otra pestaña' }],
    ['en', { choose: 'Choose an option', chosen: 'chosen', tab: 'opens in a new tab' }],
  ] as const)
    test(`a list opens and a link leads elsewhere, on a small phone, in ${language}`, async () => {
      const t = await talk({ ...narrow }, language);
      await t.say('Catálogo', { link: { title: 'Abrir o catálogo', url: s.site.page('') } });
      const link = group(t, 'Catálogo').getByRole('link', { name: `Abrir o catálogo (${words.tab})` });
      expect(await link.getAttribute('rel')).toContain('noopener');
      const [opened] = await Promise.all([t.visitor.context.waitForEvent('page', { timeout: patience }), link.click()]);
      expect(await opened.evaluate(() => window.opener === null)).toBe(true);
      await opened.close();

      const rows = [
        { id: 'a', title: 'Banho e tosa', description: 'Das 9h às 18h, com hora marcada, e o transporte de graça no bairro.' },
        { id: 'b', title: 'قص الشعر', description: 'العربية 123 (x)' },
      ];
      const others = [{ id: 'c', title: 'Falar com alguém' }];
      await t.say('O que deseja?', { list: { button: 'Ver serviços', sections: [{ title: 'Serviços', rows }, { title: 'Outros', rows: others }] } });
      const offer = group(t, 'O que deseja?').and(t.widget.log.getByRole('group', { name: words.choose }));
      await offer.getByText('Ver serviços').click();
      await offer.getByRole('button', { name: 'Banho e tosa' }).waitFor();
      expect(await look(t.visitor.page, `list, ${language}`)).toEqual([]);
      await offer.getByRole('button', { name: 'Banho e tosa' }).click();
      const asked = t.inbox.messages.locator('[data-message]').filter({ hasText: 'Ver serviços' });
      await asked.getByRole('img', { name: 'Escolhido pelo cliente' }).first().waitFor();
      await t.inbox.messages.locator('[data-message]').filter({ hasText: 'Escolheu' }).getByText('Das 9h às 18h').waitFor();
      await t.widget.log.locator('.m.visitor').filter({ hasText: 'Banho e tosa' }).waitFor();
      await offer.getByText('Ver serviços').click();
      await offer.getByRole('button', { name: new RegExp(`^Banho e tosa.*\\(${words.chosen}\\)$`, 's') }).waitFor();
      expect(await offer.getByRole('button', { name: 'Falar com alguém' }).isDisabled()).toBe(true);
      expect(await look(t.visitor.page, `list chosen, ${language}`)).toEqual([]);
      await over(t);
    });
});
