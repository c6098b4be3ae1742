/* The templates of an account that can be sent: asked for when the choice opens, anew after the server says they changed. */
import { api } from '$lib/api/client';
import type { Id, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { on } from '$lib/events/events.svelte';
import type { TemplateRow } from '../settings/channels/channels.types';
import { sendable } from './templates.rules';

const known = new Map<Id, { at: number; rows: Promise<TemplateRow[]> }>();
const fresh = 60_000;

on('settings.changed', () => known.clear());

export function templatesOf(channelId: Id): Promise<TemplateRow[]> {
  const have = known.get(channelId);
  if (have && Date.now() - have.at < fresh) return have.rows;
  const rows = api
    .get<Page<TemplateRow>>(urls.templates(), { query: { channelId } })
    .then((p) => p.items.filter(sendable))
    .catch((e: unknown) => {
      known.delete(channelId);
      throw e;
    });
  known.set(channelId, { at: Date.now(), rows });
  return rows;
}
