/* The editor's state over an API that is played here: saving in order, conflicts, undo of everything; and the forms that are
   drawn from rows: every kind of field can be drawn, and what is typed lands in the graph. */
import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../src/lib/api/error';
import { flowsApi } from '../../src/lib/features/flows/api';
import { Editor } from '../../src/lib/features/flows/editor.svelte';
import { connect, emptyGraph, newNode, portsOf } from '../../src/lib/features/flows/graph.rules';
import type { Flow, Graph, GraphNode } from '../../src/lib/features/flows/types';
import { needTexts } from '../../src/lib/i18n/i18n.svelte';
import FormHarness from './FormHarness.svelte';
import { nodeRows, triggerRows } from './rows';

vi.mock('../../src/lib/shell/session.svelte', () => ({
  can: () => true,
  myId: () => 'me',
  org: () => ({
    organization: { id: 'o', name: 'Quintal' },
    channels: [{ id: 'c1', kind: 'whatsapp', name: 'Loja', deleted: false }],
    channelKinds: [{ kind: 'whatsapp', label: 'WhatsApp', limits: { buttonsMax: 3, buttonTitleMax: 20 } }],
    fields: [{ id: 'f', slug: 'pet', name: 'Pet', kind: 'text' }],
    teams: [{ id: 't', name: 'Clínica', color: null }],
    users: [],
    tags: [],
    closureTypes: [],
    funnels: [],
  }),
  lookup: {
    user: () => undefined,
    team: () => undefined,
    tag: () => undefined,
    channel: () => undefined,
    closureType: () => undefined,
    stage: () => undefined,
    channelKind: () => undefined,
  },
}));

function flowOf(draft: Graph, revision = 1): Flow {
  return {
    id: 'f1',
    name: 'Teste',
    kind: 'general',
    enabled: true,
    priority: 0,
    publishedVersion: null,
    draftRevision: revision,
    changed: true,
    triggers: [],
    sessionsRunning: 0,
    nodeCount: draft.nodes.length,
    draftAt: '2026-11-19T10:42:00Z',
    draftBy: null,
    createdAt: '2026-11-19T10:42:00Z',
    draft,
    problems: [],
    published: null,
  };
}

const start: GraphNode = { id: 's', type: 'start', name: '', x: 0, y: 0, data: { triggers: [] } };
const draft: Graph = { ...emptyGraph, nodes: [start] };

const editors: Editor[] = [];

async function opened(graph = draft): Promise<Editor> {
  vi.spyOn(flowsApi, 'get').mockResolvedValue(flowOf(graph));
  vi.spyOn(flowsApi, 'nodes').mockResolvedValue(nodeRows);
  vi.spyOn(flowsApi, 'triggers').mockResolvedValue(triggerRows);
  vi.spyOn(flowsApi, 'functions').mockResolvedValue({ functions: [], formatters: [], paths: [] });
  vi.spyOn(flowsApi, 'list').mockResolvedValue([]);
  const editor = new Editor('f1');
  editors.push(editor);
  await editor.load();
  return editor;
}

