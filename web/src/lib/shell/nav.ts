/* The areas of the product, in the order of the rail. To add one: a line here, its route in routes.ts, its text shell.<id>. */
import type { IconName } from '$lib/ui/icons';
import { paths } from '$lib/paths';
import { can } from './session.svelte';

export interface Area {
  id: 'inbox' | 'customers' | 'flows' | 'settings';
  icon: IconName;
  href: string;
  /** Second key after g. */
  key: string;
  permission?: string;
  /** Stands before a rule in the rail. */
  last?: boolean;
  /** On a phone in the menu, not in the bar of five. */
  aside?: boolean;
}

const all: readonly Area[] = [
  { id: 'inbox', icon: 'inbox', href: paths.inbox(), key: 'i', permission: 'chats.view' },
  { id: 'customers', icon: 'users', href: paths.customers(), key: 'c', permission: 'customers.view' },
  {
    id: 'flows',
    icon: 'workflow',
    href: paths.flows(),
    key: 'f',
    permission: 'flows.view',
    last: true,
    aside: true,
  },
  { id: 'settings', icon: 'settings', href: paths.settings(), key: 's' },
];

/** The areas my role may use. */
export function areas(): Area[] {
  return all.filter((a) => can(a.permission));
}

/** The area a path belongs to. */
export function areaOf(pathname: string): Area | undefined {
  return all.find((a) => pathname === a.href || pathname.startsWith(`${a.href}/`));
}
