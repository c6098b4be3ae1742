import { api, newKey } from '$lib/api/client';
import type { Id, Team } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { type Hours, readHours } from '../parts/hours.rules';

export type Distribution = 'manual' | 'least_open' | 'round_robin';

/* Teams: who is in them in which order, when they work, how new chats are shared. */
export interface TeamForm {
  name: string;
  color: string;
  leaderId: Id;
  memberIds: Id[];
  distribution: Distribution;
  hours: Hours | null;
}

export function formOf(team: Team | undefined): TeamForm {
  return {
    name: team?.name ?? '',
    color: team?.color ?? '#5a4fd6',
    leaderId: team?.leaderId ?? '',
    memberIds: team?.memberIds ?? [],
    distribution: (team?.distribution as Distribution | undefined) ?? 'manual',
    hours: readHours(team?.hours),
  };
}

const body = (form: TeamForm) => ({ ...form, name: form.name.trim(), leaderId: form.leaderId || null });

export const teams = {
  create: (form: TeamForm) => api.post<Team>(urls.teams(), { body: body(form), idempotencyKey: newKey() }),
  update: (id: Id, form: TeamForm) => api.patch<Team>(urls.team(id), { body: body(form) }),
  remove: (id: Id) => api.delete(urls.team(id)),
};
