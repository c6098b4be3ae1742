/* The state of one open editor: the graph with its history, what is chosen, problems, panels, the path that the canvas
   shows. All edits go through edit(). Saving is the draft's (draft.svelte.ts); who else is here, and the numbers, are in
   files of their own. */
import { getContext, setContext } from 'svelte';
import { ApiError, isAborted } from '$lib/api/error';
import type { Id } from '$lib/api/types';
import { on, onReload } from '$lib/events/events.svelte';
import { t } from '$lib/i18n/i18n.svelte';
import { report } from '$lib/shell/report';
import { can, myId } from '$lib/shell/session.svelte';
import { toast } from '$lib/ui/toast.svelte';
import { flowsApi } from './api';
import { byNode, checkGraph, merged } from './check.rules';
import { copyText, paste, readClip } from './clipboard.rules';
import { same } from './diff.rules';
import { Draft } from './draft.svelte';
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
import { Numbers } from './numbers.svelte';
import { Presence } from './presence.svelte';
import type { Path } from './trace.rules';
import type { Flow, FlowItem, Functions, Graph, GraphNode, NodeRow, NodeStats, Problem, Rows, Version } from './types';
import { dropUnsent, readUnsent } from './unsent';

export type Panel = 'none' | 'problems' | 'versions' | 'runs' | 'settings';
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

/** What the canvas is told to do; the number makes every asking new. */
export interface Ask {
  n: number;
  what: 'show' | 'fit' | 'focus';
  ids?: readonly string[];
  /** The keyboard's focus stays where it is. */
  still?: boolean;
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
  /** A card that was just added: what it lacks is no mistake yet. It is as others once another is chosen. */
  fresh: string | undefined = $state.raw();
  serverProblems: readonly Problem[] = $state.raw([]);
  panel: Panel = $state('none');
  testing = $state(false);
  publishing = $state(false);
  /** The way of a test or of a run, drawn in green. */
  path: Path | undefined = $state.raw();
  ask: Ask = $state.raw({ n: 0, what: 'fit' });
  /** The last asking for the form's focus that a form followed: the next card's form is not meant. */
  focused = 0;
  /** Measured sizes of cards; the canvas keeps it. */
  sizes: Sizes = new Map();
  /** Middle of what is in sight, in the canvas's own coordinates. */
  viewCenter: () => { x: number; y: number } = () => ({ x: 0, y: 0 });

  readonly draft: Draft;
  readonly presence: Presence;
  readonly numbers: Numbers;

  readonly problems = $derived.by(() =>
    merged(this.flow ? checkGraph(this.graph, this.rows, this.flow.kind) : [], this.serverProblems, this.graph),
  );
  #problemLists: ReadonlyMap<string, readonly Problem[]> | undefined = undefined;
  readonly problemsByNode = $derived((this.#problemLists = byNode(this.problems, this.#problemLists)));
  /* What cards read stands apart from the graph, so that what is typed in one draws no other anew. */
  readonly edges = $derived(this.graph.edges);
  /** Ports that lead somewhere: "node port". */
  readonly used: ReadonlySet<string> = $derived(new Set(this.edges.map((e) => `${e.from} ${e.port}`)));
  readonly nodesById: ReadonlyMap<string, GraphNode> = $derived(new Map(this.graph.nodes.map((n) => [n.id, n])));
  readonly rowsByType: ReadonlyMap<string, NodeRow> = $derived(new Map(this.rows.nodes.map((r) => [r.type, r])));
  readonly chosenNodes = $derived(this.graph.nodes.filter((n) => this.selection.has(n.id)));

  constructor(flowId: Id) {
    this.flowId = flowId;
    this.presence = new Presence(flowId);
    this.numbers = new Numbers(flowId);
    this.draft = new Draft(
      flowId,
      () => this.graph,
      (done) => {
        if (!this.draft.dirty) this.serverProblems = done.problems;
        if (this.flow) this.flow = { ...this.flow, draftRevision: done.revision, draftAt: done.savedAt, changed: true };
      },
    );
  }

  get graph(): Graph {
    return this.history.present.value;
  }
  get writable(): boolean {
    return can('flows.edit');
  }
  get dirty(): boolean {
    return this.draft.dirty;
  }
  get save(): Draft['status'] {
    return this.draft.status;
  }
  get stats(): ReadonlyMap<string, NodeStats> | undefined {
    return this.numbers.stats;
  }
  get undoLabel(): string | undefined {
    return canUndo(this.history) ? this.history.present.label : undefined;
  }
  get redoLabel(): string | undefined {
    return canRedo(this.history) ? this.history.future[0]?.label : undefined;
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
      this.#bringBack(flow);
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
    this.history = begin(graph);
    this.draft.begin(flow, graph);
  }

  /** Takes what the server holds as a step of the history, so that what was here before is one undo away. */
  #takeAsStep(flow: Flow, label: string): void {
    const mine = this.history;
    this.#take(flow);
    this.history = commit(mine, readGraph(flow.draft), label, Date.now());
    this.draft.begin(flow, this.graph);
    this.#keepChosen();
  }

  /** What a closed tab had not sent: a step of the history again, saved at once unless somebody changed the draft since. */
  #bringBack(flow: Flow): void {
    const kept = this.writable ? readUnsent(this.flowId) : undefined;
    if (!kept) return;
    const graph = readGraph(kept.graph);
    if (same(graph, this.graph)) return dropUnsent(this.flowId);
    this.history = commit(this.history, graph, t('flows.edit.broughtBack'), Date.now());
    if (kept.revision === flow.draftRevision) {
      toast({ text: t('flows.broughtBack') });
      void this.flush();
    } else this.draft.holdBack({ by: flow.draftBy, at: flow.draftAt, revision: flow.draftRevision });
  }

