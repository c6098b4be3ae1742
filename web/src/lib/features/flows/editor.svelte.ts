/* The state of one open editor: the graph with its history, what is chosen, problems, the draft's saving, who else is
   here, numbers and paths that the canvas shows. All edits go through edit(); all saving through the one loop of save(). */
import { getContext, setContext, untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { ApiError, isAborted } from '$lib/api/error';
import type { Id, Instant } from '$lib/api/types';
import { on, onReload, tell } from '$lib/events/events.svelte';
import { dayKey } from '$lib/i18n/format.svelte';
import { t } from '$lib/i18n/i18n.svelte';
import { errorText, report } from '$lib/shell/report';
import { can, lookup, myId } from '$lib/shell/session.svelte';
import { toast } from '$lib/ui/toast.svelte';
import { flowsApi } from './api';
import { byNode, checkGraph, merged } from './check.rules';
import { copyText, paste, readClip } from './clipboard.rules';
import {
  addNode,
  allowed,
  connect,
  emptyGraph,
  idsOf,
  insertOn,
  isMain,
  limits,
  newNode,
  place,
  portsOf,
  readGraph,
  remove,
  rowOf,
  setField,
  setNode,
  spotAfter,
  freeSpot,
  type Port,
  type Sizes,
} from './graph.rules';
import { begin, canRedo, canUndo, commit, type History, redo, undo } from './history.rules';
import { newId } from './ids';
import { layout } from './layout.rules';
import { statsByNode, type Path } from './trace.rules';
import type { Flow, FlowItem, Functions, Graph, GraphNode, NodeRow, NodeStats, Problem, Rows, Version } from './types';

export type Panel = 'none' | 'problems' | 'versions' | 'runs' | 'settings';
export type SaveState = 'saved' | 'dirty' | 'saving' | 'offline' | 'failed' | 'conflict';
type EditName =
  | 'add'
  | 'connect'
  | 'remove'
  | 'move'
  | 'field'
  | 'rename'
  | 'paste'
  | 'duplicate'
  | 'tidy'
  | 'align'
  | 'group'
  | 'comment'
  | 'variables'
  | 'settings'
  | 'resize'
  | 'restore';

const saveAfterMs = 900;
const retryMs = 4000;
const presenceMs = 50_000;
const sayAgainMs = 20_000;

/** What the canvas is told to do; the number makes every asking new. */
export interface Ask {
  n: number;
  what: 'show' | 'fit' | 'focus';
  ids?: readonly string[];
}

export class Editor {
  readonly flowId: Id;
  rows: Rows = $state.raw({ nodes: [], triggers: [] });
  functions: Functions | undefined = $state.raw();
  flow: FlowItem | undefined = $state.raw();
  published: Flow['published'] = $state.raw(null);
  loadError: unknown = $state.raw();
  history: History<Graph> = $state.raw(begin(emptyGraph));
  /** Ids of chosen nodes, edges, groups, comments. */
  selection: ReadonlySet<string> = $state.raw(new Set<string>());
  serverProblems: readonly Problem[] = $state.raw([]);
  panel: Panel = $state('none');
  testing = $state(false);
  publishing = $state(false);
  /** The way of a test or of a run, drawn in green. */
  path: Path | undefined = $state.raw();
  stats: ReadonlyMap<string, NodeStats> | undefined = $state.raw();
  save: { state: SaveState; at: Instant | undefined; reason?: string } = $state.raw({ state: 'saved', at: undefined });
  conflict: { by: Id | null; at: Instant | null; revision: number } | undefined = $state.raw();
  ask: Ask = $state.raw({ n: 0, what: 'fit' });
  /** Measured sizes of cards; the canvas keeps it. */
  sizes: Sizes = new Map();
  /** Middle of what is in sight, in the canvas's own coordinates. */
  viewCenter: () => { x: number; y: number } = () => ({ x: 0, y: 0 });

  readonly #others = new SvelteMap<Id, { name: string; until: number }>();
  #revision = 0;
  #savedGraph: Graph = emptyGraph;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  #saidAt = 0;
  #ended = false;

  readonly problems = $derived.by(() =>
    merged(this.flow ? checkGraph(this.graph, this.rows, this.flow.kind) : [], this.serverProblems, this.graph),
  );
  readonly problemsByNode = $derived(byNode(this.problems));
  /** Ports that lead somewhere: "node port". */
  readonly used: ReadonlySet<string> = $derived(new Set(this.graph.edges.map((e) => `${e.from} ${e.port}`)));
  readonly nodesById: ReadonlyMap<string, GraphNode> = $derived(new Map(this.graph.nodes.map((n) => [n.id, n])));
  readonly rowsByType: ReadonlyMap<string, NodeRow> = $derived(new Map(this.rows.nodes.map((r) => [r.type, r])));
  readonly chosenNodes = $derived(this.graph.nodes.filter((n) => this.selection.has(n.id)));

  constructor(flowId: Id) {
    this.flowId = flowId;
  }

  get graph(): Graph {
    return this.history.present.value;
  }
  get writable(): boolean {
    return can('flows.edit');
  }
  get dirty(): boolean {
    return this.graph !== this.#savedGraph;
  }
  get undoLabel(): string | undefined {
    return canUndo(this.history) ? this.history.present.label : undefined;
  }
  get redoLabel(): string | undefined {
    return canRedo(this.history) ? this.history.future[0]?.label : undefined;
  }
  get others(): string[] {
    return [...this.#others.values()].map((o) => o.name);
  }
  /** The number that publishing would give. */
  get nextVersion(): number {
    return (this.flow?.publishedVersion ?? 0) + 1;
  }
  row(type: string): NodeRow | undefined {
    return this.rowsByType.get(type);
  }
  ports(n: GraphNode): Port[] {
    return portsOf(this.row(n.type), n.data);
  }

  /* --- loading --- */

  async load(): Promise<void> {
    try {
      const [flow, nodes, triggers] = await Promise.all([
        flowsApi.get(this.flowId),
        flowsApi.nodes(),
        flowsApi.triggers(),
      ]);
      this.rows = { nodes, triggers };
      this.#take(flow);
      this.loadError = undefined;
      void flowsApi.functions().then(
        (f) => (this.functions = f),
        () => undefined,
      );
    } catch (e) {
      if (!isAborted(e)) this.loadError = e;
    }
  }

  #take(flow: Flow): void {
    const graph = readGraph(flow.draft);
    this.flow = flow;
    this.published = flow.published;
    this.serverProblems = flow.problems;
    this.#revision = flow.draftRevision;
    this.#savedGraph = graph;
    this.history = begin(graph);
    this.save = { state: 'saved', at: flow.draftAt ?? undefined };
    this.conflict = undefined;
  }

  /** Hears of others, says that I am here; returns the end of it. */
  live(): () => void {
    const say = () => {
      this.#saidAt = Date.now();
      tell({ type: 'editing', flowId: this.flowId });
    };
    say();
    const sweep = setInterval(() => {
      const now = Date.now();
      for (const [id, o] of this.#others) if (o.until <= now) this.#others.delete(id);
      if (document.visibilityState === 'visible' && now - this.#saidAt > sayAgainMs) say();
    }, 2000);
    const offs = [
      on('flow.editing', ({ flowId, userId, name, on: here }) => {
        if (flowId !== this.flowId || userId === myId()) return;
        const known = this.#others.has(userId);
        if (here)
          this.#others.set(userId, { name: name ?? lookup.user(userId)?.name ?? '', until: Date.now() + presenceMs });
        else if (known) this.#others.delete(userId);
        if (here && !known && Date.now() - this.#saidAt > 3000) say();
      }),
      on('flow.changed', ({ flowId }) => {
        if (flowId === this.flowId) void this.refresh();
      }),
      onReload(() => void this.refresh()),
    ];
    return () => {
      clearInterval(sweep);
      for (const off of offs) off();
      tell({ type: 'editing', flowId: null });
      this.#ended = true;
      clearTimeout(this.#timer);
      if (this.dirty && this.save.state !== 'conflict') void this.flush();
    };
  }

  /** Reads the flow again: its state always; the draft only when nothing of mine is unsaved. */
  async refresh(): Promise<void> {
    try {
      const flow = await flowsApi.get(this.flowId);
      if (!this.dirty && flow.draftRevision > this.#revision) {
        const keep = this.history;
        this.#take(flow);
        /* What another saved is a step of the history: it can be looked at as it was before. */
        this.history = commit(keep, readGraph(flow.draft), '', Date.now());
        this.#savedGraph = this.graph;
      } else {
        this.flow = flow;
        this.published = flow.published;
        if (!this.dirty) this.serverProblems = flow.problems;
      }
    } catch (e) {
      if (e instanceof ApiError && e.status === 404) this.loadError = e;
    }
  }

  /* --- editing --- */

  /** Every change of the graph. A tag joins what is typed at one place into one step. */
  edit(name: EditName, change: (g: Graph) => Graph, tag?: string): void {
    if (!this.writable) return;
    const next = change(this.graph);
    if (next === this.graph) return;
    if (next.nodes.length > limits.nodes && next.nodes.length > this.graph.nodes.length) {
      toast({ text: t('flows.tooMany', { max: limits.nodes }), kind: 'warn' });
      return;
    }
    this.history = commit(this.history, next, t(`flows.edit.${name}`), Date.now(), tag && `${name} ${tag}`);
    this.#later();
  }

  undo(): void {
    if (!this.writable || !canUndo(this.history)) return;
    this.history = undo(this.history);
    this.#keepChosen();
    this.#later();
  }

  redo(): void {
    if (!this.writable || !canRedo(this.history)) return;
    this.history = redo(this.history);
    this.#keepChosen();
    this.#later();
  }

  #keepChosen(): void {
    const there = idsOf(this.graph);
    const kept = [...this.selection].filter((id) => there.has(id));
    if (kept.length !== this.selection.size) this.selection = new Set(kept);
  }

  select(ids: Iterable<string>): void {
    const next = new Set(ids);
    if (next.size === this.selection.size && [...next].every((id) => this.selection.has(id))) return;
    this.selection = next;
    if (next.size > 0) this.panel = 'none';
  }

  /** Brings things into sight and chooses them; a panel that one reads in stays with `keep`. */
  show(ids: readonly string[], keep = false): void {
    const panel = this.panel;
    this.select(ids);
    this.panel = keep ? panel : 'none';
    this.ask = { n: this.ask.n + 1, what: 'show', ids };
  }

  field(id: string, name: string, value: unknown): void {
    this.edit('field', (g) => setField(g, id, name, value, this.rows.nodes), `${id} ${name}`);
  }

  rename(id: string, name: string): void {
    this.edit('rename', (g) => setNode(g, id, { name }), id);
  }

  mayAdd(row: NodeRow): boolean {
    return this.flow !== undefined && allowed(row, this.flow.kind, this.graph);
  }

  /** A new node: at a place, after a port, or on an edge; it is chosen. */
  add(
    type: string,
    where: { at?: { x: number; y: number }; after?: { node: string; port: string }; on?: string } = {},
  ): string | undefined {
    const row = this.row(type);
    if (!row || !this.mayAdd(row)) return undefined;
    let id: string | undefined;
    this.edit('add', (g) => {
      const from = where.after && g.nodes.find((n) => n.id === where.after?.node);
      const port = from && this.ports(from).find((p) => p.id === where.after?.port);
      const at =
        where.at ??
        (from && port
          ? spotAfter(g, this.sizes, from, port, this.rows.nodes)
          : freeSpot(g, this.sizes, this.viewCenter()));
      const node = newNode(row, '', at, idsOf(g));
      id = node.id;
      if (where.on !== undefined) return insertOn(g, where.on, node, row);
      const next = addNode(g, node);
      return where.after ? connect(next, where.after.node, where.after.port, node.id) : next;
    });
    if (id !== undefined) this.select([id]);
    return id;
  }

  /** The first main port of a node that leads nowhere, else its first. */
  openPort(n: GraphNode): Port | undefined {
    const ports = this.ports(n);
    return ports.find((p) => isMain(p) && !this.used.has(`${n.id} ${p.id}`)) ?? ports.find(isMain) ?? ports[0];
  }

  connect(from: string, port: string, to: string | undefined): void {
    this.edit('connect', (g) => {
      if (to !== undefined) return connect(g, from, port, to);
      const edges = g.edges.filter((e) => e.from !== from || e.port !== port);
      return edges.length === g.edges.length ? g : { ...g, edges };
    });
  }

  removeChosen(): void {
    const ids = this.selection;
    this.edit('remove', (g) => remove(g, ids));
    this.selection = new Set();
  }

  tidy(): void {
    const chosen = this.chosenNodes.length > 1 ? new Set(this.chosenNodes.map((n) => n.id)) : undefined;
    this.edit('tidy', (g) =>
      place(
        g,
        layout(g, this.sizes, (n) => this.ports(n).map((p) => p.id), chosen),
      ),
    );
    this.ask = { n: this.ask.n + 1, what: 'fit' };
  }

  addGroup(): void {
    const boxes = this.chosenNodes.map((n) => ({ ...n, ...(this.sizes.get(n.id) ?? { w: 184, h: 90 }) }));
    const c = this.viewCenter();
    const pad = 20;
    const x = boxes.length ? Math.min(...boxes.map((b) => b.x)) - pad : c.x - 150;
    const y = boxes.length ? Math.min(...boxes.map((b) => b.y)) - pad - 24 : c.y - 100;
    const w = boxes.length ? Math.max(...boxes.map((b) => b.x + b.w)) + pad - x : 300;
    const h = boxes.length ? Math.max(...boxes.map((b) => b.y + b.h)) + pad - y : 200;
    const id = newId('g');
    this.edit('group', (g) => ({
      ...g,
      groups: [
        ...g.groups,
        {
          id,
          name: t('flows.groupNew'),
          color: 'grey',
          x: Math.round(x),
          y: Math.round(y),
          w: Math.round(w),
          h: Math.round(h),
        },
      ],
    }));
    this.select([id]);
  }

  addComment(): void {
    const c = this.viewCenter();
    const id = newId('c');
    this.edit('comment', (g) => ({
      ...g,
      comments: [...g.comments, { id, text: '', x: Math.round(c.x), y: Math.round(c.y), w: 200, h: 80 }],
    }));
    this.select([id]);
  }

  copied(): string | undefined {
    return copyText(this.graph, this.selection);
  }

  /** Pastes what a clipboard holds; false when it is nothing of a flow. */
  paste(text: string, at?: { x: number; y: number }): boolean {
    const clip = readClip(text);
    if (!clip) return false;
    const where = at ?? freeSpot(this.graph, this.sizes, this.viewCenter());
    let ids = new Set<string>();
    let refused = 0;
    this.edit('paste', (g) => {
      const out = paste(g, clip, where, this.rows.nodes, (r) => this.mayAdd(r));
      ids = out.ids;
      refused = out.refused;
      return out.graph;
    });
    if (refused > 0) toast({ text: t('flows.pasteRefused', { n: refused }), kind: 'warn' });
    this.select(ids);
    return true;
  }

  duplicateChosen(): void {
    const text = this.copied();
    const first = this.chosenNodes[0] ?? this.graph.comments.find((c) => this.selection.has(c.id));
    if (text === undefined || !first) return;
    this.paste(text, { x: first.x + 30, y: first.y + 30 });
  }

  /* --- saving --- */

  #later(): void {
    if (this.save.state === 'conflict') return;
    if (this.save.state !== 'saving') this.save = { ...this.save, state: 'dirty' };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), saveAfterMs);
  }

  /** Saves what is there now; resolves when the server has it, or when it cannot be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#running ??= this.#saveAll().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #saveAll(): Promise<void> {
    while (this.dirty && this.save.state !== 'conflict') {
      const graph = untrack(() => this.graph);
      this.save = { ...this.save, state: 'saving' };
      try {
        const done = await flowsApi.save(this.flowId, graph, this.#revision);
        this.#revision = done.revision;
        this.#savedGraph = graph;
        if (!this.dirty) this.serverProblems = done.problems;
        this.save = { state: this.dirty ? 'dirty' : 'saved', at: done.savedAt };
        if (this.flow) this.flow = { ...this.flow, draftRevision: done.revision, draftAt: done.savedAt, changed: true };
      } catch (e) {
        this.#failed(e);
        return;
      }
    }
  }

  #failed(e: unknown): void {
    if (e instanceof ApiError && e.code === 'REVISION_CONFLICT') {
      const body = (e.body ?? {}) as { by?: Id; at?: Instant; revision?: number };
      this.conflict = { by: body.by ?? null, at: body.at ?? null, revision: body.revision ?? 0 };
      this.save = { ...this.save, state: 'conflict' };
    } else if (e instanceof ApiError && e.retryable) {
      this.save = { ...this.save, state: 'offline' };
      if (!this.#ended) this.#timer = setTimeout(() => void this.flush(), retryMs);
    } else {
      this.save = { ...this.save, state: 'failed', reason: errorText(e) };
    }
  }

  /** After a conflict: what the other saved; mine stays one undo away. */
  async takeTheirs(): Promise<void> {
    const mine = this.history;
    try {
      const flow = await flowsApi.get(this.flowId);
      this.#take(flow);
      this.history = commit(mine, readGraph(flow.draft), t('flows.edit.restore'), Date.now());
      this.#savedGraph = this.graph;
    } catch (e) {
      report(e);
    }
  }

  /** After a conflict: mine becomes a flow of its own, this one shows theirs. Returns the copy's id. */
  async keepAsCopy(): Promise<Id | undefined> {
    const graph = this.graph;
    try {
      const copy = await flowsApi.create({
        name: t('flows.copyName', { name: this.flow?.name ?? '' }),
        kind: this.flow?.kind ?? 'general',
      });
      await flowsApi.save(copy.id, graph, copy.draftRevision);
      await this.takeTheirs();
      toast({ text: t('flows.copied', { name: copy.name }) });
      return copy.id;
    } catch (e) {
      report(e);
      return undefined;
    }
  }

  /* --- the flow --- */

  async renameFlow(name: string): Promise<void> {
    const before = this.flow;
    if (!before || name.trim() === '' || name === before.name) return;
    this.flow = { ...before, name };
    try {
      this.flow = { ...this.flow, ...(await flowsApi.change(this.flowId, { name })) };
    } catch (e) {
      this.flow = before;
      report(e);
    }
  }

  async setEnabled(enabled: boolean): Promise<void> {
    const before = this.flow;
    if (!before) return;
    this.flow = { ...before, enabled };
    try {
      this.flow = { ...this.flow, ...(await flowsApi.change(this.flowId, { enabled })) };
      const name = before.name;
      toast({ text: enabled ? t('flows.enabled', { name }) : t('flows.disabled', { name }) });
    } catch (e) {
      this.flow = before;
      report(e);
    }
  }

  /** Publishes the saved draft. False: not done; the problems say why. */
  async publish(note: string): Promise<boolean> {
    await this.flush();
    if (this.save.state !== 'saved') return false;
    try {
      const done = await flowsApi.publish(this.flowId, note);
      this.flow = { ...(this.flow as FlowItem), ...done.flow };
      this.published = { number: done.version, at: new Date().toISOString(), by: myId(), note };
      return true;
    } catch (e) {
      if (e instanceof ApiError && e.code === 'FLOW_INVALID') {
        const body = (e.body ?? {}) as { problems?: Problem[] };
        this.serverProblems = body.problems ?? this.serverProblems;
      } else report(e);
      return false;
    }
  }

  async restore(version: Version): Promise<void> {
    await this.flush();
    const mine = this.history;
    try {
      const flow = await flowsApi.restore(this.flowId, version.number);
      this.#take(flow);
      this.history = commit(mine, readGraph(flow.draft), t('flows.edit.restore'), Date.now());
      this.#savedGraph = this.graph;
      this.#keepChosen();
      toast({ text: t('flows.restored', { n: version.number }) });
      this.ask = { n: this.ask.n + 1, what: 'fit' };
    } catch (e) {
      report(e);
    }
  }

  async readStats(days: number | undefined): Promise<void> {
    if (days === undefined) {
      this.stats = undefined;
      return;
    }
    /* Without a day the server would take its own. */
    const from = days > 0 ? dayKey(Date.now() - (days - 1) * 86_400_000) : '2020-01-01';
    try {
      this.stats = statsByNode((await flowsApi.stats(this.flowId, { from })).nodes);
    } catch (e) {
      report(e);
    }
  }
}

const key = Symbol('flow editor');

export function provideEditor(editor: Editor): void {
  setContext(key, editor);
}

export function useEditor(): Editor {
  return getContext<Editor>(key);
}

export function rowOfNode(editor: Editor, n: GraphNode): NodeRow | undefined {
  return rowOf(editor.rows.nodes, n.type);
}
