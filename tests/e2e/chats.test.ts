/* What one does with chats beyond answering them: many at once, saved views with their numbers, a new conversation, a snooze that
   comes back, notifications. */
import { beforeAll, describe, expect, test } from 'vitest';
import { isObject, ok } from '../api/lib/client.ts';
import { type Organization, type Person, items, join, signUp, unique } from '../api/lib/people.ts';
import { Inbox } from './lib/inbox.ts';
import { type Screen, makeWebchat, patience, stage } from './lib/stage.ts';
import { Talker } from './lib/talk.ts';

const s = stage();
/* A bulk change that half fails is still answered 200; a refused contact 400. */

let org: Organization;
let ana: Person;
/** Why a chat ends: something must be said. */
let reason: { closureTypeId: string };
let key = '';
let agent: Screen;
let inbox: Inbox;

const talk = async (name: string, text = `Oi, aqui é ${name}`): Promise<Talker> => {
  const talker = new Talker(org, key, `${name} ${unique()}`);
  await talker.write(text);
  return talker;
};
const press = (name: string): Promise<void> => agent.page.keyboard.press(name);
const toast = (text: string | RegExp) => agent.page.locator('.toast').filter({ hasText: text }).first();
const bulkBar = () => agent.page.getByRole('toolbar', { name: 'Ações para as selecionadas' });

async function fresh(path = '/inbox', view = 'Todas'): Promise<void> {
  await agent.page.goto(`${s.url}${path}`);
  await inbox.tab(view).click();
  await agent.page.mouse.move(900, 500);
}

beforeAll(async () => {
  org = await signUp(s.url);
  key = (await makeWebchat(org)).key;
  ana = await join(org, 'agent');
  const [why] = await items(org.owner.client, org.path('/closure-types'));
  reason = { closureTypeId: String(why?.['id']) };
  agent = await s.person(org.owner.client);
  inbox = new Inbox(agent.page);
  await inbox.tab('Todas').waitFor();
});

