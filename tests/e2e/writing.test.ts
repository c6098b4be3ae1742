/* Writing in a chat: drafts that stay, a message that the network swallows, one for later, shortcuts with names and files, pins, quotes,
   old messages found and gone to, and a place that one reads which does not move. */
import { beforeAll, describe, expect, test } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { type Organization, signUp, unique } from '../api/lib/people.ts';
import { Inbox } from './lib/inbox.ts';
import { type Screen, makeWebchat, patience, stage } from './lib/stage.ts';
import { Talker } from './lib/talk.ts';

const s = stage();
s.expectComplaints(/ERR_(FAILED|INTERNET_DISCONNECTED)/, /status of 422 .*\/messages\)$/);

let org: Organization;
let key = '';
let agent: Screen;
let inbox: Inbox;
let talker: Talker;
let other: Talker;
let chatId = '';

const { stringify } = JSON;
const text = (m: ReturnType<Inbox['message']>): Promise<string> => m.locator('.words').first().innerText();
/** The message's own actions, as the mouse gets at them. */
async function act(words: string, button: string, item?: string): Promise<void> {
  const m = inbox.message(words).last();
  await m.hover();
  await m.getByRole('button', { name: button }).click();
  if (item) await agent.page.getByRole('menuitem', { name: item }).click();
}
const write = (path: string, body: Record<string, unknown>) => org.owner.client.post(org.path(path), body);

beforeAll(async () => {
  org = await signUp(s.url);
  key = (await makeWebchat(org)).key;
  talker = new Talker(org, key, `Beatriz ${unique()}`);
  other = new Talker(org, key, `Rogério ${unique()}`);
  await talker.write('Bom dia, o Thor pode vir hoje?');
  await other.write('Vocês têm vaga?');
  chatId = await talker.chat();
  ok(await write(`/chats/${chatId}/take`, {}));
  ok(await write(`/chats/${await other.chat()}/take`, {}));
  agent = await s.person(org.owner.client);
  inbox = new Inbox(agent.page);
  await inbox.tab('Todas').click();
  await inbox.open(talker.name);
});

describe('a draft', () => {
  test('waits in its chat, is marked in the list, survives a reload and leaves with the message', async () => {
    const words = `Rascunho que fica ${unique()}`;
    await inbox.composer.fill(words);
    await inbox.open(other.name);
    await expect.poll(() => inbox.composer.inputValue()).toBe('');
    await inbox.composer.fill('Outro começo');
    await inbox.row(talker.name).getByText(words).waitFor();
    await agent.page.reload();
    await inbox.composer.waitFor();
    expect(await inbox.composer.inputValue()).toBe('Outro começo');
    await inbox.composer.fill('');
    await inbox.open(talker.name);
    await expect.poll(() => inbox.composer.inputValue()).toBe(words);
    await inbox.composer.press('Enter');
    await inbox.state(words, 'Enviada').or(inbox.state(words, 'Entregue')).waitFor();
    await inbox.open(other.name);
    await expect.poll(() => inbox.row(talker.name).getByText('Rascunho:').count()).toBe(0);
    await inbox.open(talker.name);
  });
});

describe('a message that does not go through', () => {
  test('stands there at once, waits for the network, then goes by itself', async () => {
    const words = `Sem rede ${unique()}`;
    await agent.page.route('**/messages', (route) => (route.request().method() === 'POST' ? route.abort() : route.fallback()));
    await inbox.send(words);
    await inbox.state(words, 'Enviando').waitFor();
    await agent.page.unroute('**/messages');
    await inbox.state(words, 'Enviada').or(inbox.state(words, 'Entregue')).waitFor();
    expect(await inbox.message(words).count()).toBe(1);
  });

  test('refused: says why, can be tried again, and is not doubled', async () => {
    const words = `Recusada ${unique()}`;
    await agent.page.route('**/messages', (route) =>
      route.request().method() === 'POST' ? route.fulfill({ status: 422, json: { success: false, error: 'x', code: 'CHANNEL_DISCONNECTED' } }) : route.fallback(),
    );
    await inbox.send(words);
    await inbox.message(words).getByText(/^Não enviada:/).waitFor();
    await agent.page.unroute('**/messages');
    await agent.page.reload();
    await inbox.message(words).getByRole('button', { name: 'Tentar de novo' }).click();
    await inbox.state(words, 'Enviada').or(inbox.state(words, 'Entregue')).waitFor();
    expect(await inbox.message(words).count()).toBe(1);
  });
});

