/* The matrix of roles and permissions. As the server has it: the owner's role is fixed, the other built-in ones may be
   changed but not removed, one's own may be both. */
import type { Role } from '$lib/api/types';

export interface Permission {
  name: string;
  label: Record<string, string>;
  help: Record<string, string>;
}

export interface RoleForm {
  name: string;
  permissions: string[];
}

/** Groups of the matrix, by what a permission's name begins with; what is new to us goes last. */
const groupOf: Record<string, GroupName> = {
  organization: 'account',
  users: 'account',
  roles: 'account',
  teams: 'account',
  audit: 'account',
  jobs: 'account',
  channels: 'account',
  api_keys: 'account',
  customers: 'customers',
  contacts: 'customers',
  tags: 'customers',
  fields: 'customers',
  funnels: 'customers',
  chats: 'service',
  shortcuts: 'service',
  closure_types: 'service',
  flows: 'service',
};
export type GroupName = 'service' | 'customers' | 'account' | 'other';
const order: readonly GroupName[] = ['service', 'customers', 'account', 'other'];

export function groupPermissions(all: readonly Permission[]): { id: GroupName; items: Permission[] }[] {
  return order
    .map((id) => ({ id, items: all.filter((p) => (groupOf[p.name.split('.')[0] ?? ''] ?? 'other') === id) }))
    .filter((g) => g.items.length > 0);
}

export function mayEdit(role: Pick<Role, 'kind'>): boolean {
  return role.kind !== 'owner';
}

export function mayRemove(role: Pick<Role, 'kind'>): boolean {
  return role.kind === 'custom';
}

/** With the permission on or off; turning on what needs another one turns that on too, and the other way round. */
const needs: Record<string, string> = {
  'customers.edit': 'customers.view',
  'customers.merge': 'customers.view',
  'customers.delete': 'customers.view',
  'customers.export': 'customers.view',
  'chats.view_all': 'chats.view',
  'chats.reply': 'chats.view',
  'chats.assign': 'chats.view',
  'chats.close': 'chats.view',
};

export function toggled(permissions: readonly string[], name: string, on: boolean): string[] {
  const out = new Set(permissions);
  if (on) {
    out.add(name);
    const base = needs[name];
    if (base) out.add(base);
  } else {
    out.delete(name);
    for (const [dependent, base] of Object.entries(needs)) if (base === name) out.delete(dependent);
  }
  return [...out].sort();
}

/** A name that is free, for a copy. */
export function copyName(name: string, taken: readonly string[]): string {
  for (let n = 2; ; n++) if (!taken.includes(`${name} ${n}`)) return `${name} ${n}`;
}
