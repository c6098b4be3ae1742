/* Which comparisons there are for each type of value, and what stands on their right. The server's list comes with the
   functions; this one holds until then. */

export type RightKind = 'none' | 'value' | 'range' | 'values' | 'period' | 'weekdays' | 'pattern';

export interface OperatorRow {
  type: string;
  op: string;
  right: RightKind;
}

export const conditionTypes = ['text', 'number', 'date', 'list', 'bool'] as const;
export const periodUnits = ['minutes', 'hours', 'days', 'weeks', 'months'] as const;

const rows = (type: string, right: RightKind, ...ops: string[]): OperatorRow[] =>
  ops.map((op) => ({ type, op, right }));

export const knownOperators: readonly OperatorRow[] = [
  ...rows('text', 'value', 'equals', 'notEquals', 'contains', 'notContains', 'startsWith', 'endsWith'),
  ...rows('text', 'values', 'oneOf'),
  ...rows('text', 'pattern', 'matches'),
  ...rows('text', 'none', 'empty', 'notEmpty'),
  ...rows('number', 'value', 'equals', 'notEquals', 'less', 'lessOrEqual', 'greater', 'greaterOrEqual'),
  ...rows('number', 'range', 'between'),
  ...rows('number', 'none', 'empty', 'notEmpty'),
  ...rows('date', 'value', 'before', 'after', 'on'),
  ...rows('date', 'range', 'between'),
  ...rows('date', 'period', 'withinLast', 'withinNext'),
  ...rows('date', 'weekdays', 'weekday'),
  ...rows('date', 'none', 'empty', 'notEmpty'),
  ...rows('list', 'values', 'containsAny', 'containsAll', 'containsNone'),
  ...rows('list', 'value', 'countEquals', 'countAtLeast', 'countAtMost'),
  ...rows('list', 'none', 'empty', 'notEmpty'),
  ...rows('bool', 'value', 'is'),
];

export function opsOf(type: string, all: readonly OperatorRow[] = knownOperators): OperatorRow[] {
  const found = all.filter((o) => o.type === type);
  return found.length > 0 ? found : knownOperators.filter((o) => o.type === 'text');
}

/** What the right side begins with when the comparison changes: what was there, where it can stay. */
export function beginRight(kind: RightKind, before: unknown): unknown {
  switch (kind) {
    case 'none':
      return undefined;
    case 'range':
      return Array.isArray(before) && before.length === 2 ? before : ['', ''];
    case 'period':
      return typeof before === 'object' && before !== null && 'unit' in before ? before : { n: 1, unit: 'days' };
    case 'weekdays':
      return Array.isArray(before) && before.every((x) => typeof x === 'number') ? before : [];
    default:
      return typeof before === 'string' ? before : '';
  }
}

/** The right side in a few words. */
export function rightText(right: unknown, unit: (u: string) => string, day: (d: number) => string): string {
  if (right === undefined || right === null) return '';
  if (Array.isArray(right))
    return right.every((x) => typeof x === 'number' && x >= 1 && x <= 7) && right.length !== 2
      ? right.map((d) => day(d as number)).join(', ')
      : right.join(', ');
  if (typeof right === 'object') {
    const p = right as { n?: unknown; unit?: unknown };
    return `${String(p.n ?? '')} ${unit(String(p.unit ?? ''))}`;
  }
  return String(right);
}
