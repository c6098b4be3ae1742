import { api, newKey } from '$lib/api/client';
import type { Id, Page, Role } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import type { Permission, RoleForm } from './roles.rules';

/* Roles and what they may hold. */
export const roles = {
  permissions: (signal?: AbortSignal) => api.get<Page<Permission>>(urls.permissions(), { signal }),
  create: (form: RoleForm) => api.post<Role>(urls.roles(), { body: form, idempotencyKey: newKey() }),
  update: (id: Id, form: Partial<RoleForm>) => api.patch<Role>(urls.role(id), { body: form }),
  remove: (id: Id) => api.delete(urls.role(id)),
};