describe('several chats at once', () => {
  let three: Talker[] = [];
  const mark = async (talkers: Talker[]): Promise<void> => {
    for (const one of talkers) {
      const row = inbox.row(one.name);
      await row.hover();
      await row.locator('.who').click();
    }
    await bulkBar().getByText(`${talkers.length} selecionada`).waitFor();
  };

  beforeAll(async () => {
    three = [await talk('Amélia'), await talk('Bruna'), await talk('Caio')];
    await fresh();
    for (const one of three) await inbox.row(one.name).waitFor();
  });

  test('read, tagged, handed over', async () => {
    const tag = `vip-${unique()}`;
    const made = ok(await org.owner.client.post(org.path('/tags'), { name: tag, color: '#0b7285' }), 201).get('data');
    const tagId = isObject(made) ? String(made['id']) : '';
    await fresh();
    await mark(three);
    await bulkBar().getByRole('button', { name: 'Marcar como lidas' }).click();
    await toast('3 conversas alteradas').waitFor();
    await expect.poll(() => inbox.row(three[0]?.name ?? '').getByRole('img', { name: /não lida/ }).count(), { timeout: patience }).toBe(0);

    await mark(three.slice(0, 2));
    await bulkBar().getByRole('button', { name: 'Pôr tag nos clientes' }).click();
    await agent.page.getByRole('menuitem', { name: tag }).click();
    await toast('2 conversas alteradas').waitFor();
    expect((await items(org.owner.client, org.path('/chats'), { tagId })).length).toBe(2);

    await mark(three.slice(1));
    await bulkBar().getByRole('button', { name: 'Transferir' }).click();
    const dialog = agent.page.getByRole('dialog', { name: 'Transferir conversa' });
    await dialog.getByRole('combobox').fill('Ana');
    await agent.page.getByRole('option', { name: /^Ana/ }).click();
    await dialog.getByRole('button', { name: 'Transferir' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await toast('2 conversas alteradas').waitFor();
    await expect.poll(async () => (await items(org.owner.client, org.path('/chats'), { assigneeId: ana.userId })).length, { timeout: patience }).toBe(2);
  });

  test('what could not be changed is said, and stays selected', async () => {
    await mark(three);
    // Somebody else closes one meanwhile; this page has not heard of it when it asks.
    const gone = await three[0]?.chat();
    await agent.page.route('**/chats/bulk', async (route) => {
      ok(await org.owner.client.post(org.path(`/chats/${gone}/close`), reason));
      await route.fallback();
    });
    await bulkBar().getByRole('button', { name: 'Encerrar' }).click();
    const dialog = agent.page.getByRole('dialog', { name: 'Encerrar as selecionadas' });
    await dialog.getByRole('radio').first().check();
    await dialog.getByRole('button', { name: 'Encerrar' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await toast('2 alteradas, 1 não. Esta conversa está encerrada').waitFor();
    await agent.page.unroute('**/chats/bulk');
    await expect.poll(() => inbox.row(three[1]?.name ?? '').count(), { timeout: patience }).toBe(0);
  });

  test('by keyboard, and Esc lets them go', async () => {
    const two = [await talk('Dalva'), await talk('Elias')];
    await fresh();
    for (const one of two) await inbox.row(one.name).waitFor();
    for (const k of ['j', 'x', 'j', 'x']) await press(k);
    await bulkBar().getByText('2 selecionadas').waitFor();
    await press('Escape');
    await bulkBar().waitFor({ state: 'hidden' });
  });
});

describe('saved views', () => {
  test('one is kept under a name, its number is live, and it can go', async () => {
    await fresh();
    const name = `Sem ler ${unique().slice(0, 4)}`;
    await agent.page.getByRole('button', { name: 'Filtrar', exact: true }).click();
    const form = agent.page.getByRole('dialog', { name: 'Filtrar' });
    await form.getByRole('switch', { name: 'Só não lidas' }).click();
    await form.getByRole('textbox', { name: 'Nome da visão' }).fill(name);
    await form.getByRole('button', { name: 'Salvar' }).click();
    await form.getByText(`Salvo como ${name}`).waitFor();
    await form.getByRole('button', { name: 'Pronto' }).click();
    const chip = agent.page.getByRole('button', { name: new RegExp(`^${name}`) });
    const shown = async (): Promise<number> => Number(((await chip.innerText()).match(/(\d+)$/) ?? ['', '0'])[1]);
    const truth = async (): Promise<number> => (await items(org.owner.client, org.path('/chats'), { unread: 'true' })).length;
    await expect.poll(shown, { timeout: patience }).toBe(await truth());
    const before = await truth();
    // While the pointer rests on the list nothing moves: it says that something came.
    await agent.page.mouse.move(180, 600);
    const talker = await talk('Fabiana');
    await agent.page.getByRole('button', { name: '1 nova', exact: true }).click();
    await inbox.row(talker.name).waitFor();
    await agent.page.mouse.move(900, 500);
    await expect.poll(shown, { timeout: patience }).toBe(before + 1);
    expect(await chip.getAttribute('aria-pressed')).toBe('true');
    await inbox.open(talker.name);
    await expect.poll(shown, { timeout: patience }).toBe(before);
    await fresh();
    await chip.click();
    await agent.page.getByRole('button', { name: /^(Filtrar|1 filtro)/ }).first().click();
    await form.getByRole('button', { name: 'Excluir esta visão' }).click();
    await chip.waitFor({ state: 'detached' });
    await press('Escape');
  });
});

describe('a new conversation', () => {
  const dialog = () => agent.page.getByRole('dialog', { name: 'Nova conversa' });

  test('by key, button and command bar; a web chat cannot begin one with a number, and says why', async () => {
    await fresh();
    await press('n');
    await dialog().waitFor();
    await press('Escape');
    await dialog().waitFor({ state: 'hidden' });
    await agent.page.getByRole('button', { name: 'Nova conversa' }).click();
    await dialog().waitFor();
    await press('Escape');
    await press('Control+k');
    await agent.page.keyboard.type('nova conversa');
    await press('Enter');
    const to = dialog().getByRole('combobox', { name: 'Para' });
    await to.fill('Beatriz Carvalho');
    await agent.page.getByRole('option', { name: /Beatriz Carvalho/ }).click();
    await dialog().getByText('Isto não é um telefone nem um e-mail').waitFor();
    await to.fill('(11) 98421-7730');
    await agent.page.getByRole('option', { name: /98421-7730/ }).click();
    await dialog().getByText('O chat do site não começa conversas').waitFor();
    expect(await dialog().getByRole('button', { name: 'Abrir conversa' }).isDisabled()).toBe(true);
    await press('Escape');
    await dialog().waitFor({ state: 'hidden' });
  });

  test('with a customer who once wrote: the first words reach them, and it is mine', async () => {
    const talker = await talk('Gilberto');
    const old = await talker.chat();
    ok(await org.owner.client.post(org.path(`/chats/${old}/close`), reason));
    await fresh();
    await press('n');
    await dialog().getByRole('combobox', { name: 'Para' }).fill(talker.name);
    await agent.page.getByRole('option', { name: talker.name }).click();
    const words = `Seu pedido chegou ${unique()}`;
    await dialog().getByRole('textbox', { name: /Primeira mensagem/ }).fill(words);
    await dialog().getByRole('button', { name: 'Enviar' }).click();
    await inbox.message(words).waitFor();
    await inbox.chat.getByText('Em atendimento').waitFor();
    const open = (await items(org.owner.client, org.path('/chats'), { view: 'mine' })).map((one) => one['id']);
    expect(agent.page.url()).toContain(String(open[0]));
  });

  test('a channel that reaches numbers is offered for a number only', async () => {
    // As if there were such a channel: the first web chat in other clothes.
    await agent.page.route('**/bootstrap', async (route) => {
      const answer = await route.fetch();
      const data = (await answer.json()) as { channels: { kind: string; name: string }[] };
      const [first] = data.channels;
      if (first) Object.assign(first, { kind: 'whatsapp', name: 'Recepção' });
      await route.fulfill({ response: answer, json: data });
    });
    let asked: Record<string, unknown> = {};
    await agent.page.route('**/chat/create', async (route) => {
      asked = route.request().postDataJSON() as Record<string, unknown>;
      await route.fulfill({ status: 400, json: { success: false, error: 'x', code: 'INVALID', details: [{ field: 'contactValue', code: 'INVALID_PHONE', message: 'x' }] } });
    });
    s.expectComplaints(/status of 400 .*\/chat\/create\)$/);
    await fresh();
    await press('n');
    const to = dialog().getByRole('combobox', { name: 'Para' });
    await to.fill('(11) 98421-7730');
    await agent.page.getByRole('option', { name: /98421-7730/ }).click();
    await dialog().getByRole('textbox', { name: 'Nome' }).fill('Beatriz');
    await dialog().getByRole('combobox', { name: 'Responsável' }).selectOption({ label: ana.name });
    await dialog().getByRole('button', { name: 'Abrir conversa' }).click();
    // The server's word about the number stands beside it, and nothing typed is lost.
    await dialog().getByText(/[Tt]elefone|[Nn]úmero/).first().waitFor();
    await expect.poll(() => asked['contactType'], { timeout: patience }).toBe('whatsapp');
    expect(asked).toMatchObject({ contactValue: '(11) 98421-7730', customerName: 'Beatriz', keepPending: true });
    expect(await dialog().getByRole('textbox', { name: 'Nome' }).inputValue()).toBe('Beatriz');
    await press('Escape');
    await agent.page.unroute('**/bootstrap');
    await agent.page.unroute('**/chat/create');
  });
});

describe('a snooze', () => {
  test('takes the chat away and brings it back by itself', async () => {
    const talker = await talk('Helena');
    await fresh();
    await inbox.open(talker.name);
    // "In an hour" is in three seconds here.
    await agent.page.route('**/snooze', (route) => {
      const until = (route.request().postDataJSON() as { until: string | null }).until;
      const soon = new Date(Date.now() + 3000).toISOString();
      return route.continue({ postData: JSON.stringify({ until: until && soon }) });
    });
    await inbox.chat.getByRole('button', { name: 'Adiar' }).click();
    await agent.page.getByRole('menuitem', { name: 'Daqui a 1 hora' }).click();
    await inbox.row(talker.name).waitFor({ state: 'hidden' });
    await inbox.row(talker.name).waitFor();
    await agent.page.unroute('**/snooze');
    await inbox.chat.getByText('Adiada até').waitFor({ state: 'hidden' });
  });
});

describe('news while one looks elsewhere', () => {
  interface Heard {
    shown: { title: string; body: string; tag: string }[];
    tones: number;
    looked: boolean;
  }
  let bell: Screen;
  const heard = (): Promise<Heard> => bell.page.evaluate(() => (window as unknown as { heard: Heard }).heard);

  beforeAll(async () => {
    bell = await s.window();
    await bell.page.addInitScript(() => {
      const heard = { shown: [] as unknown[], tones: 0, looked: true };
      class Shown {
        static permission = 'granted';
        static requestPermission = () => Promise.resolve('granted');
        onclick?: () => void;
        constructor(title: string, more: object) {
          heard.shown.push({ title, ...more });
          Object.assign(window, { lastShown: this });
        }
        close() {}
      }
      const tone = { frequency: { value: 0 }, connect: (x: unknown) => x, start: () => undefined, stop: () => undefined };
      const gain = { gain: { setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} }, connect: (x: unknown) => x };
      class Audio {
        currentTime = 0;
        destination = {};
        createOscillator() {
          heard.tones++;
          return tone;
        }
        createGain() {
          return gain;
        }
      }
      Object.assign(window, { heard, Notification: Shown, AudioContext: Audio });
      document.hasFocus = () => heard.looked;
    });
    const { signIn } = await import('./lib/stage.ts');
    await signIn(bell.context, org.owner.client);
  });

  test('are asked for in the preferences, by kind', async () => {
    await bell.page.goto(`${s.url}/settings/preferences`);
    await bell.page.getByRole('switch', { name: 'Notificações do navegador' }).click();
    await expect.poll(() => bell.page.getByRole('switch', { name: 'Notificações do navegador' }).isChecked()).toBe(true);
    await bell.page.getByRole('switch', { name: 'Na fila, ainda sem responsável' }).click();
  });

  test('of my chats, with sound and the number in the title; not of the open one; not of a kind that is off', async () => {
    const mine = await talk('Iolanda');
    const queue = await talk('Jonas');
    const id = await mine.chat();
    ok(await org.owner.client.post(org.path(`/chats/${id}/take`), {}));
    await bell.page.goto(`${s.url}/inbox/${id}`);
    const his = new Inbox(bell.page);
    await his.chat.waitFor();
    // The chat on the screen, looked at: nothing.
    await mine.write('na tela');
    await his.message('na tela').waitFor();
    expect((await heard()).shown).toEqual([]);
    // Elsewhere now: mine is told, the queue is not (its kind is off).
    await bell.page.getByRole('link', { name: 'Clientes' }).click();
    await bell.page.getByRole('heading', { name: 'Clientes' }).waitFor();
    await bell.page.evaluate(() => Object.assign((window as unknown as { heard: Heard }).heard, { looked: false, tones: 0 }));
    await queue.write('na fila');
    await mine.write('para mim');
    await expect.poll(async () => (await heard()).shown.map((one) => one.body), { timeout: patience }).toEqual(['para mim']);
    expect((await heard()).shown[0]).toMatchObject({ title: mine.name, tag: id });
    expect((await heard()).tones).toBe(2);
    await expect.poll(() => bell.page.title(), { timeout: patience }).toMatch(/^\(1\) /);
    // The notification leads to the chat.
    await bell.page.evaluate(() => (window as unknown as { lastShown: { onclick(): void } }).lastShown.onclick());
    await his.message('para mim').waitFor();
    await bell.page.evaluate(() => {
      (window as unknown as { heard: Heard }).heard.looked = true;
      window.dispatchEvent(new Event('focus'));
    });
    await expect.poll(() => bell.page.title(), { timeout: patience }).toBe('Interflow');
  });
});
