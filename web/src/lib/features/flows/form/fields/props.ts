/* What every field of a form gets. The value is what the graph holds (any JSON): each component reads what it can of it. */
import type { FieldRow, GraphNode } from '../../types';

export interface FieldProps {
  field: FieldRow;
  /** The card it belongs to; of a trigger, the start. */
  node: GraphNode;
  label: string;
  help?: string | undefined;
  error?: string | undefined;
  /** Problems of its parts, by path: "options[2].title". */
  problem?: (path: string) => string | undefined;
  value: unknown;
  disabled?: boolean;
  /** undefined takes the value away. */
  onchange: (value: unknown) => void;
}

export function textOf(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : '';
}

export function listOf<T>(value: unknown): T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}
