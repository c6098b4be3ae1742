/* The draft's way to the server: saved shortly after a change, one call at a time; again and again while the server is
   away; held back where somebody else saved meanwhile. What a closed tab could not send waits in this browser. */
import { untrack } from 'svelte';
import { ApiError } from '$lib/api/error';
import type { Id, Instant } from '$lib/api/types';
import { errorText } from '$lib/shell/report';
import { flowsApi } from './api';
import { same } from './diff.rules';
import { emptyGraph, readGraph } from './graph.rules';
import type { Flow, Graph, Saved } from './types';
import { dropUnsent, keepUnsent } from './unsent';

export type SaveState = 'saved' | 'dirty' | 'saving' | 'offline' | 'failed' | 'conflict';

export interface Conflict {
  by: Id | null;
  at: Instant | null;
  revision: number;
}

const saveAfterMs = 900;
const retryMs = 4000;

export class Draft {
  status: { state: SaveState; at: Instant | undefined; reason?: string } = $state.raw({
    state: 'saved',
    at: undefined,
  });
  conflict: Conflict | undefined = $state.raw();
  revision = 0;

  readonly #flowId: Id;
  readonly #graph: () => Graph;
  readonly #took: (done: Saved) => void;
  #saved: Graph = emptyGraph;
  /** Sent since the server last answered: one of them may have arrived although nobody said so. */
  #sent: Graph[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  #ended = false;

  constructor(flowId: Id, graph: () => Graph, took: (done: Saved) => void) {
    this.#flowId = flowId;
    this.#graph = graph;
    this.#took = took;
  }

  get dirty(): boolean {
    return this.#graph() !== this.#saved;
  }

  /** The server holds this graph: `flow` is as it was read, `graph` the same as the page's value. */
  begin(flow: Flow, graph: Graph): void {
    this.revision = flow.draftRevision;
    this.#saved = graph;
    this.#sent = [];
    this.status = { state: 'saved', at: flow.draftAt ?? undefined };
    this.conflict = undefined;
  }

  /** Something changed: saved in a moment. */
  later(): void {
    if (this.status.state === 'conflict') return;
    if (this.status.state !== 'saving') this.status = { ...this.status, state: 'dirty' };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), saveAfterMs);
  }

  /** Saves what is there now; resolves when the server has it, or when it cannot be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#running ??= this.#saveAll().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** The editor is left. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.leave();
    if (this.dirty && this.status.state !== 'conflict') void this.flush();
  }

  /** The page may be gone in the next moment: what is not saved is kept here, until a save arrives. */
  leave(): void {
    if (this.dirty) keepUnsent(this.#flowId, { revision: this.revision, graph: this.#graph() });
  }

  holdBack(conflict: Conflict): void {
    clearTimeout(this.#timer);
    this.conflict = conflict;
    this.status = { ...this.status, state: 'conflict' };
  }

  async #saveAll(): Promise<void> {
    while (this.dirty && this.status.state !== 'conflict') {
      const graph = untrack(() => this.#graph());
      this.status = { ...this.status, state: 'saving' };
      try {
        this.#sent.push(graph);
        const done = await flowsApi.save(this.#flowId, graph, this.revision);
        this.#arrived(graph, done.revision);
        this.status = { state: this.dirty ? 'dirty' : 'saved', at: done.savedAt };
        this.#took(done);
      } catch (e) {
        if (!(await this.#failed(e))) return;
      }
    }
  }

  #arrived(graph: Graph, revision: number): void {
    this.revision = revision;
    this.#saved = graph;
    this.#sent = [];
    if (!this.dirty) dropUnsent(this.#flowId);
  }

  /** True: go on saving. */
  async #failed(e: unknown): Promise<boolean> {
    if (e instanceof ApiError && e.code === 'REVISION_CONFLICT') {
      if (await this.#wasMine()) return true;
      const body = (e.body ?? {}) as { by?: Id; at?: Instant; revision?: number };
      this.holdBack({ by: body.by ?? null, at: body.at ?? null, revision: body.revision ?? 0 });
    } else if (e instanceof ApiError && e.retryable) {
      this.status = { ...this.status, state: 'offline' };
      this.leave();
      if (!this.#ended) this.#timer = setTimeout(() => void this.flush(), retryMs);
    } else {
      this.status = { ...this.status, state: 'failed', reason: errorText(e) };
      this.leave();
    }
    return false;
  }

  /** A save whose answer was lost on its way makes the next one look like somebody else's. */
  async #wasMine(): Promise<boolean> {
    if (this.#sent.length < 2) return false;
    try {
      const flow = await flowsApi.get(this.#flowId);
      const theirs = readGraph(flow.draft);
      const mine = this.#sent.find((g) => same(g, theirs));
      if (!mine) return false;
      this.#arrived(mine, flow.draftRevision);
      return true;
    } catch {
      return false;
    }
  }
}
