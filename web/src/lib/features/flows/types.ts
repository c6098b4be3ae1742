/* The shapes of flows: the graph that is edited, the rows that describe nodes and triggers, what the server says of a flow,
   its versions, its sessions and its numbers. Words are not in them: the interface names everything by key (words.ts). */
import type { Id, Instant } from '$lib/api/types';
import type { OperatorRow } from './conditions.rules';

/* --- the graph --- */

export type Data = Record<string, unknown>;

export interface GraphNode {
  id: string;
  type: string;
  name: string;
  x: number;
  y: number;
  data: Data;
}

export interface GraphEdge {
  id: string;
  from: string;
  /** Of the node it leaves: a fixed port ("next", "timeout", …) or the id of an option; never a label. */
  port: string;
  to: string;
}

export interface GraphGroup {
  id: string;
  name: string;
  color: string;
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface GraphComment {
  id: string;
  text: string;
  x: number;
  y: number;
  w: number;
  h: number;
}

export type VariableType = 'text' | 'number' | 'bool' | 'date' | 'list' | 'json';

export interface Variable {
  name: string;
  type: VariableType;
  default?: unknown;
  help?: string;
}

export interface GraphSettings {
  debounceMs?: number;
  language?: string;
  [name: string]: unknown;
}

export interface Graph {
  format: 1;
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
  groups: readonly GraphGroup[];
  comments: readonly GraphComment[];
  variables: readonly Variable[];
  settings: GraphSettings;
}

/* --- rows of the server --- */

export type FlowKind = 'general' | 'closing' | 'stage' | 'transfer';
export type Category = 'send' | 'ask' | 'decide' | 'do' | 'other';

export interface When {
  field: string;
  /** Values with which it holds; empty: any value that is set. */
  in: readonly unknown[];
}

export interface FieldRow {
  name: string;
  kind: string;
  required?: boolean;
  min?: number | null;
  max?: number | null;
  values?: readonly string[] | null;
  default?: unknown;
  /** Restricts: the kind of a file, of a flow, the type of a value. */
  of?: string | null;
  when?: When | null;
  advanced?: boolean;
}

export interface PortRow {
  id: string;
  role?: string | null;
  /** What it means that it leads nowhere. */
  open?: 'fine' | 'warning' | 'error';
  when?: When | null;
}

export interface NodeRow {
  type: string;
  category: Category;
  icon: string;
  kinds: readonly FlowKind[];
  waits?: boolean;
  /** How many of it one flow may have; null: any number. */
  max?: number | null;
  summary?: string | null;
  fields: readonly FieldRow[];
  ports: readonly PortRow[];
  /** The array field whose items are ports, drawn before the fixed ones. */
  portsField?: string | null;
}

export interface TriggerRow {
  kind: string;
  icon: string;
  kinds: readonly FlowKind[];
  fields: readonly FieldRow[];
}

export interface Rows {
  nodes: readonly NodeRow[];
  triggers: readonly TriggerRow[];
}

export type Words3 = string | { pt: string; es: string; en: string };

export interface FunctionRow {
  name: string;
  args: string;
  returns?: string;
  help?: Words3;
  example?: string;
}

export interface Functions {
  functions: readonly FunctionRow[];
  formatters: readonly FunctionRow[];
  paths: readonly { path: string; type: string }[];
  operators?: readonly OperatorRow[];
}

/* --- flows --- */

export interface Problem {
  severity: 'error' | 'warning';
  nodeId?: string | null;
  field?: string | null;
  port?: string | null;
  code: string;
  message?: string;
  data?: Record<string, string | number> | null;
}

export interface TriggerSummary {
  kind: string;
  enabled?: boolean;
  channelIds?: readonly Id[] | null;
  words?: readonly string[] | null;
}

export interface FlowItem {
  id: Id;
  name: string;
  kind: FlowKind;
  enabled: boolean;
  priority: number;
  publishedVersion: number | null;
  draftRevision: number;
  changed: boolean;
  triggers: readonly TriggerSummary[];
  sessionsRunning: number;
  nodeCount: number;
  draftAt: Instant | null;
  draftBy: Id | null;
  createdAt: Instant;
}

export interface Flow extends FlowItem {
  draft: Graph;
  problems: readonly Problem[];
  published: { number: number; at: Instant; by: Id | null; note: string } | null;
}

export interface Saved {
  revision: number;
  problems: readonly Problem[];
  savedAt: Instant;
}

export interface Version {
  number: number;
  note: string;
  by: Id | null;
  at: Instant;
  live: boolean;
  sessions: number;
  /** How its recorded tests went when it was published; null: there were none. */
  tests?: { passed: number; failed: number; forced: boolean } | null;
}

export interface VersionGraph extends Omit<Version, 'live' | 'sessions'> {
  graph: Graph;
}

export interface Missing {
  kind: string;
  name: string;
  nodes: readonly string[];
}

export interface Template {
  id: string;
  kind: FlowKind;
  name: Words3;
  text: Words3;
  nodeCount: number;
}

/* --- sessions --- */

export type SessionStatus = 'running' | 'waiting' | 'paused' | 'done' | 'failed' | 'stopped';
export const sessionStatuses: readonly SessionStatus[] = ['running', 'waiting', 'paused', 'done', 'failed', 'stopped'];

export interface Fault {
  code: string;
  message?: string;
  nodeId?: string | null;
}

export interface Wait {
  kind: string;
  nodeId: string;
  until?: Instant | null;
  request?: { method: string; url: string; headers?: Record<string, string>; body?: string | null } | null;
}

export interface Session {
  id: Id;
  flowId: Id;
  version: number | null;
  test: boolean;
  status: SessionStatus;
  chatId: Id | null;
  customerId: Id | null;
  customerName: string | null;
  channelId: Id | null;
  nodeId: string | null;
  nodeName: string | null;
  wait: Wait | null;
  steps: number;
  trigger: { kind: string } | null;
  error: Fault | null;
  startedAt: Instant;
  updatedAt: Instant;
  endedAt: Instant | null;
}

export interface Step {
  n: number;
  at: Instant;
  nodeId: string;
  type: string;
  name: string;
  what?: 'entered' | 'answered' | 'timeout' | 'http' | 'returned' | 'retried';
  /** Of a flow that was called: another than the session's. */
  flowId?: Id | null;
  port: string | null;
  ms?: number | null;
  data?: Record<string, unknown> | null;
  error?: Fault | null;
}

export interface Line {
  id: string;
  at: Instant;
  from: 'flow' | 'customer' | 'event';
  kind: string;
  text?: string | null;
  options?: readonly { id: string; title: string; description?: string }[] | null;
  display?: string | null;
  files?: readonly { name: string; mimeType: string; fileId?: Id }[] | null;
  event?: { kind: string; text?: string } | null;
  nodeId?: string | null;
}

export interface SessionDetail extends Session {
  vars: Record<string, unknown>;
  log: readonly Step[];
  transcript?: readonly Line[] | null;
  /** Of a test: its virtual now. */
  clock?: Instant | null;
}

/** A line of a conversation as a recorded test compares it. */
export interface TestedLine {
  kind: string;
  text?: string;
  options?: readonly string[];
  event?: string;
}

/** How a recorded test went: the act that was not possible, or the first line that differs. */
export interface TestResult {
  ok: boolean;
  message?: string;
  /** 1-based: the act of the customer that was not possible. */
  step?: number | null;
  /** Null: the flow said more than was recorded. */
  expected?: TestedLine | null;
  /** Null: it did not come. */
  got?: TestedLine | null;
}

export interface RecordedTest {
  id: Id;
  name: string;
  at: Instant;
  by: Id | null;
  lastResult: (TestResult & { at: Instant }) | null;
}

export interface NodeStats {
  nodeId: string;
  entered: number;
  waiting: number;
  answered: number;
  left: number;
  failed: number;
  ports: readonly { port: string; n: number }[];
}

export interface Stats {
  from: Instant | null;
  to: Instant | null;
  nodes: readonly NodeStats[];
}

/* --- values of fields --- */

export interface Choice {
  id: string;
  title: string;
  description?: string;
  weight?: number;
  when?: Conditions;
}

export interface ConditionRow {
  left: string;
  type: string;
  op: string;
  right?: unknown;
  /** Text: with case and accents. */
  exact?: boolean;
}

export interface Conditions {
  op: 'all' | 'any';
  rows: readonly (ConditionRow | Conditions)[];
}

export interface FileRef {
  fileId: Id;
  name: string;
  mimeType: string;
  size: number;
}

export interface Trigger {
  id: string;
  kind: string;
  enabled: boolean;
  priority: number;
  conditions?: Conditions | null;
  [field: string]: unknown;
}
