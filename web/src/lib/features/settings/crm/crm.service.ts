/* Tags, custom fields, funnels with their stages: what the organization sets up for its customers. */
import { api, newKey } from '$lib/api/client';
import type { CustomField, FieldKind, Funnel, Id, Stage, TagDef } from '$lib/api/types';
import { urls } from '$lib/api/urls';

interface Done<T> {
  success: boolean;
  data: T;
}

export interface TagForm {
  name: string;
  color: string;
}

export const tags = {
  create: async (form: TagForm) =>
    (await api.post<Done<TagDef>>(urls.tags(), { body: form, idempotencyKey: newKey() })).data,
  update: async (id: Id, form: TagForm) => (await api.put<Done<TagDef>>(urls.tag(id), { body: form })).data,
  remove: (id: Id) => api.delete(urls.tag(id)),
};

export interface FieldBody {
  name: string;
  slug?: string;
  kind?: FieldKind;
  options?: { id?: Id; label: string; color?: string | null }[];
  required?: CustomField['required'];
  help?: string;
  position?: number;
}

export const fields = {
  create: (body: FieldBody) => api.post<CustomField>(urls.fields(), { body, idempotencyKey: newKey() }),
  update: (id: Id, body: Partial<FieldBody>) => api.patch<CustomField>(urls.field(id), { body }),
  remove: (id: Id) => api.delete(urls.field(id)),
};

export interface StageBody {
  name: string;
  color: string;
  kind: Stage['kind'];
  position?: number;
}

export const funnels = {
  create: (name: string, stages: StageBody[]) =>
    api.post<Funnel>(urls.funnels(), { body: { name, stages }, idempotencyKey: newKey() }),
  update: (id: Id, body: { name?: string; position?: number }) => api.patch<Funnel>(urls.funnel(id), { body }),
  remove: (id: Id, moveToId?: Id) => api.delete(urls.funnel(id), { query: { moveToId } }),
  addStage: (id: Id, body: StageBody) => api.post<Stage>(urls.funnelStages(id), { body, idempotencyKey: newKey() }),
  updateStage: (id: Id, body: Partial<StageBody>) => api.patch<Stage>(urls.stage(id), { body }),
  removeStage: (id: Id, moveToId?: Id) => api.delete(urls.stage(id), { query: { moveToId } }),
};
