/* The network is cut, the server goes away, a worker is killed: both sides write on, and afterwards everything is there, once and in
   order, on a page that was never loaded anew. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Organization, items, signUp, unique } from '../api/lib/people.ts';
import { until } from '../api/lib/server.ts';
import { workersOf } from '../process/lib/command.ts';
import { Inbox } from './lib/inbox.ts';
import { type Screen, makeWebchat, patience, signIn, stage } from './lib/stage.ts';
import { Widget } from './lib/widget.ts';
import { Wire } from './lib/wire.ts';

const s = stage();
s.expectComplaints(/ERR_(CONNECTION|INTERNET|EMPTY|NETWORK|SOCKET)/, /WebSocket connection to/, /status of 50[234]/);

let org: Organization;
let agent: Screen;
let visitor: Screen;
let inbox: Inbox;
let widget: Widget;
let agentWire: Wire;
let visitorWire: Wire;
let chatId = '';
/** Everything that was written, in no particular order. */
const written: string[] = [];

const line = (who: string): string => {
  const text = `${who} ${written.length + 1} ${unique()}`;
  written.push(text);
  return text;
};
const visitorWrites = (): Promise<void> => widget.write(line('visitante'));
const agentWrites = (): Promise<void> => inbox.send(line('equipe'));

/** What the server has, in its order. */
async function kept(): Promise<string[]> {
  const list = await items(org.owner.client, org.path(`/chats/${chatId}/messages`), { limit: '200' });
  return list.filter((one) => one['direction'] === 'in' || one['direction'] === 'out').map((one) => String(one['content']));
}

/** Both screens show what the server has, all of it once; nobody's page was loaded anew. */
async function agree(): Promise<void> {
  await until('everything to arrive', async () => (await kept()).length >= written.length, 40_000, 200);
  const truth = await kept();
  expect([...truth].sort()).toEqual([...written].sort());
  for (const who of ['visitante', 'equipe']) expect(truth.filter((text) => text.startsWith(who))).toEqual(written.filter((text) => text.startsWith(who)));
  await expect.poll(() => inbox.texts(), { timeout: 90_000 }).toEqual(truth);
  await expect.poll(() => widget.texts(), { timeout: 90_000 }).toEqual(truth);
  for (const { page } of [agent, visitor]) expect(await page.evaluate(() => 'stayed' in window)).toBe(true);
  // Nothing is on its way any more, and nobody is told that something is wrong.
  await expect.poll(() => inbox.messages.getByRole('img', { name: 'Enviando' }).count(), { timeout: patience }).toBe(0);
  await agent.page.getByText('Reconectando').waitFor({ state: 'hidden' });
  await widget.panel.getByText('Sem conexão').waitFor({ state: 'hidden' });
}

beforeAll(async () => {
  org = await signUp(s.url);
  const { key } = await makeWebchat(org);
  [agentWire, visitorWire] = await Promise.all([Wire.to(s.server.port), Wire.to(s.server.port)]);
  agent = await s.window();
  await signIn(agent.context, org.owner.client);
  visitor = await s.window();
  await visitor.page.goto(s.site.page(`<script src="${visitorWire.url}/widget.js" data-channel="${key}" async></script>`));
  inbox = new Inbox(agent.page);
  widget = new Widget(visitor.page);
  await widget.open();
  await visitorWrites();
  const [first] = await until('the chat', async () => {
    const list = await items(org.owner.client, org.path('/chats'));
    return list.length > 0 ? list : undefined;
  });
  chatId = String(first?.['id']);
  await agent.page.goto(`${agentWire.url}/inbox/${chatId}`);
  await agent.page.getByRole('button', { name: 'Assumir' }).click();
  await inbox.chat.getByText('Em atendimento').waitFor();
  for (const { page } of [agent, visitor]) await page.evaluate(() => Object.assign(window, { stayed: true }));
});

afterAll(async () => {
  await Promise.all([agentWire.stop(), visitorWire.stop()]);
});

describe('everything is there once and in order', () => {
  test('while nothing happens', async () => {
    await agentWrites();
    await visitorWrites();
    await agree();
  });

  test('after the agent was cut off', async () => {
    agentWire.pull();
    await agentWrites();
    await visitorWrites();
    await agentWrites();
    await visitorWrites();
    await expect.poll(() => inbox.messages.getByRole('img', { name: 'Enviando' }).count()).toBe(2);
    await agent.page.getByText('Reconectando').waitFor();
    agentWire.mend();
    await agree();
  });

  test('after the visitor was cut off', async () => {
    visitorWire.pull();
    await visitorWrites();
    await agentWrites();
    await visitorWrites();
    await agentWrites();
    await widget.panel.getByText('Sem conexão').waitFor();
    visitorWire.mend();
    await agree();
  });

  test('after both browsers said that there is no network', async () => {
    await Promise.all([agent.context.setOffline(true), visitor.context.setOffline(true)]);
    for (let i = 0; i < 3; i++) {
      await agentWrites();
      await visitorWrites();
    }
    await Promise.all([agent.context.setOffline(false), visitor.context.setOffline(false)]);
    await agree();
  });

  test('after the server was stopped and started again', async () => {
    await s.server.halt();
    await visitorWrites();
    await agentWrites();
    await visitorWrites();
    await agentWrites();
    await s.server.start();
    await agree();
  });

  test('after the whole server was killed while both were writing', async () => {
    await Promise.all([agentWrites(), visitorWrites()]);
    const both = [agentWrites(), visitorWrites()];
    await s.server.kill();
    await Promise.all(both);
    await agentWrites();
    await visitorWrites();
    await s.server.start();
    await agree();
  });

  test('after each worker was killed while both were writing', async () => {
    const before = workersOf(s.server.pid);
    expect(before.length).toBe(2);
    for (const pid of before) {
      await agentWrites();
      await visitorWrites();
      const both = [agentWrites(), visitorWrites()];
      process.kill(pid, 'SIGKILL');
      await Promise.all(both);
      await agentWrites();
      await visitorWrites();
      await until('the worker to be replaced', () => {
        const now = workersOf(s.server.pid);
        return now.length === 2 && !now.includes(pid);
      });
    }
    await agree();
  });

  test('and is still so when both pages are loaded anew', async () => {
    await Promise.all([agent.page.reload(), visitor.page.reload()]);
    await widget.open();
    const truth = await kept();
    await expect.poll(() => inbox.texts(), { timeout: patience }).toEqual(truth);
    await expect.poll(() => widget.texts(), { timeout: patience }).toEqual(truth);
  });
});