beforeAll(() => needTexts('flows'));
beforeEach(() => {
  Element.prototype.scrollIntoView ??= () => undefined;
  localStorage.clear();
});
afterEach(() => {
  /* A page that is left: nothing is tried any more. */
  vi.spyOn(flowsApi, 'save').mockResolvedValue({ revision: 9, problems: [], savedAt: '' });
  vi.spyOn(flowsApi, 'stats').mockResolvedValue({ from: null, to: null, nodes: [] });
  for (const editor of editors.splice(0)) editor.live()();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('editor', () => {
  it('saves what was edited while a save was under way, with the revision that it got', async () => {
    const editor = await opened();
    const sent: { nodes: number; revision: number }[] = [];
    let answer: (() => void) | undefined;
    vi.spyOn(flowsApi, 'save').mockImplementation(async (_, graph, revision) => {
      sent.push({ nodes: graph.nodes.length, revision });
      await new Promise<void>((r) => (answer = r));
      return { revision: revision + 1, problems: [], savedAt: '2026-11-19T10:43:00Z' };
    });
    editor.add('message');
    const saving = editor.flush();
    editor.add('end');
    expect(editor.save.state).toBe('saving');
    answer?.();
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    answer?.();
    await saving;
    expect(sent).toEqual([
      { nodes: 2, revision: 1 },
      { nodes: 3, revision: 2 },
    ]);
    expect(editor.save.state).toBe('saved');
    expect(editor.dirty).toBe(false);
  });

  it('stops at a conflict, says who, and takes theirs with mine one undo away', async () => {
    const editor = await opened();
    const save = vi.spyOn(flowsApi, 'save').mockRejectedValue(
      new ApiError({
        status: 409,
        code: 'REVISION_CONFLICT',
        message: '',
        body: { by: 'u2', at: '2026-11-19T10:43:00Z', revision: 7 },
      }),
    );
    const mine = editor.add('message');
    await editor.flush();
    expect(editor.save.state).toBe('conflict');
    expect(editor.draft.conflict?.by).toBe('u2');
    editor.add('end');
    await editor.flush();
    expect(save).toHaveBeenCalledTimes(1);
    vi.spyOn(flowsApi, 'get').mockResolvedValue(
      flowOf({ ...draft, comments: [{ id: 'c', text: 'dela', x: 0, y: 0, w: 100, h: 50 }] }, 7),
    );
    await editor.takeTheirs();
    expect(editor.draft.conflict).toBeUndefined();
    expect(editor.graph.comments).toHaveLength(1);
    editor.undo();
    expect(editor.graph.nodes.map((n) => n.id)).toContain(mine);
  });

  it('keeps what could not be sent and tries again', async () => {
    vi.useFakeTimers();
    const editor = await opened();
    const save = vi
      .spyOn(flowsApi, 'save')
      .mockRejectedValueOnce(new ApiError({ status: 0, code: 'NETWORK', message: '' }))
      .mockResolvedValue({ revision: 2, problems: [], savedAt: '2026-11-19T10:43:00Z' });
    editor.add('message');
    await vi.advanceTimersByTimeAsync(1000);
    expect(editor.save.state).toBe('offline');
    await vi.advanceTimersByTimeAsync(5000);
    expect(save).toHaveBeenCalledTimes(2);
    expect(editor.save.state).toBe('saved');
  });

  it('takes a save whose answer was lost for its own, not for a conflict', async () => {
    const editor = await opened();
    const save = vi
      .spyOn(flowsApi, 'save')
      .mockRejectedValueOnce(new ApiError({ status: 0, code: 'NETWORK', message: '' }))
      .mockRejectedValueOnce(
        new ApiError({ status: 409, code: 'REVISION_CONFLICT', message: '', body: { revision: 2 } }),
      )
      .mockResolvedValue({ revision: 3, problems: [], savedAt: '2026-11-19T10:43:00Z' });
    editor.add('message');
    await editor.flush();
    const arrived = editor.graph;
    editor.add('end');
    vi.spyOn(flowsApi, 'get').mockResolvedValue(flowOf(arrived, 2));
    await editor.flush();
    expect(save.mock.calls.map((call) => call[2])).toEqual([1, 1, 2]);
    expect(editor.save.state).toBe('saved');
  });

  it('brings back what a closed tab had not sent, or holds it back where the draft was changed since', async () => {
    const first = await opened();
    vi.spyOn(flowsApi, 'save').mockRejectedValue(new ApiError({ status: 0, code: 'NETWORK', message: '' }));
    const mine = first.add('message');
    first.draft.leave();
    const save = vi.spyOn(flowsApi, 'save').mockResolvedValue({ revision: 2, problems: [], savedAt: '' });
    const second = await opened();
    expect(second.graph.nodes.map((n) => n.id)).toContain(mine);
    await vi.waitFor(() => expect(save).toHaveBeenCalled());
    second.undo();
    expect(second.graph.nodes.map((n) => n.id)).not.toContain(mine);
    await second.flush();

    first.draft.leave();
    vi.spyOn(flowsApi, 'get').mockResolvedValue(flowOf(draft, 5));
    const third = new Editor('f1');
    editors.push(third);
    await third.load();
    expect(third.save.state).toBe('conflict');
    expect(third.graph.nodes.map((n) => n.id)).toContain(mine);
  });

  it('says what a new card lacks only once another was chosen', async () => {
    const editor = await opened();
    const id = editor.add('menu');
    expect(editor.fresh).toBe(id);
    editor.select(['s']);
    expect(editor.fresh).toBeUndefined();
  });

  it('undoes adding, connecting, moving, fields, groups, comments, variables and settings', async () => {
    const editor = await opened();
    vi.spyOn(flowsApi, 'save').mockResolvedValue({ revision: 2, problems: [], savedAt: '' });
    const states: Graph[] = [editor.graph];
    const did = () => states.push(editor.graph);
    const id = editor.add('menu', { after: { node: 's', port: 'next' } }) ?? '';
    did();
    expect(editor.graph.edges).toHaveLength(1);
    editor.field(id, 'text', 'Oi');
    did();
    editor.connect('s', 'next', undefined);
    did();
    editor.addGroup();
    did();
    editor.addComment();
    did();
    editor.edit('variables', (g) => ({ ...g, variables: [{ name: 'a', type: 'text' }] }));
    did();
    editor.edit('settings', (g) => ({ ...g, settings: { debounceMs: 3000 } }));
    did();
    editor.select([id]);
    editor.duplicateChosen();
    did();
    editor.removeChosen();
    did();
    editor.tidy();
    if (editor.graph !== states.at(-1)) did();
    for (const state of states.toReversed().slice(1)) {
      editor.undo();
      expect(editor.graph).toBe(state);
    }
    expect(editor.undoLabel).toBeUndefined();
    for (const state of states.slice(1)) {
      editor.redo();
      expect(editor.graph).toBe(state);
    }
  });

  it('keeps the draft of a reader as it is', async () => {
    const editor = await opened();
    vi.spyOn(editor, 'writable', 'get').mockReturnValue(false);
    editor.add('message');
    expect(editor.graph.nodes).toHaveLength(1);
  });
});

describe('forms', () => {
  it('draw every node of the rows', async () => {
    for (const row of nodeRows) {
      const node = { ...newNode(row, 'Bloco', { x: 0, y: 0 }, new Set(['s'])), id: row.type === 'start' ? 's' : 'x' };
      const editor = await opened({ ...draft, nodes: row.type === 'start' ? [node] : [start, node] });
      const { unmount } = render(FormHarness, { editor, id: node.id });
      expect(screen.getByLabelText('Nome do bloco')).toHaveProperty('value', 'Bloco');
      unmount();
    }
  });

  it('write what is typed into the graph, one step for a word, and keep ids of options', async () => {
    const row = nodeRows.find((r) => r.type === 'menu');
    if (!row) throw new Error('menu');
    const node = { ...newNode(row, '', { x: 0, y: 0 }, new Set(['s'])), id: 'x' };
    const editor = await opened({ ...draft, nodes: [start, node] });
    vi.spyOn(flowsApi, 'save').mockResolvedValue({ revision: 2, problems: [], savedAt: '' });
    render(FormHarness, { editor, id: 'x' });
    const user = userEvent.setup();
    await user.type(screen.getByLabelText('Mensagem'), 'Oi, tudo bem?');
    expect(editor.nodesById.get('x')?.data['text']).toBe('Oi, tudo bem?');
    editor.undo();
    expect(editor.nodesById.get('x')?.data['text']).toBeUndefined();
    editor.redo();
    await user.type(screen.getByRole('textbox', { name: 'Opção 1' }), 'Banho');
    const first = portsOf(row, editor.nodesById.get('x')?.data ?? {})[0];
    expect(first?.title).toBe('Banho');
    editor.edit('connect', (g) => connect(g, 's', 'next', 'x'));
    await user.type(screen.getByRole('textbox', { name: 'Opção 1' }), ' e tosa');
    expect(portsOf(row, editor.nodesById.get('x')?.data ?? {})[0]).toEqual({ ...first, title: 'Banho e tosa' });
    await user.click(screen.getByRole('button', { name: 'Opção' }));
    expect(portsOf(row, editor.nodesById.get('x')?.data ?? {}).filter((p) => p.role === 'option')).toHaveLength(2);
  });
});
