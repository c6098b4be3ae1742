/* The inbox without a mouse: j/k, Enter, /, Ctrl+K, r, n, e, a, ?; and the Tab key reaches everything, in sight. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Organization, signUp, unique } from '../api/lib/people.ts';
import { Inbox } from './lib/inbox.ts';
import { type Screen, makeWebchat, patience, stage } from './lib/stage.ts';
import { Talker } from './lib/talk.ts';

const s = stage();

describe('the inbox by keyboard alone', () => {
  let org: Organization;
  let agent: Screen;
  let inbox: Inbox;
  const names = ['Amanda', 'Bento', 'Clara'].map((name) => `${name} ${unique()}`);
  const key = (name: string): Promise<void> => agent.page.keyboard.press(name);
  const active = (): Promise<string> =>
    agent.page.evaluate(() => {
      const id = document.querySelector('[role=listbox][aria-label="Conversas"]')?.getAttribute('aria-activedescendant');
      return (id ? document.getElementById(id)?.innerText : '') ?? '';
    });

  beforeAll(async () => {
    org = await signUp(s.url);
    const { key: channel } = await makeWebchat(org);
    for (const name of names) await new Talker(org, channel, name).write(`Bom dia, aqui é ${name}`);
    agent = await s.person(org.owner.client);
    inbox = new Inbox(agent.page);
    await inbox.tab('Todas').click();
    await inbox.row(names[0] ?? '').waitFor();
    await agent.page.mouse.move(0, 0);
    await agent.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  });

  test('j and k walk, Enter opens', async () => {
    // The newest stands on top.
    await key('j');
    await expect.poll(active).toContain('Clara');
    await key('j');
    await expect.poll(active).toContain('Bento');
    await key('k');
    await expect.poll(active).toContain('Clara');
    await key('j');
    await key('Enter');
    await inbox.message(`aqui é ${names[1] ?? ''}`).waitFor();
  });

  test('a takes the chat, r answers', async () => {
    await key('a');
    await inbox.chat.getByText('Em atendimento').waitFor();
    await key('r');
    await expect.poll(() => inbox.composer.evaluate((e) => e === document.activeElement)).toBe(true);
    await agent.page.keyboard.type('Bom dia! j k e a');
    await key('Enter');
    await inbox.message('Bom dia! j k e a').waitFor();
    await key('Escape');
    await expect.poll(() => inbox.composer.evaluate((e) => e === document.activeElement)).toBe(false);
  });

  test('n writes a note', async () => {
    await key('n');
    await agent.page.keyboard.type('Cliente antigo.');
    await key('Enter');
    await inbox.message('Cliente antigo.').getByText('Nota interna').waitFor();
    await key('Escape');
  });

  test('a again hands it over, and Escape thinks better of it', async () => {
    await key('a');
    const dialog = agent.page.getByRole('dialog', { name: 'Transferir conversa' });
    await dialog.waitFor();
    await key('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });

  test('? shows all keys', async () => {
    await key('?');
    const dialog = agent.page.getByRole('dialog');
    for (const label of ['Próxima conversa', 'Responder', 'Escrever nota', 'Encerrar', 'Assumir ou transferir', 'Buscar ou comandar'])
      await dialog.getByText(label).first().waitFor();
    await key('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });

  test('/ searches people and words', async () => {
    await key('/');
    await agent.page.keyboard.type('Amanda');
    await agent.page.getByRole('option', { name: /Amanda/ }).or(agent.page.getByRole('link', { name: /Amanda/ })).or(agent.page.getByRole('button', { name: /Amanda/ })).first().waitFor();
    await key('Escape');
    await agent.page.getByRole('tab', { name: 'Todas' }).waitFor();
  });

  test('Ctrl+K goes to a person, and to a page', async () => {
    await key('Control+k');
    const bar = agent.page.getByRole('dialog');
    await bar.getByRole('combobox').waitFor();
    await agent.page.keyboard.type('Amanda');
    await bar.getByRole('option', { name: /Amanda/ }).first().waitFor();
    await key('Enter');
    await bar.waitFor({ state: 'hidden' });
    await agent.page.getByText(names[0] ?? '').first().waitFor();
    await key('Control+k');
    await bar.getByRole('combobox').waitFor();
    await agent.page.keyboard.type('Clientes');
    await bar.getByRole('option', { name: /Clientes/ }).first().waitFor();
    await key('Enter');
    await agent.page.getByRole('heading', { name: 'Clientes', level: 1 }).waitFor();
    await key('g');
    await key('i');
    await agent.page.getByRole('heading', { name: 'Conversas', level: 1 }).waitFor();
  });

  test('e closes, with a reason chosen by the arrows', async () => {
    await expect.poll(() => inbox.row(names[1] ?? '').count(), { timeout: patience }).toBe(1);
    await agent.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    for (let i = 0; i < 4 && !(await active()).includes('Bento'); i++) await key('j');
    if (!(await active()).includes('Bento')) for (let i = 0; i < 4 && !(await active()).includes('Bento'); i++) await key('k');
    await key('Enter');
    await inbox.message('Cliente antigo.').waitFor();
    await key('e');
    const dialog = agent.page.getByRole('dialog', { name: 'Encerrar conversa' });
    await dialog.waitFor();
    const reasons = dialog.getByRole('radio');
    if ((await reasons.count()) > 0) {
      for (let i = 0; i < 6 && !(await reasons.evaluateAll((all) => all.includes(document.activeElement as HTMLInputElement))); i++) await key('Tab');
      await key('Space');
    }
    const button = dialog.getByRole('button', { name: 'Encerrar', exact: true });
    for (let i = 0; i < 8 && !(await button.evaluate((e) => e === document.activeElement)); i++) await key('Tab');
    await key('Enter');
    await dialog.waitFor({ state: 'hidden' });
    await inbox.chat.getByText('Conversa encerrada').first().waitFor();
  });

  test('Tab reaches things that can be seen and says where it is', async () => {
    await agent.page.goto(`${s.url}/inbox`);
    await inbox.row(names[0] ?? '').waitFor();
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      await key('Tab');
      const at = await agent.page.evaluate(() => {
        const e = document.activeElement;
        if (!(e instanceof HTMLElement) || e === document.body) return undefined;
        const box = e.getBoundingClientRect();
        const style = getComputedStyle(e);
        const ring = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || e.closest(':focus-within')?.matches('label, .input, .composer');
        return { name: `${e.tagName} ${e.getAttribute('aria-label') ?? e.textContent?.trim().slice(0, 30) ?? ''}`, seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight, ring: !!ring };
      });
      if (!at) break;
      expect(at.seen, `${at.name} cannot be seen`).toBe(true);
      expect(at.ring, `${at.name} shows no focus`).toBe(true);
      seen.add(at.name);
    }
    expect(seen.size).toBeGreaterThan(10);
    expect([...seen].some((name) => name.includes('Conversas'))).toBe(true);
  });
});
