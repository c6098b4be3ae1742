/* From nothing to the first answered message, as the owner of a shop does it: sign up, connect a web chat, put its tag on a
   page, hear a visitor and answer. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { unique } from '../api/lib/people.ts';
import { Inbox } from './lib/inbox.ts';
import { type Screen, patience, stage } from './lib/stage.ts';
import { Widget } from './lib/widget.ts';

const s = stage();

describe('from sign-up to the first answered message', () => {
  let owner: Screen;
  let visitor: Screen;
  let inbox: Inbox;
  let widget: Widget;
  let tag = '';
  const shop = `Doces da Vila ${unique()}`;
  const hello = `Oi, vocês entregam em Perdizes? ${unique()}`;
  const answer = `Entregamos sim, até as 19h. ${unique()}`;

  const field = (page: Page, name: string) => page.getByRole('textbox', { name });

  test('signs up in the browser', async () => {
    owner = await s.window();
    inbox = new Inbox(owner.page);
    await owner.page.goto(`${s.url}/signup`);
    await field(owner.page, 'Nome da organização').fill(shop);
    await field(owner.page, 'Seu nome').fill('Helena Prado');
    await field(owner.page, 'E-mail').fill(`helena-${unique()}@example.com`);
    await owner.page.getByLabel('Senha', { exact: true }).fill('um cavalo azul 42');
    await owner.page.getByRole('button', { name: 'Criar organização' }).click();
    await owner.page.getByRole('heading', { name: 'Conversas' }).waitFor();
    expect(new URL(owner.page.url()).pathname).toBe('/inbox');
    // Nothing has been said yet, and the page says what to expect.
    await owner.page.getByText('Nenhum canal ainda').first().waitFor();
  });

  test('connects a web chat with the guided form', async () => {
    const { page } = owner;
    await page.getByRole('link', { name: 'Configurações' }).click();
    await page.getByRole('link', { name: 'Canais' }).click();
    await page.getByRole('link', { name: 'Chat do site' }).click();
    await field(page, 'Nome').first().fill('Loja virtual');
    await page.getByRole('button', { name: 'Continuar' }).click();
    await page.getByRole('button', { name: 'Conectar' }).click();
    const shown = page.getByText(/<script src=/).or(page.getByRole('textbox', { name: /Código|Tag|script/i })).first();
    await shown.waitFor();
    tag = (await shown.inputValue().catch(() => '')) || (await shown.innerText());
    expect(tag).toContain('data-channel=');
    await page.getByRole('button', { name: 'Concluir' }).click();
    await page.getByText('Loja virtual').first().waitFor();
  });

  test('a visitor on a page of another origin writes, and it is on the screen at once', async () => {
    await owner.page.getByRole('link', { name: 'Conversas' }).first().click();
    await inbox.tab('Todas').click();
    visitor = await s.window();
    widget = new Widget(visitor.page);
    await visitor.page.goto(s.site.page(tag));
    expect(new URL(visitor.page.url()).host).not.toBe(new URL(s.url).host);
    await widget.open();

    const seen = owner.page.evaluate(
      (words) =>
        new Promise<number>((done) => {
          const look = (): boolean => document.body.innerText.includes(words) && (done(Date.now()), true);
          if (!look()) {
            const watch = new MutationObserver(() => look() && watch.disconnect());
            watch.observe(document.body, { subtree: true, childList: true, characterData: true });
          }
        }),
      hello,
    );
    await widget.box.fill(hello);
    const [, at] = await Promise.all([widget.box.press('Enter'), visitor.page.evaluate(() => Date.now())]);
    console.log(`message to the agent's screen: ${(await seen) - at} ms`);
    await widget.message(hello).getByText('Enviada').waitFor();
  });

  test('the agent takes it and answers; the visitor sees it', async () => {
    await inbox.open(hello);
    await inbox.message(hello).waitFor();
    await widget.message(hello).getByText('Vista').waitFor();
    await owner.page.getByRole('button', { name: 'Assumir' }).click();
    await inbox.chat.getByText('Em atendimento').waitFor();

    await widget.panel.getByRole('button', { name: 'Fechar conversa' }).click();
    await inbox.send(answer);
    await inbox.state(answer, 'Entregue').waitFor();
    await expect.poll(() => widget.launcher.getAttribute('aria-label'), { timeout: patience }).toContain('1');
    await widget.open();
    await widget.message(answer).getByText('Helena').first().waitFor();
    await inbox.state(answer, 'Lida').waitFor();
  });

  test('keeps the conversation over a visit: the page is opened again', async () => {
    await visitor.page.reload();
    await widget.open();
    await widget.message(hello).waitFor();
    await widget.message(answer).waitFor();
    expect((await widget.texts()).filter((text) => text === hello || text === answer)).toEqual([hello, answer]);
  });

  test('closes it; the visitor is told, writes again, and it is open again', async () => {
    await inbox.chat.getByRole('button', { name: 'Encerrar', exact: true }).click();
    const dialog = owner.page.getByRole('dialog', { name: 'Encerrar conversa' });
    const reasons = dialog.getByRole('radio');
    if ((await reasons.count()) > 0) await reasons.first().check();
    await dialog.getByRole('button', { name: 'Encerrar', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    await widget.log.getByText('Conversa encerrada').waitFor();
    const again = `Esqueci de perguntar: aceita PIX? ${unique()}`;
    await widget.write(again);
    await inbox.row(again).waitFor();
    await inbox.open(again);
    await inbox.message(again).waitFor();
    await inbox.message(hello).waitFor();
  });
});
