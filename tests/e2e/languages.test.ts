/* The interface in Spanish and in English: no Portuguese text is left on any page, no key stands for a text, and the page says which
   language it is in. What the texts are is read from the interface's own files. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { type Person, type Organization, join, signUp } from '../api/lib/people.ts';
import { keys } from './lib/look.ts';
import { type Screen, makeWebchat, stage } from './lib/stage.ts';
import { Talker } from './lib/talk.ts';

const s = stage();
const folder = resolve(import.meta.dirname, '../../web/src/lib/i18n');

type Texts = Map<string, string>;

/** Every text of a language without parameters, by its key. */
async function textsOf(language: string): Promise<Texts> {
  const texts: Texts = new Map();
  for (const file of readdirSync(resolve(folder, language))) {
    const area = (await import(resolve(folder, language, file))) as { default: Record<string, unknown> };
    for (const [key, text] of Object.entries(area.default)) if (typeof text === 'string' && !text.includes('{')) texts.set(`${file}:${key}`, text);
  }
  return texts;
}

/** What is to be read or heard on a page, piece by piece. */
const pieces = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found = new Set<string>([document.title]);
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) found.add((node.textContent ?? '').trim());
    for (const e of document.querySelectorAll('*')) for (const name of ['aria-label', 'title', 'placeholder', 'alt']) found.add((e.getAttribute(name) ?? '').trim());
    return [...found].filter((text) => text.length > 2);
  });

const sections = ['organization', 'hours', 'people', 'roles', 'teams', 'mail', 'audit', 'jobs', 'channels', 'channels/new-webchat', 'shortcuts', 'closure-types', 'tags', 'fields', 'funnels', 'api-keys', 'profile', 'security', 'preferences'];

for (const language of ['es', 'en'] as const) {
  describe(language, () => {
    let org: Organization;
    let person: Person;
    let screen: Screen;
    let left: (page: Page) => Promise<string[]>;
    let chat = '';

    beforeAll(async () => {
      const [pt, own] = await Promise.all([textsOf('pt'), textsOf(language)]);
      expect(pt.size).toBeGreaterThan(500);
      const mine = new Set(own.values());
      const foreign = new Map([...pt].filter(([key, text]) => own.get(key) !== text && !mine.has(text)).map(([key, text]) => [text, key]));
      left = async (page) => (await pieces(page)).filter((text) => foreign.has(text)).map((text) => `"${text}" (${foreign.get(text) ?? ''})`);

      org = await signUp(s.url, 'Casa', { language });
      person = await join(org, 'owner');
      ok(await person.client.patch('/api/me', { language }));
      const { key } = await makeWebchat(org);
      const talker = new Talker(org, key, 'Robin');
      await talker.write('42');
      chat = await talker.chat();
      screen = await s.person(person.client, '/inbox', { locale: language, viewport: { width: 1440, height: 900 } });
      await screen.page.getByRole('option').first().or(screen.page.getByRole('tab').first()).first().waitFor();
    });

    test.each(['/inbox', 'chat', '/customers', '/nowhere', ...sections.map((id) => `/settings/${id}`)])('%s', async (path) => {
      const { page } = screen;
      await page.goto(s.url + (path === 'chat' ? `/inbox/${chat}` : path));
      await page.getByRole('heading').first().waitFor();
      await page.waitForLoadState('networkidle');
      expect(await page.evaluate(() => document.documentElement.lang.slice(0, 2))).toBe(language);
      expect(await left(page)).toEqual([]);
      expect(await keys(page)).toEqual([]);
    });

    test('the pages before the login', async () => {
      const { page } = await s.window({ locale: language });
      for (const path of ['/login', '/signup', '/forgot', '/reset/abcdefghijklmnopqrstuvwxyz0123456789']) {
        await page.goto(s.url + path);
        await page.getByRole('heading').first().waitFor();
        expect(await left(page)).toEqual([]);
        expect(await keys(page)).toEqual([]);
      }
    });
  });
}
