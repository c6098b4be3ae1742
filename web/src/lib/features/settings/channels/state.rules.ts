/* What the state of a connected account is called, and what is worth a warning. */
import type { Instant } from '$lib/api/types';
import type { ChannelError, ChannelRow, ChannelState } from './channels.types';

/** The kinds in the order that people think of them; others after them. */
export const kindOrder: readonly string[] = ['whatsapp', 'instagram', 'messenger', 'email', 'webchat'];

const place = (kind: string) => {
  const at = kindOrder.indexOf(kind);
  return at < 0 ? kindOrder.length : at;
};

export function byKind<T extends { kind: string }>(list: readonly T[], name: (x: T) => string = () => ''): T[] {
  return [...list].sort((a, b) => place(a.kind) - place(b.kind) || name(a).localeCompare(name(b)));
}

export const looks: Record<ChannelState, string> = {
  connected: 'ok',
  reconnecting: 'warn',
  disconnected: 'danger',
  paused: 'hollow',
};

const day = 86_400_000;
/** From when on somebody should renew an access by hand. */
export const tokenWarnDays = 10;

/** Whole days until the access ends; 0: it has ended or ends today; undefined: nothing to say yet. */
export function tokenDays(expiresAt: Instant | null | undefined, now: number): number | undefined {
  if (!expiresAt) return undefined;
  const days = Math.floor((new Date(expiresAt).getTime() - now) / day);
  return days > tokenWarnDays ? undefined : Math.max(0, days);
}

/** What went wrong last, while it still matters: a working account's old failure is history. */
export function currentError(c: Pick<ChannelRow, 'status' | 'lastError' | 'statusReason'>): ChannelError | undefined {
  if (c.lastError) return c.lastError;
  if (c.status === 'connected' || c.status === 'paused' || !c.statusReason) return undefined;
  return { code: c.statusReason, message: c.statusReason, at: '' };
}

/** Codes that only new secrets mend. */
export function needsSecrets(code: string | undefined): boolean {
  return code !== undefined && /TOKEN|PASSWORD|LOGIN|AUTH|PERMISSION|RECONNECT|SECRET/.test(code);
}

export type Tone = 'ok' | 'warn' | 'danger' | '';

/** The platform's rating of a number, as a colour. */
export function ratingTone(rating: string | undefined): Tone {
  switch (rating?.toUpperCase()) {
    case 'GREEN':
    case 'HIGH':
      return 'ok';
    case 'YELLOW':
    case 'MEDIUM':
      return 'warn';
    case 'RED':
    case 'LOW':
      return 'danger';
    default:
      return '';
  }
}

export function nameTone(status: string | undefined): Tone {
  switch (status?.toUpperCase()) {
    case 'APPROVED':
    case 'AVAILABLE_WITHOUT_REVIEW':
      return 'ok';
    case 'DECLINED':
    case 'EXPIRED':
    case 'REJECTED':
      return 'danger';
    case undefined:
    case 'NONE':
      return '';
    default:
      return 'warn';
  }
}

/** "TIER_1K" → how many people a day; undefined: no limit or not known. */
export function tierLimit(tier: string | undefined): number | undefined {
  const m = /(?:TIER_)?(\d+)(K?)$/i.exec(tier ?? '');
  return m ? Number(m[1]) * (m[2] ? 1000 : 1) : undefined;
}

export function tierUnlimited(tier: string | undefined): boolean {
  return /UNLIMITED/i.test(tier ?? '');
}
