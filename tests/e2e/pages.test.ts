/* Every page, at a desk and on a phone, in the light and in the dark: axe objects to nothing, nothing is wider than the window,
   no key stands where a text should, and the console stays silent (lib/stage.ts). */
import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { items, roleId } from '../api/lib/people.ts';
import { type DemoPerson, demoPerson } from './lib/demo.ts';
import { Inbox } from './lib/inbox.ts';
import { look } from './lib/look.ts';
import { desktop, phone, signIn, stage } from './lib/stage.ts';
import { Widget } from './lib/widget.ts';

const s = stage({ demo: true });

interface View {
  name: string;
  path: string | (() => Promise<string>);
  /** There when the page is. */
  ready: (page: Page) => Locator;
  /** What to do before looking: open a menu, a dialog. */
  then?: (page: Page) => Promise<void>;
  only?: 'desk' | 'phone';
}

let owner: DemoPerson;
const me = async (): Promise<DemoPerson> => (owner ??= await demoPerson(s.url));

const heading = (name: string | RegExp) => (page: Page) => page.getByRole('heading', { name }).first();

async function chatOf(view: string): Promise<string> {
  const { client, path } = await me();
  const [first] = await items(client, path('/chats'), { view, limit: '1' });
  return `/inbox/${String(first?.['id'])}`;
}

async function aCustomer(): Promise<string> {
  const { client, path } = await me();
  const list = await items(client, path('/customers'), { limit: '20' });
  const rich = list.find((one) => Array.isArray(one['tags']) && one['tags'].length > 0) ?? list[0];
  return `/customers/${String(rich?.['id'])}`;
}

async function anInvitation(): Promise<string> {
  const { client, path, organizationId } = await me();
  const person = { client, userId: '', email: '', name: '' };
  const role = await roleId({ id: organizationId, secret: '', owner: person, path }, 'agent');
  const made = ok(await client.post(path('/invitations'), { email: `nova-${Date.now()}@example.com`, roleId: role, teamIds: [] }), 201);
  return new URL(made.str('link'), s.url).pathname;
}

const visitors: View[] = [
  { name: 'login', path: '/login', ready: heading('Entrar') },
  {
    name: 'login, refused',
    path: '/login',
    ready: heading('Entrar'),
    then: async (page) => {
      await page.getByRole('button', { name: 'Entrar' }).click();
      await page.getByText('Digite seu e-mail').waitFor();
    },
  },
  { name: 'signup', path: '/signup', ready: heading('Criar organização') },
  { name: 'forgot', path: '/forgot', ready: heading('Recuperar acesso') },
  { name: 'reset', path: '/reset/abcdefghijklmnopqrstuvwxyz0123456789', ready: heading('Criar senha nova') },
  { name: 'invite', path: anInvitation, ready: heading(/^Entrar em/) },
  { name: 'invite, dead', path: '/invite/abcdefghijklmnopqrstuvwxyz0123456789', ready: heading('Este convite não vale mais') },
  { name: 'api docs', path: '/api-docs', ready: (page) => page.locator('.opblock').first() },
  { name: 'demo shop', path: '/demo-shop', ready: (page) => new Widget(page).launcher },
  {
    name: 'demo shop, web chat open',
    path: '/demo-shop',
    ready: (page) => new Widget(page).launcher,
    then: (page) => new Widget(page).open(),
  },
];

const sections: Record<string, string> = {
  profile: 'Perfil',
  security: 'Segurança',
  preferences: 'Avisos e aparência',
  organization: 'Organização',
  hours: 'Horário de atendimento',
  people: 'Pessoas',
  roles: 'Papéis',
  teams: 'Equipes e horários',
  mail: 'Servidor de e-mail',
  audit: 'Auditoria',
  jobs: 'Tarefas paradas',
  channels: 'Canais',
  shortcuts: 'Atalhos',
  'closure-types': 'Tipos de encerramento',
  tags: 'Tags',
  fields: 'Campos',
  funnels: 'Funis',
  'api-keys': 'Chaves de API',
};

const rows = (page: Page) => page.getByRole('option').first();
const messages = (page: Page) => new Inbox(page).messages.locator('[data-message]').first();

