/* Flows over the API. */
import { api, newKey } from '$lib/api/client';
import type { Id, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import type {
  Data,
  Fault,
  Flow,
  FlowItem,
  FlowKind,
  Functions,
  Graph,
  Missing,
  NodeRow,
  Problem,
  RecordedTest,
  Saved,
  Session,
  SessionDetail,
  Stats,
  Template,
  TestResult,
  TriggerRow,
  Version,
  VersionGraph,
} from './types';

interface Items<T> {
  items: T[];
}

export interface NewTest {
  channelKind: string;
  customer?: { name?: string; phone?: string; email?: string } | undefined;
  httpReal: boolean;
  trigger?: { kind: string; text?: string } | undefined;
}

/** The address of a webhook trigger. */
export interface Hook {
  triggerId: string;
  url: string;
  secretSet: boolean;
  listeningUntil: string | null;
  lastCallAt: string | null;
  /** Only in the answer that made it. */
  secret?: string;
}

/** What a request of a card brought when it was tried. */
export interface HttpTried {
  request: { method: string; url: string; headers: readonly { name: string; value: string }[]; body: string | null };
  ok: boolean;
  /** 0: no answer. */
  status: number;
  body: string;
  bodyTruncated: boolean;
  tookMs: number;
  error: Fault | null;
  sets: readonly { variable: string; value?: unknown; path: string | null; found: boolean; error: Fault | null }[];
}

export interface HookCall {
  id: string;
  at: string;
  /** What was answered. */
  status: number;
  /** Why it was refused, or what became of it. */
  code: string;
  method?: string;
  body?: unknown;
}

export const flowsApi = {
  list: (signal?: AbortSignal) => api.get<Items<FlowItem>>(urls.flows(), { signal }).then((x) => x.items),
  get: (id: Id, signal?: AbortSignal) => api.get<Flow>(urls.flow(id), { signal }),
  create: (body: { name: string; kind: FlowKind; templateId?: string | undefined; language?: string }) =>
    api.post<Flow>(urls.flows(), { body, idempotencyKey: newKey() }),
  change: (id: Id, body: { name?: string; enabled?: boolean; priority?: number }) =>
    api.patch<FlowItem>(urls.flow(id), { body }),
  remove: (id: Id) => api.delete(urls.flow(id)),
  duplicate: (id: Id) => api.post<Flow>(urls.flowDuplicate(id), { idempotencyKey: newKey() }),
  exported: (id: Id) => api.get<Record<string, unknown>>(urls.flowExport(id)),
  imported: (file: unknown) =>
    api.post<{ flowId: Id; missing: Missing[] }>(urls.flowsImport(), { body: { file }, idempotencyKey: newKey() }),
  templates: (signal?: AbortSignal) => api.get<Items<Template>>(urls.flowTemplates(), { signal }).then((x) => x.items),

  nodes: () => api.get<Items<NodeRow>>(urls.flowNodes()).then((x) => x.items),
  triggers: () => api.get<Items<TriggerRow>>(urls.flowTriggers()).then((x) => x.items),
  functions: () => api.get<Functions>(urls.flowFunctions()),
  checkExpression: (body: { expression: string } | { template: string }, signal?: AbortSignal) =>
    api.post<{ ok: boolean; error?: { at: number; code: string; message: string } | null }>(
      urls.flowExpressionCheck(),
      { body, signal },
    ),

  save: (id: Id, graph: Graph, revision: number) =>
    api.put<Saved>(urls.flowDraft(id), {
      body: { graph, revision },
      keepalive: document.visibilityState === 'hidden',
    }),
  check: (id: Id) => api.post<{ problems: Problem[] }>(urls.flowCheck(id)),
  /** force: also when recorded tests do not pass (409 FLOW_TESTS_FAILED with `tests`). */
  publish: (id: Id, note: string, force = false) =>
    api.post<{ version: number; flow: FlowItem }>(urls.flowPublish(id), {
      body: force ? { note, force } : { note },
      idempotencyKey: newKey(),
      timeoutMs: 120_000,
    }),
  versions: (id: Id, cursor: string | null, signal?: AbortSignal) =>
    api.get<Page<Version>>(urls.flowVersions(id), { query: { cursor, limit: 50 }, signal }),
  version: (id: Id, number: number, signal?: AbortSignal) =>
    api.get<VersionGraph>(urls.flowVersion(id, number), { signal }),
  restore: (id: Id, number: number) => api.post<Flow>(urls.flowRestore(id, number)),

  sessions: (
    id: Id,
    query: { status?: string; from?: string; to?: string; search?: string; cursor?: string | null },
    signal?: AbortSignal,
  ) => api.get<Page<Session>>(urls.flowSessions(id), { query: { ...query, limit: 50 }, signal }),
  session: (id: Id, signal?: AbortSignal) => api.get<SessionDetail>(urls.flowSession(id), { signal }),
  act: (id: Id, action: 'stop' | 'retry' | 'pause' | 'resume') => api.post<unknown>(urls.flowSessionAction(id, action)),
  stats: (id: Id, query: { from?: string | undefined; to?: string | undefined }, signal?: AbortSignal) =>
    api.get<Stats>(urls.flowStats(id), { query, signal }),

  tryHttp: (id: Id, body: { data: Data; variables: Record<string, unknown>; customer: Record<string, string> }) =>
    api.post<HttpTried>(urls.flowHttpTest(id), { body, timeoutMs: 90_000 }),

  hook: (id: Id, triggerId: string) => api.get<Hook>(urls.flowHook(id, triggerId)),
  hookSecret: (id: Id, triggerId: string) => api.post<Hook>(urls.flowHook(id, triggerId, '/secret')),
  listen: (id: Id, triggerId: string) => api.post<unknown>(urls.flowHook(id, triggerId, '/listen')),
  heard: (id: Id, triggerId: string) =>
    api.get<{ listeningUntil: string | null; calls: HookCall[] }>(urls.flowHook(id, triggerId, '/listen')),

  startTest: (id: Id, body: NewTest) => api.post<SessionDetail>(urls.flowTestSession(id), { body }),
  say: (id: Id, body: { text?: string; optionId?: string; fileId?: Id }) =>
    api.post<SessionDetail>(urls.flowSessionAction(id, 'say'), { body }),
  skip: (id: Id) => api.post<SessionDetail>(urls.flowSessionAction(id, 'skip')),
  answerHttp: (id: Id, body: { status: number; body: string }) =>
    api.post<SessionDetail>(urls.flowSessionAction(id, 'answer-http'), { body }),
  tests: (id: Id, signal?: AbortSignal) =>
    api.get<Items<RecordedTest>>(urls.flowTests(id), { signal }).then((x) => x.items),
  saveTest: (id: Id, body: { name: string; sessionId: Id }) => api.post<RecordedTest>(urls.flowTests(id), { body }),
  removeTest: (id: Id, testId: Id) => api.delete(urls.flowTest(id, testId)),
  runTests: (id: Id) =>
    api
      .post<Items<TestResult & { id: Id }>>(urls.flowTestsRun(id), { timeoutMs: 120_000 })
      .then((x) => new Map(x.items.map((r) => [r.id, r]))),
};
