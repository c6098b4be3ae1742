/* On a phone: list, chat and back; everything within the width of a hand; the web chat fills the screen. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Organization, signUp, unique } from '../api/lib/people.ts';
import { Inbox } from './lib/inbox.ts';
import { tooWide } from './lib/look.ts';
import { type Screen, makeWebchat, narrow, phone, stage } from './lib/stage.ts';
import { Talker } from './lib/talk.ts';
import { Widget } from './lib/widget.ts';

const s = stage();
const long = 'https://loja.example/um-endereco-muito-comprido-que-nao-cabe-em-lugar-nenhum-de-um-telefone?e=continua&e=continua&e=continua';

for (const [width, options] of [
  [390, phone],
  [360, narrow],
] as const) {
  describe(`${width} pixels wide`, () => {
    let org: Organization;
    let key = '';
    let agent: Screen;
    let inbox: Inbox;
    const who = `Zuleica Albuquerque de Vasconcelos Nascimento ${unique()}`;

    beforeAll(async () => {
      org = await signUp(s.url, 'Confeitaria e Doceria Artesanal da Vila Madalena');
      key = (await makeWebchat(org, { welcome: { pt: 'Oi! Como podemos ajudar?' } })).key;
      const talker = new Talker(org, key, who);
      await talker.write(`Vi este aqui: ${long}`);
      await talker.write('Vocês fazem para sábado?');
      agent = await s.person(org.owner.client, '/inbox', options);
      inbox = new Inbox(agent.page);
      await inbox.tab('Todas').click();
      await inbox.row(who).waitFor();
    });

    /** Fingers need 44 px (24 at the very least where they stand alone: WCAG 2.2, 2.5.8). */
    const small = (page: Page): Promise<string[]> =>
      page.evaluate(() =>
        [...document.querySelectorAll('button, a[href], input, textarea, select, [role=option], [role=tab]')]
          .map((e) => ({ e, box: e.getBoundingClientRect() }))
          .filter(({ e, box }) => box.width > 0 && box.height > 0 && e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !e.closest('.sr') && (box.width < 24 || box.height < 24) && getComputedStyle(e).display !== 'inline')
          .map(({ e, box }) => `${e.tagName} "${(e.getAttribute('aria-label') ?? e.textContent ?? '').trim().slice(0, 30)}" ${Math.round(box.width)}×${Math.round(box.height)}`)
          .filter((text) => !/ 1×1$/.test(text)),
      );

    test('the list, a chat, and back', async () => {
      const { page } = agent;
      expect(await tooWide(page)).toEqual([]);
      expect(await small(page)).toEqual([]);
      await page.getByRole('navigation', { name: 'Principal' }).waitFor();
      await inbox.row(who).tap();
      await inbox.message('Vocês fazem para sábado?').waitFor();
      await inbox.row(who).waitFor({ state: 'hidden' });
      expect(await tooWide(page)).toEqual([]);
      expect(await small(page)).toEqual([]);
      await page.getByRole('link', { name: 'Voltar à lista' }).tap();
      await inbox.row(who).waitFor();
      await page.goBack();
      await inbox.message('Vocês fazem para sábado?').waitFor();
    });

    test('answers: Enter makes a line, the button sends, the words stay in sight', async () => {
      const { page } = agent;
      await page.getByRole('button', { name: 'Assumir' }).tap();
      await inbox.composer.fill('Fazemos!');
      await inbox.composer.press('Enter');
      await page.keyboard.type('Até quantas pessoas?');
      expect(await inbox.composer.inputValue()).toBe('Fazemos!\nAté quantas pessoas?');
      await page.getByRole('button', { name: 'Enviar', exact: true }).tap();
      await inbox.message('Até quantas pessoas?').waitFor();
      const box = await inbox.message('Até quantas pessoas?').boundingBox();
      const composer = await inbox.composer.boundingBox();
      expect(box && composer && box.y + box.height <= composer.y).toBe(true);
      expect(composer && composer.y + composer.height <= (options.viewport?.height ?? 0)).toBe(true);
      await inbox.composer.fill(Array.from({ length: 30 }, (_, i) => `linha ${i}`).join('\n'));
      const grown = await inbox.composer.boundingBox();
      expect(grown && grown.height < 260).toBe(true);
      expect(await tooWide(page)).toEqual([]);
      await inbox.composer.fill('');
    });

    test('the customer opens as a sheet', async () => {
      const { page } = agent;
      await page.getByRole('button', { name: new RegExp(who.slice(0, 20)) }).first().tap();
      const sheet = page.getByRole('dialog', { name: 'Cliente' });
      await sheet.getByText('Contato').first().waitFor();
      expect(await tooWide(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await sheet.waitFor({ state: 'hidden' });
    });

    test('the web chat fills the screen and gives it back', async () => {
      const visitor = await s.visitor(key, options);
      const widget = new Widget(visitor.page);
      expect(await tooWide(visitor.page)).toEqual([]);
      await widget.open();
      const corners = async () => Object.values((await widget.panel.boundingBox()) ?? {}).map(Math.round);
      await expect.poll(corners).toEqual([0, 0, width, options.viewport?.height]);
      await widget.write(`Meu pedido: ${long}`);
      await widget.message('Meu pedido').getByText('Enviada').waitFor();
      expect(await tooWide(visitor.page)).toEqual([]);
      const bubble = await widget.message('Meu pedido').boundingBox();
      expect(bubble && bubble.x >= 0 && bubble.x + bubble.width <= width).toBe(true);
      const size = await widget.box.evaluate((e) => parseFloat(getComputedStyle(e).fontSize));
      expect(size, 'below 16 px an iPhone zooms in').toBeGreaterThanOrEqual(16);
      await widget.panel.getByRole('button', { name: 'Fechar conversa' }).tap();
      await widget.panel.waitFor({ state: 'hidden' });
      await widget.launcher.waitFor();
      await visitor.context.close();
    });
  });
}
