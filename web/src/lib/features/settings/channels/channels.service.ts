import { api, newKey } from '$lib/api/client';
import type { Id, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import type {
  ChannelRow,
  CheckResult,
  Draft,
  KindInfo,
  LogEntry,
  LogItem,
  OauthAccount,
  TemplateRow,
} from './channels.types';
import type { TemplateBody } from './template.rules';
import { bodyOf, type WebchatForm } from './webchat.rules';

/* Looking whether an account works asks the platform several things, one after the other. */
const slow = { timeoutMs: 90_000 };

export interface ChannelChange {
  name?: string;
  address?: string;
  settings?: Record<string, unknown>;
  defaultTeamId?: Id | null;
  defaultStageId?: Id | null;
  greeting?: Record<string, string>;
  away?: Record<string, string>;
  hours?: unknown;
}

export interface LogQuery {
  direction?: string;
  state?: string;
  search?: string;
  cursor?: string | null;
  limit?: number;
}

/* Connected accounts. */
export const channels = {
  list: (signal?: AbortSignal) => api.get<Page<ChannelRow>>(urls.channels(), { signal }),
  kinds: async (signal?: AbortSignal) => {
    const answer = await api.get<KindInfo[] | Page<KindInfo>>(urls.channelKinds(), { signal });
    return Array.isArray(answer) ? answer : answer.items;
  },
  get: (id: Id, signal?: AbortSignal) => api.get<ChannelRow>(urls.channel(id), { signal }),
  connectWebchat: (form: WebchatForm) =>
    api.post<ChannelRow>(urls.channels(), { body: { kind: 'webchat', ...bodyOf(form) }, idempotencyKey: newKey() }),
  connect: (draft: Draft, key: string) =>
    api.post<ChannelRow>(urls.channels(), { body: draft, idempotencyKey: key, ...slow }),
  updateWebchat: (id: Id, form: WebchatForm) => api.patch<ChannelRow>(urls.channel(id), { body: bodyOf(form) }),
  update: (id: Id, change: ChannelChange) => api.patch<ChannelRow>(urls.channel(id), { body: change, ...slow }),
  checkDraft: (draft: Draft) => api.post<CheckResult>(urls.channelsCheck(), { body: draft, ...slow }),
  check: (id: Id) => api.post<CheckResult>(urls.channelCheck(id), slow),
  reconnect: (id: Id, body: { secrets?: Record<string, unknown>; ticket?: string; accountId?: string }) =>
    api.post<ChannelRow>(urls.channelReconnect(id), { body, ...slow }),
  pause: (id: Id) => api.post<ChannelRow>(urls.channelPause(id)),
  resume: (id: Id) => api.post<ChannelRow>(urls.channelResume(id), slow),
  remove: (id: Id) => api.delete(urls.channel(id), slow),
};

/* Signing in at the platform, in a window of its own. */
export const oauth = {
  start: (kind: string, redirect: string) =>
    api.get<{ url: string; state: string }>(urls.channelOauthStart(kind), { query: { redirect } }),
  finish: (kind: string, body: { code: string; state: string; redirectUri: string }) =>
    api.post<{ ticket: string; accounts: OauthAccount[] }>(urls.channelOauth(kind), { body, ...slow }),
};

/* What came in and what was asked of the outside. */
export const log = {
  list: (id: Id, query: LogQuery, signal?: AbortSignal) =>
    api.get<Page<LogItem>>(urls.channelLog(id), { query: { ...query }, signal }),
  entry: (id: Id, entryId: Id, signal?: AbortSignal) =>
    api.get<LogEntry>(urls.channelLogEntry(id, entryId), { signal }),
  replay: (id: Id, entryId: Id) => api.post<void>(urls.channelLogReplay(id, entryId)),
};

/* Messages that a platform approves beforehand. */
export const templates = {
  list: (id: Id, signal?: AbortSignal) => api.get<Page<TemplateRow>>(urls.channelTemplates(id), { signal }),
  sync: (id: Id) => api.post<unknown>(urls.channelTemplatesSync(id), slow),
  create: (id: Id, body: TemplateBody, key: string) =>
    api.post<TemplateRow>(urls.channelTemplates(id), { body, idempotencyKey: key, ...slow }),
  remove: (id: Id, templateId: Id) => api.delete(urls.channelTemplate(id, templateId), slow),
};
