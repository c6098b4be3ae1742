/* People of the organization, their invitations and lost passwords. */
import { api, newKey } from '$lib/api/client';
import type { Id, Instant, Page, User } from '$lib/api/types';
import { urls } from '$lib/api/urls';

export interface Invitation {
  id: Id;
  email: string | null;
  roleId: Id;
  teamIds: Id[];
  createdBy: Id | null;
  createdAt: Instant;
  expiresAt: Instant;
  expired: boolean;
  link?: string;
  mailed?: boolean;
}

export interface ResetRequest {
  id: Id;
  userId: Id;
  name: string;
  email: string;
  address: string;
  createdAt: Instant;
  expiresAt: Instant;
}

export interface PersonForm {
  roleId: Id;
  capacity: string;
  teamIds: Id[];
}

export interface InviteForm {
  email: string;
  roleId: Id;
  teamIds: Id[];
}

export const people = {
  invitations: (signal?: AbortSignal) => api.get<Page<Invitation>>(urls.invitations(), { signal }),
  resets: (signal?: AbortSignal) => api.get<Page<ResetRequest>>(urls.passwordResets(), { signal }),
  invite: ({ email, ...rest }: InviteForm) =>
    api.post<Invitation>(urls.invitations(), {
      body: { ...rest, ...(email.trim() ? { email: email.trim() } : {}) },
      idempotencyKey: newKey(),
    }),
  uninvite: (id: Id) => api.delete(urls.orgInvitation(id)),
  update: (id: Id, form: PersonForm) =>
    api.patch<User>(urls.user(id), { body: { ...form, capacity: Number(form.capacity) } }),
  status: (id: Id, status: User['status']) => api.patch<User>(urls.user(id), { body: { status } }),
  remove: (id: Id) => api.delete(urls.user(id)),
  resetLink: (id: Id) => api.post<{ link: string; expiresAt: Instant }>(urls.userResetLink(id)),
};
