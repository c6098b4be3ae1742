/* What the tests in the browser share: one server and one Chromium for a file, people at their screens, visitors on a page of
   somebody else. Everything that a page complains about on its console (a refused script, an uncaught error) fails the file
   at its end, unless the test said that it would (expectComplaints). */
import { type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type Tab, launch, open } from '../../api/lib/browser.ts';
import type { Client } from '../../api/lib/client.ts';
import { ok } from '../../api/lib/client.ts';
import type { Organization } from '../../api/lib/people.ts';
import { unique } from '../../api/lib/people.ts';
import { Server, type ServerOptions } from '../../api/lib/server.ts';
import { makeDemo, removeDemo } from './demo.ts';
import { Site } from './site.ts';

export const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
export const narrow: BrowserContextOptions = { ...phone, viewport: { width: 360, height: 740 } };
export const desktop: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };

/** Long enough for two busy cores under the sanitizers; nothing here waits without a condition. */
export const patience = 40_000;

/** Pictures of what the screens showed when a test failed. */
const pictures = resolve(import.meta.dirname, '../../../build/test-results/e2e');

export interface Screen {
  context: BrowserContext;
  page: Page;
}

export class Stage {
  private started: { server: Server; browser: Browser; site: Site } | undefined;
  private readonly tabs: Tab[] = [];
  /** Asking who is signed in is answered 401 when nobody is; the browser notes that by itself. */
  private allowed: RegExp[] = [/status of 401 .*\/api\/me\)$/];

  private get parts(): { server: Server; browser: Browser; site: Site } {
    if (!this.started) throw new Error('the stage is not set up yet');
    return this.started;
  }
  get server(): Server {
    return this.parts.server;
  }
  get browser(): Browser {
    return this.parts.browser;
  }
  /** A web site of another origin, where the web chat's tag stands. */
  get site(): Site {
    return this.parts.site;
  }
  get url(): string {
    return this.server.url;
  }

  async start(options: ServerOptions): Promise<void> {
    const [server, browser, site] = await Promise.all([Server.start(options), launch(), Site.start()]);
    this.started = { server, browser, site };
  }

  /** From now on pages of this file may say such things: the network is cut, a request is refused on purpose. */
  expectComplaints(...patterns: RegExp[]): void {
    this.allowed = [...this.allowed, ...patterns];
  }

  /** What no test expected. */
  complaints(): string[] {
    return this.tabs.flatMap((tab) => tab.complaints).filter((text) => !this.allowed.some((pattern) => pattern.test(text)));
  }

  /** A window without a login. */
  async window(options: BrowserContextOptions = desktop): Promise<Screen> {
    const tab = await open(this.browser, { locale: 'pt-BR', timezoneId: 'America/Sao_Paulo', colorScheme: 'light', ...options });
    tab.page.setDefaultTimeout(patience);
    this.tabs.push(tab);
    return tab;
  }

  /** A window in which this person is signed in, on a page of the interface. */
  async person(client: Client, path = '/inbox', options: BrowserContextOptions = desktop): Promise<Screen> {
    const screen = await this.window(options);
    await signIn(screen.context, client);
    await screen.page.goto(`${this.url}${path}`);
    return screen;
  }

  /** A window of a visitor, on a page of another origin that carries the web chat's tag. */
  async visitor(channelKey: string, options: BrowserContextOptions = desktop, attributes = ''): Promise<Screen> {
    const screen = await this.window(options);
    await screen.page.goto(this.site.page(`<script src="${this.url}/widget.js" data-channel="${channelKey}" ${attributes} async></script>`));
    return screen;
  }

  /** Pictures of all windows, for who looks for what went wrong. */
  async photograph(name: string): Promise<void> {
    const base = name.replace(/[^\p{L}\d]+/gu, '-').slice(0, 60);
    for (const [i, tab] of this.tabs.entries())
      if (!tab.page.isClosed()) await tab.page.screenshot({ path: `${pictures}/${base}-${i}.png`, timeout: 5000 }).catch(() => undefined);
  }

  async stop(): Promise<void> {
    await this.started?.browser.close();
    await this.started?.site.stop();
    const failures = this.started?.server.logLines().filter((line) => Number(line['status']) >= 500) ?? [];
    await this.started?.server.stop();
    // The words first: a report has room for one line.
    expect(failures, JSON.stringify(failures)).toEqual([]);
    expect(this.complaints(), JSON.stringify(this.complaints())).toEqual([]);
  }
}

/** The stage of a test file, up before its first test and down after its last. demo: with the demonstration's data. */
export function stage(options: ServerOptions & { demo?: boolean } = {}): Stage {
  const { demo, ...rest } = options;
  const self = new Stage();
  let data: string | undefined;
  beforeAll(async () => {
    if (demo) data = await makeDemo();
    await self.start(data === undefined ? rest : { ...rest, dataDir: data });
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await self.photograph(task.name);
  });
  afterAll(async () => {
    try {
      await self.stop();
    } finally {
      if (data !== undefined) removeDemo(data);
    }
  });
  return self;
}

/** The login of an API client, in a browser. */
export async function signIn(context: BrowserContext, client: Client): Promise<void> {
  const cookies = client.cookieHeader.split('; ').map((pair) => {
    const at = pair.indexOf('=');
    return { name: pair.slice(0, at), value: pair.slice(at + 1), url: client.base };
  });
  await context.addCookies(cookies);
}

/** A web chat of the organization: its public key. */
export async function makeWebchat(org: Organization, settings: Record<string, unknown> = {}, name = 'Loja'): Promise<{ id: string; key: string }> {
  const answer = ok(await org.owner.client.post(org.path('/channels'), { kind: 'webchat', name, settings }), 201);
  return { id: answer.str('id'), key: answer.str('publicKey') };
}

/** A name that no other test uses, in words that a person could have. */
export const nameOf = (first: string): string => `${first} ${unique()}`;
