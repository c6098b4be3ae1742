/* Addresses of pages, once. `go(paths.chat(id))` and `<a href={paths.customer(id)}>`. The table of pages is in routes.ts. */

const q = encodeURIComponent;

type Path = `/${string}`;

export const paths = {
  home: (): Path => '/',
  login: (next?: string): Path => (next && next !== '/' ? `/login?next=${q(next)}` : '/login'),
  signup: (): Path => '/signup',
  forgot: (): Path => '/forgot',
  inbox: (): Path => '/inbox',
  chat: (id: string): Path => `/inbox/${q(id)}`,
  customers: (): Path => '/customers',
  customer: (id: string): Path => `/customers/${q(id)}`,
  flows: (): Path => '/flows',
  flow: (id: string): Path => `/flows/${q(id)}`,
  settings: (section?: string, id?: string): Path =>
    `/settings${section ? `/${q(section)}` : ''}${id ? `/${q(id)}` : ''}`,
};
