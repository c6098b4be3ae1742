/* Graphs in few words: nodes as [id, type, data], ways as "from.port > to". */
import type { JsonObject } from '../../api/lib/client.ts';

export type NodeWords = readonly [id: string, type: string, data?: JsonObject, name?: string];

export interface GraphWords {
  nodes: readonly NodeWords[];
  ways: readonly string[];
  variables?: JsonObject[];
  settings?: JsonObject;
  triggers?: JsonObject[];
}

/** With a start node of that id and type, unless the words bring one. */
export function graph(words: GraphWords): JsonObject {
  const nodes = [...words.nodes];
  if (!nodes.some(([, type]) => type === 'start')) nodes.unshift(['start', 'start', { triggers: words.triggers ?? [] }]);
  return {
    format: 1,
    nodes: nodes.map(([id, type, data, name], i) => ({ id, type, name: name ?? '', x: 210 * i, y: 0, data: data ?? {} })),
    edges: words.ways.map((way, i) => {
      const [, from = '', port = '', to = ''] = /^(\w+)\.(\w+)\s*>\s*(\w+)$/.exec(way) ?? [];
      if (!to) throw new Error(`not a way: ${way}`);
      return { id: `e${i}`, from, port, to };
    }),
    groups: [],
    comments: [],
    variables: words.variables ?? [],
    settings: words.settings ?? {},
  };
}

export const options = (...titles: string[]): JsonObject[] => titles.map((title, i) => ({ id: String.fromCharCode(97 + i), title }));
