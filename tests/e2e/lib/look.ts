/* What every page must hold: nothing that axe objects to (WCAG 2.2 A and AA, and its best practices), nothing wider than the
   window, no key of a text instead of the text. Colours are looked at in the light and in the dark. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Set to a folder: a picture of every page that is looked at, in each light. */
const pictures = process.env['E2E_PICTURES'];

interface Finding {
  id: string;
  help: string;
  nodes: { html: string; target: unknown; failureSummary?: string }[];
}

async function axe(page: Page, rules?: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  const found = await page.evaluate(async (only) => {
    const run = (window as unknown as { axe: { run(context: unknown, options: unknown): Promise<{ violations: unknown[] }> } }).axe.run;
    const options = { resultTypes: ['violations'], ...(only ? { runOnly: { type: 'rule', values: only } } : {}) };
    return (await run(document, options)).violations;
  }, rules);
  return (found as Finding[]).map((one) => {
    const nodes = one.nodes.slice(0, 3).map((node) => `${JSON.stringify(node.target)} ${node.html.slice(0, 160)} | ${(node.failureSummary ?? '').replace(/\s+/g, ' ').slice(0, 240)}`);
    return `${one.id} (${one.help}), ${one.nodes.length}×: ${nodes.join(' || ')}`;
  });
}

/** Elements that reach over the window's right edge without a box of their own that scrolls. */
export function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const root = document.scrollingElement ?? document.documentElement;
    return root.scrollWidth > root.clientWidth + 1 ? [`the page is ${root.scrollWidth} px wide in a window of ${root.clientWidth}`] : [];
  });
}

/** Keys that no text was found for, as they would stand on the page. */
export async function keys(page: Page): Promise<string[]> {
  const text = await page.evaluate(() => `${document.title}\n${document.body.innerText}\n${[...document.querySelectorAll('[aria-label],[title],[placeholder]')].map((e) => ['aria-label', 'title', 'placeholder'].map((a) => e.getAttribute(a) ?? '').join('\n')).join('\n')}`);
  return [...text.matchAll(/(?<![\w@./-])(?:auth|channels|customers|errors|flows|inbox|settings|shell|ui|webhooks)\.[a-z][\w.]*(?![\w/@])/g)].map((match) => `the key ${match[0]} stands on the page`);
}

/** Everything at once, light then dark; what is wrong, each with the page's name. */
export async function look(page: Page, name: string): Promise<string[]> {
  const wrong: string[] = [];
  // A phone has the colours of the desk: in the dark only for its picture.
  const dark = pictures !== undefined || (page.viewportSize()?.width ?? 0) > 720;
  for (const colorScheme of dark ? (['light', 'dark'] as const) : (['light'] as const)) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const found = colorScheme === 'light' ? await axe(page) : await axe(page, ['color-contrast']);
    if (colorScheme === 'light') found.push(...(await tooWide(page)), ...(await keys(page)));
    wrong.push(...found.map((text) => `${name}, ${colorScheme}: ${text}`));
    if (pictures) await page.screenshot({ path: resolve(pictures, `${name.replace(/[^\p{L}\d]+/gu, '-')}-${colorScheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  return wrong;
}
