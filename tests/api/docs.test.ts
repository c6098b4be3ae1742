/* The page to read and try the API: it loads under our content security policy without a complaint, finds an
   operation, and a call from it works with the login of the browser. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { launch, open } from './lib/browser.ts';
import { password, signUp } from './lib/people.ts';
import { suite } from './lib/suite.ts';

const all = suite({ workers: 1 });
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});

test('the old address leads to the page', async () => {
  const answer = await fetch(`${all.server.url}/api/docs`, { redirect: 'manual' });
  expect(answer.status).toBe(302);
  expect(answer.headers.get('location')).toBe('/api-docs');
  const page = await fetch(`${all.server.url}/api-docs`);
  expect(page.status, 'build the interface first: cd web && npm ci && npm run build').toBe(200);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toContain('unsafe-inline');
});

test('it finds an operation and calls it', async () => {
  const org = await signUp(all.server.url);
  const { context, page, complaints } = await open(browser, { viewport: { width: 1200, height: 900 } });
  const login = await context.request.post(`${all.server.url}/api/login`, { data: { email: org.owner.email, password } });
  expect(login.status()).toBe(200);
  await page.goto(`${all.server.url}/api-docs`);
  await page.getByPlaceholder('Filter by tag or path').fill('Tags');
  const create = page.locator('.opblock-post', { has: page.locator('[data-path="/api/{organizationId}/tags"]') });
  await create.locator('.opblock-summary-control').click({ timeout: 90_000 });
  await create.getByRole('button', { name: 'Try it out' }).click();
  await create.getByPlaceholder('organizationId').fill(org.id);
  await create.locator('textarea').fill('{"name":"Pela página"}');
  await create.getByRole('button', { name: 'Execute' }).click();
  const live = create.locator('.live-responses-table .response-col_status').last();
  await live.waitFor();
  expect(await live.innerText()).toContain('201');
  expect(complaints).toEqual([]);
  await context.close();
});
