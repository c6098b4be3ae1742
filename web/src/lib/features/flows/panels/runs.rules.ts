/* How the state of a session looks and what it waits for. */
import { dateTime } from '$lib/i18n/format.svelte';
import { t } from '$lib/i18n/i18n.svelte';
import type { Session, SessionStatus } from '../types';

export const statusLook: Record<SessionStatus, string> = {
  running: 'info',
  waiting: 'accent',
  paused: 'hollow',
  done: 'ok',
  failed: 'danger',
  stopped: 'warn',
};

export function waitText(s: Pick<Session, 'status' | 'wait' | 'nodeName'>): string | undefined {
  if (s.status !== 'waiting' || !s.wait) return undefined;
  const at = s.nodeName ? `${s.nodeName}: ` : '';
  if (s.wait.kind === 'answer') return at + t('flows.waitFor.answer');
  if (s.wait.kind === 'http') return at + t('flows.waitFor.http');
  if (s.wait.until) return at + t('flows.waitFor.timer', { when: dateTime(s.wait.until) });
  return at + t('flows.waitFor.other');
}
