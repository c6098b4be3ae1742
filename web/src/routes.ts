/* All pages, in one table. Each is its own chunk. To add one: a file in routes/, a line here, its address in lib/paths.ts. */
import { createRouter, type LazyRouteComponent, type Routes } from 'sv-router';
import { paths } from '$lib/paths';
import { needTexts } from '$lib/i18n/i18n.svelte';
import { ready, session } from '$lib/shell/session.svelte';

const inbox: LazyRouteComponent = () => import('./routes/Inbox.svelte');
const customers: LazyRouteComponent = () => import('./routes/Customers.svelte');
const customer: LazyRouteComponent = () => import('./routes/Customer.svelte');
const flows: LazyRouteComponent = () => late('flows', () => import('./routes/Flows.svelte'));
const flow: LazyRouteComponent = () => late('flows', () => import('./routes/Flow.svelte'));
const settings: LazyRouteComponent = () => import('./routes/Settings.svelte');
const notFound: LazyRouteComponent = () => import('./routes/NotFound.svelte');

/** A page with an area of texts that comes with it. */
async function late<T>(area: Parameters<typeof needTexts>[0], page: () => Promise<T>): Promise<T> {
  const [module] = await Promise.all([page(), needTexts(area)]);
  return module;
}

/** Pages that need no session, drawn without the shell. */
const open = /^\/(login|signup|forgot|reset\/[^/]+|invite\/[^/]+|__ui)$/;

export function isOpen(pathname: string): boolean {
  return open.test(pathname);
}

const table: Routes = {
  '/': notFound,
  '/login': () => import('./routes/Login.svelte'),
  '/signup': () => import('./routes/Signup.svelte'),
  '/forgot': () => import('./routes/Forgot.svelte'),
  '/reset/:token': () => import('./routes/Reset.svelte'),
  '/invite/:token': () => import('./routes/Invite.svelte'),
  '/inbox': inbox,
  '/inbox/:chatId': inbox,
  '/customers': customers,
  '/customers/:customerId': customer,
  '/flows': flows,
  '/flows/:flowId': flow,
  '/settings': settings,
  '/settings/:section': settings,
  '/settings/:section/:id': settings,
  ...(import.meta.env.DEV ? { '/__ui': () => import('./routes/Gallery.svelte') } : {}),
  '*': notFound,
  hooks: {
    async beforeLoad({ pathname }) {
      await ready();
      if (session.phase === 'out' && !isOpen(pathname)) {
        const wanted = location.pathname === pathname ? pathname + location.search : pathname;
        throw router.navigate('/login', { search: { next: wanted }, replace: true });
      }
      if (session.phase === 'in' && (pathname === '/' || pathname === '/login')) {
        throw router.navigate(paths.inbox(), { replace: true });
      }
    },
  },
};

export const router: ReturnType<typeof createRouter<Routes>> = createRouter(table);

/** Goes to a page; an address from lib/paths.ts, with or without a query. */
export function go(path: string, options: { replace?: boolean; state?: unknown } = {}): Promise<unknown> {
  const url = new URL(path, location.origin);
  return router.navigate(url.pathname as never, { search: url.search, hash: url.hash, ...options } as never);
}

/** The current page: pathname and params, reactive. */
export const route = {
  get pathname(): string {
    return router.route.pathname;
  },
  param(name: string): string | undefined {
    return (router.route.params as Record<string, string | undefined>)[name];
  },
  query(name: string): string | undefined {
    /* The router reads "007" as a number: taken from the address itself, once it says that the address changed. */
    void router.route.search;
    return new URLSearchParams(location.search).get(name) ?? undefined;
  },
};
