/* Chromium for tests, without what it would ask of the internet. Everything that it complains about is collected: a test
   that ends with complaints (a refused script, an uncaught error) has failed. */
import { type Browser, type BrowserContext, type BrowserContextOptions, type Page, chromium } from 'playwright-core';

export const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A microphone that beeps, for who records.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: executable, args });
}

export interface Tab {
  context: BrowserContext;
  page: Page;
  /** Errors of the console and uncaught ones, as they came. */
  complaints: string[];
}

/** A window of its own: no cookies shared with others. */
export async function open(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { context, page, complaints };
}