describe('a message for later', () => {
  test('is seen, changed and taken back', async () => {
    const words = `Lembrete ${unique()}`;
    await inbox.composer.fill(words);
    await inbox.chat.getByRole('button', { name: 'Enviar mais tarde' }).click();
    await agent.page.getByRole('menuitem', { name: 'Outra data e hora' }).click();
    const dialog = agent.page.getByRole('dialog', { name: 'Enviar mais tarde' });
    await dialog.getByRole('button', { name: 'Agendar' }).click();
    const later = inbox.messages.getByRole('region', { name: 'Agendadas' });
    await later.getByText(words).waitFor();
    await act(words, 'Ações da mensagem', 'Editar');
    const box = later.getByRole('textbox', { name: 'Editar' });
    await box.fill(`${words} às 9h`);
    await box.press('Enter');
    await later.getByText(`${words} às 9h`).waitFor();
    await agent.page.reload();
    await later.getByText(`${words} às 9h`).waitFor();
    await act(words, 'Ações da mensagem', 'Cancelar o envio');
    await expect.poll(() => inbox.message(words).count(), { timeout: patience }).toBe(0);
  });

  test('leaves when its time has come', async () => {
    const words = `Daqui a pouco ${unique()}`;
    await agent.page.route('**/messages', (route) => {
      if (route.request().method() !== 'POST') return route.fallback();
      const body = route.request().postDataJSON() as Record<string, unknown>;
      return route.continue({ postData: stringify({ ...body, scheduledFor: new Date(Date.now() + 3000).toISOString() }) });
    });
    await inbox.composer.fill(words);
    await inbox.chat.getByRole('button', { name: 'Enviar mais tarde' }).click();
    await agent.page.getByRole('menuitem', { name: 'Daqui a 1 hora' }).click();
    await inbox.messages.getByRole('region', { name: 'Agendadas' }).getByText(words).waitFor();
    await inbox.state(words, 'Enviada').or(inbox.state(words, 'Entregue')).waitFor();
    await inbox.messages.getByRole('region', { name: 'Agendadas' }).waitFor({ state: 'detached' });
    await agent.page.unroute('**/messages');
    expect(await inbox.message(words).count()).toBe(1);
  });
});

describe('a shortcut', () => {
  test('fills in names and brings its file; several steps are looked at first', async () => {
    const form = new FormData();
    form.append('file', new Blob(['tabela de preços\n'], { type: 'text/plain' }), 'precos.txt');
    const file = ok(await org.owner.client.call('POST', org.path('/files'), { body: form }), 201).str('id');
    const [one, two] = [`preco${unique().slice(0, 5)}`, `passos${unique().slice(0, 5)}`];
    ok(await write('/shortcuts', { keyword: one, title: 'Preços', steps: [{ content: 'Oi, {{customer.firstName}}! Aqui é {{agent.firstName}}.', fileIds: [file], delayMs: 0 }] }), 201);
    const steps = ['Primeiro passo', 'Segundo passo'].map((content, i) => ({ content, fileIds: [], delayMs: i * 1000 }));
    ok(await write('/shortcuts', { keyword: two, title: 'Passos', steps }), 201);
    await inbox.composer.pressSequentially(`/${one}`);
    await agent.page.getByRole('option', { name: new RegExp(one) }).waitFor();
    await inbox.composer.press('Enter');
    await expect.poll(() => inbox.composer.inputValue()).toBe('Oi, Beatriz! Aqui é Marina.');
    await agent.page.getByRole('button', { name: 'Tirar precos.txt' }).waitFor();
    await inbox.composer.press('Enter');
    await inbox.message('Oi, Beatriz! Aqui é Marina.').getByText('precos.txt').waitFor();
    await inbox.composer.pressSequentially(`/${two}`);
    await agent.page.getByRole('option', { name: new RegExp(two) }).waitFor();
    await inbox.composer.press('Enter');
    const dialog = agent.page.getByRole('dialog', { name: 'Enviar 2 mensagens?' });
    await dialog.getByText('Segundo passo').waitFor();
    await dialog.getByRole('button', { name: 'Enviar sequência' }).click();
    await inbox.message('Primeiro passo').waitFor();
    await inbox.state('Segundo passo', 'Enviada').or(inbox.state('Segundo passo', 'Entregue')).waitFor();
    await expect.poll(() => inbox.composer.inputValue()).toBe('');
  });
});

