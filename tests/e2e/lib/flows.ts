/* The flow editor as people find their way in it: cards, ports, the form, the state of the draft. */
import type { Locator, Page } from 'playwright-core';
import type { Json } from '../../api/lib/client.ts';
import { ok } from '../../api/lib/client.ts';
import type { Organization } from '../../api/lib/people.ts';

export const card = (page: Page, text: string): Locator => page.locator('[data-card]').filter({ hasText: text });
export const port = (page: Page, text: string, at = 0): Locator => card(page, text).locator('.port-dot').nth(at);
export const form = (page: Page): Locator => page.locator('aside.side');
export const canvas = (page: Page): Locator => page.getByRole('region', { name: 'Desenho do fluxo' });
export const cards = (page: Page): Promise<number> => page.locator('.flow-card').count();
export const lines = (page: Page): Promise<number> => page.locator('.svelte-flow__edge').count();
export const saved = (page: Page): Promise<void> => page.getByText('Salvo agora.').waitFor();

/** Chooses in the list of blocks that is open. */
export async function insert(page: Page, what: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Buscar blocos' }).fill(what);
  await page.keyboard.press('Enter');
}

/** A new flow by the button of the list. */
export async function newFlow(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: /^Novo fluxo/ }).first().click();
  await page.getByLabel('Nome do fluxo').fill(name);
  await page.getByRole('button', { name: 'Criar fluxo' }).click();
  await card(page, 'Início').waitFor();
}

export interface Made {
  id: string;
  path: string;
  /** The draft as the server holds it now. */
  draft(): Promise<Json>;
}

/** A flow over the API, with a draft where one is given. */
export async function makeFlow(org: Organization, name: string, graph?: unknown): Promise<Made> {
  const made = ok(await org.owner.client.post(org.path('/flows'), { name, kind: 'general' }), 201);
  const id = made.str('id');
  const path = org.path(`/flows/${id}`);
  if (graph) ok(await org.owner.client.put(`${path}/draft`, { graph, revision: Number(made.get('draftRevision')) }));
  return { id, path, draft: async () => ok(await org.owner.client.get(path)).get('draft') };
}

/** A graph with what is usual left out. */
export function graphOf(nodes: readonly object[], edges: readonly object[] = []): object {
  return { format: 1, nodes, edges, groups: [], comments: [], variables: [], settings: {} };
}
