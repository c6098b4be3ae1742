/* API keys: what may be typed as an address list. The server checks it again. */
import type { Id, Instant } from '$lib/api/types';

export interface ApiKeyRow {
  id: Id;
  name: string;
  prefix: string;
  roleId: Id | null;
  permissions: string[];
  allowedAddresses: string[];
  ratePerMinute: number;
  createdBy: Id | null;
  createdAt: Instant;
  lastUsedAt: Instant | null;
  lastUsedFrom: string;
  /** Only in the answer that made it. */
  key?: string;
}

export interface KeyForm {
  name: string;
  /** One address or network a line. */
  addresses: string;
  by: 'role' | 'permissions';
  roleId: Id;
  permissions: string[];
  rate: string;
}

export function addressLines(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((s) => s !== ''))];
}

/** Whether it looks like an IP address or a network in CIDR notation. */
export function looksLikeNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  if (more !== undefined) return false;
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  const v6 =
    !v4 && /^[0-9a-f:]{2,39}$/i.test(address) && address.includes(':') && (address.match(/::/g) ?? []).length <= 1;
  if (!v6 && !v4?.slice(1).every((n) => Number(n) <= 255)) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (v4 ? 32 : 128));
}

export function keyBody(form: KeyForm): Record<string, unknown> {
  return {
    name: form.name.trim(),
    allowedAddresses: addressLines(form.addresses),
    ratePerMinute: Number(form.rate),
    ...(form.by === 'role' ? { roleId: form.roleId } : { permissions: form.permissions }),
  };
}