const members: View[] = [
  { name: 'inbox', path: '/inbox', ready: rows },
  { name: 'inbox, chat with panel', path: () => chatOf('mine'), ready: messages },
  { name: 'inbox, closed chat', path: () => chatOf('closed'), ready: messages },
  {
    name: 'inbox, note',
    path: () => chatOf('mine'),
    ready: messages,
    then: async (page) => {
      await page.getByRole('button', { name: 'Nota', exact: true }).click();
      await new Inbox(page).noteComposer.waitFor();
    },
  },
  {
    name: 'inbox, transfer',
    path: () => chatOf('mine'),
    ready: messages,
    then: async (page) => {
      await new Inbox(page).menu('Transferir');
      await page.getByRole('dialog', { name: 'Transferir conversa' }).waitFor();
    },
  },
  {
    name: 'inbox, close',
    path: () => chatOf('mine'),
    ready: messages,
    then: async (page) => {
      await new Inbox(page).menu('Encerrar');
      await page.getByRole('dialog', { name: 'Encerrar conversa' }).waitFor();
    },
  },
  {
    name: 'inbox, search',
    path: '/inbox',
    ready: rows,
    then: async (page) => {
      await page.getByRole('button', { name: 'Buscar conversas' }).click();
      await page.keyboard.type('vacina');
      await page.getByText('Mensagens').first().waitFor();
    },
  },
  {
    name: 'command bar',
    path: '/inbox',
    ready: rows,
    then: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').getByRole('combobox').waitFor();
    },
  },
  {
    name: 'shortcuts',
    path: '/inbox',
    ready: rows,
    only: 'desk',
    then: async (page) => {
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'inbox, no chats',
    path: '/inbox',
    ready: rows,
    // The view that is chosen here stays chosen: nothing that wants rows may follow.
    then: async (page) => {
      await page.getByRole('button', { name: 'Mais visões' }).click();
      await page.getByRole('menu').getByText('Adiadas').click();
      await page.getByText('Nada adiado').waitFor();
    },
  },
  { name: 'customers', path: '/customers', ready: (page) => page.getByRole('row').nth(3) },
  { name: 'customer', path: aCustomer, ready: heading(/./) },
  ...Object.entries(sections).map(([id, title]) => ({ name: `settings, ${id}`, path: `/settings/${id}`, ready: heading(title) })),
  { name: 'settings, new web chat', path: '/settings/channels/new-webchat', ready: (page) => page.getByRole('textbox', { name: 'Nome do canal' }) },
  { name: 'settings, menu', path: '/settings', ready: (page) => page.getByRole('link', { name: 'Canais' }), only: 'phone' },
  { name: 'not found', path: '/nowhere', ready: heading('Esta página não existe') },
];

const only = process.env['E2E_VIEW'];

function run(device: 'desk' | 'phone', views: View[], signedIn: boolean): void {
  for (const view of views) {
    if ((view.only && view.only !== device) || (only && !view.name.includes(only))) continue;
    test(view.name, async () => {
      const page = await pageOf(device, signedIn);
      await page.goto(s.url + (typeof view.path === 'string' ? view.path : await view.path()));
      await view.ready(page).waitFor();
      await view.then?.(page);
      await page.waitForLoadState('networkidle');
      expect(await look(page, `${device}, ${view.name}`)).toEqual([]);
    });
  }
}

const open = new Map<string, Page>();

/* A link that is not valid any more is asked for, and refused. */
s.expectComplaints(/status of 404 .*\/api\/invitations\//);

/** One window for all pages of a device, with or without a login. */
async function pageOf(device: 'desk' | 'phone', signedIn: boolean): Promise<Page> {
  const key = `${device}${signedIn}`;
  const there = open.get(key);
  if (there) return there;
  const { context, page } = await s.window({ ...(device === 'desk' ? desktop : phone), reducedMotion: 'reduce' });
  if (signedIn) await signIn(context, (await me()).client);
  open.set(key, page);
  return page;
}

for (const device of ['desk', 'phone'] as const) {
  describe(`${device}, nobody signed in`, () => run(device, visitors, false));
  describe(`${device}, signed in`, () => run(device, members, true));
}