  /** Hears of others, says that I am here; returns the end of it. */
  live(): () => void {
    const leave = () => this.draft.leave();
    /* A tab that is put away may be closed without a word: saved at once. */
    const hide = () => {
      if (document.visibilityState === 'hidden' && this.dirty) void this.flush();
    };
    addEventListener('pagehide', leave);
    document.addEventListener('visibilitychange', hide);
    const offs = [
      this.presence.live(),
      this.numbers.live(),
      on('flow.changed', ({ flowId }) => {
        if (flowId === this.flowId) void this.refresh();
      }),
      onReload(() => void this.refresh()),
      () => removeEventListener('pagehide', leave),
      () => document.removeEventListener('visibilitychange', hide),
    ];
    return () => {
      for (const off of offs) off();
      this.draft.end();
    };
  }

  /** Reads the flow again: its state always; the draft only when nothing of mine is unsaved. */
  async refresh(): Promise<void> {
    try {
      const flow = await flowsApi.get(this.flowId);
      if (!this.dirty && flow.draftRevision > this.draft.revision) this.#takeAsStep(flow, t('flows.edit.other'));
      else {
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
    this.draft.later();
  }

  undo(): void {
    if (!this.writable || !canUndo(this.history)) return;
    this.history = undo(this.history);
    this.#keepChosen();
    this.draft.later();
  }

  redo(): void {
    if (!this.writable || !canRedo(this.history)) return;
    this.history = redo(this.history);
    this.#keepChosen();
    this.draft.later();
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
    if (this.fresh !== undefined && !next.has(this.fresh)) this.fresh = undefined;
    if (next.size > 0) this.panel = 'none';
  }

  /** Brings things into sight and chooses them; a panel that one reads in stays with `keep`. */
  show(ids: readonly string[], keep = false, still = false): void {
    const panel = this.panel;
    this.select(ids);
    this.panel = keep ? panel : 'none';
    this.ask = { n: this.ask.n + 1, what: 'show', ids, still };
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
    if (id !== undefined) {
      this.select([id]);
      this.fresh = id;
    }
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
    this.paste(text, freeSpot(this.graph, this.sizes, first));
  }

  /* --- saving --- */

  flush(): Promise<void> {
    return this.draft.flush();
  }

  /** After a conflict: what the other saved; mine stays one undo away. */
  async takeTheirs(): Promise<void> {
    try {
      this.#takeAsStep(await flowsApi.get(this.flowId), t('flows.edit.other'));
      dropUnsent(this.flowId);
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
  async publish(note: string, force = false): Promise<boolean> {
    await this.flush();
    if (this.save.state !== 'saved') return false;
    try {
      const done = await flowsApi.publish(this.flowId, note, force);
      this.flow = { ...(this.flow as FlowItem), ...done.flow };
      this.published = { number: done.version, at: new Date().toISOString(), by: myId(), note };
      return true;
    } catch (e) {
      if (e instanceof ApiError && e.code === 'FLOW_INVALID') {
        const body = (e.body ?? {}) as { problems?: Problem[] };
        this.serverProblems = body.problems ?? this.serverProblems;
      } else if (e instanceof ApiError && e.code === 'FLOW_TESTS_FAILED') throw e;
      else report(e);
      return false;
    }
  }

  async restore(version: Version): Promise<void> {
    await this.flush();
    try {
      this.#takeAsStep(await flowsApi.restore(this.flowId, version.number), t('flows.edit.restore'));
      toast({ text: t('flows.restored', { n: version.number }) });
      this.ask = { n: this.ask.n + 1, what: 'fit' };
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