describe('a long conversation', () => {
  const old = `primeira de todas ${unique()}`;
  const seen = (words: string) => inbox.message(words).first().evaluate((e) => {
    const box = e.getBoundingClientRect();
    const pane = e.closest('.thread')?.getBoundingClientRect();
    return !!pane && box.top >= pane.top - 1 && box.bottom <= pane.bottom + 1;
  });
  const inSight = (words: string) => expect.poll(() => seen(words).catch(() => false), { timeout: patience }).toBe(true);

  beforeAll(async () => {
    talker = new Talker(org, key, `Célia ${unique()}`);
    await talker.write(old);
    chatId = await talker.chat();
    ok(await write(`/chats/${chatId}/take`, {}));
    for (let i = 1; i <= 130; i++) {
      if (i % 5 === 1) await talker.write(`pergunta número ${i}`);
      else ok(await write(`/chats/${chatId}/messages`, { content: `resposta número ${i}`, clientId: `l-${unique()}` }), 201);
    }
    await agent.page.goto(`${s.url}/inbox/${chatId}`);
    await inbox.message('resposta número 130').waitFor();
  });

  test('a search goes to an old message, and back to the end', async () => {
    await inbox.row(talker.name).waitFor();
    await agent.page.getByRole('button', { name: 'Buscar conversas' }).click();
    await agent.page.getByRole('textbox', { name: /Nome, telefone/ }).fill(old);
    await agent.page.getByRole('link', { name: new RegExp(old.slice(0, 16)) }).click();
    await inSight(old);
    await inbox.chat.getByRole('button', { name: 'Ir ao fim' }).click();
    await inSight('resposta número 130');
    await agent.page.getByRole('button', { name: 'Fechar busca' }).click();
  });

  test('a pin stands above, leads to its message, and goes', async () => {
    await agent.page.goto(`${s.url}/inbox/${chatId}?m=2`);
    await inSight(old);
    await act(old, 'Ações da mensagem', 'Fixar');
    await inbox.chat.getByText('Fixada:').waitFor();
    await agent.page.goto(`${s.url}/inbox/${chatId}`);
    await inSight('resposta número 130');
    await inbox.chat.getByRole('button', { name: /^Fixada:/ }).click();
    await inSight(old);
    await inbox.chat.getByRole('button', { name: 'Desafixar' }).click();
    await inbox.chat.getByText('Fixada:').waitFor({ state: 'hidden' });
  });

  test('a quote leads to what it answers', async () => {
    await act(old, 'Responder a esta');
    const words = `Sobre a primeira ${unique()}`;
    await inbox.composer.fill(words);
    await inbox.composer.press('Enter');
    await inSight(words);
    await inbox.message(words).getByRole('button', { name: new RegExp(old.slice(0, 16)) }).click();
    await inSight(old);
    await inbox.chat.getByRole('button', { name: 'Ir ao fim' }).click();
    await inSight(words);
    expect(await text(inbox.message(words))).toBe(words);
  });

  test('what one reads stays when news come, when older ones are loaded and when a picture is late', async () => {
    const pane = inbox.messages;
    await pane.evaluate((e) => e.scrollBy(0, -1500));
    await inbox.chat.getByRole('button', { name: 'Ir ao fim' }).waitFor();
    /* Where the first message in the middle of the pane stands. */
    const place = () =>
      pane.evaluate((e) => {
        const box = e.getBoundingClientRect();
        const hit = [...e.querySelectorAll<HTMLElement>('[data-seq]')].find((x) => x.getBoundingClientRect().top > box.top + 100);
        return { seq: hit?.dataset['seq'], top: Math.round((hit?.getBoundingClientRect().top ?? 0) - box.top) };
      });
    const before = await place();
    await talker.write(`notícia ${unique()}`);
    await talker.sendFile('foto.png', 'image/png', Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='), (c) => c.charCodeAt(0)));
    await inbox.chat.getByText('2 novas').waitFor();
    expect(await place()).toEqual(before);
    const first = await pane.locator('[data-seq]').first().getAttribute('data-seq');
    await pane.evaluate((e) => (e.scrollTop = 700));
    const then = await place();
    await expect.poll(() => pane.locator('[data-seq]').first().getAttribute('data-seq'), { timeout: patience }).not.toBe(first);
    expect((await place()).seq).toBe(then.seq);
    expect(Math.abs((await place()).top - then.top)).toBeLessThanOrEqual(1);
  });
});
