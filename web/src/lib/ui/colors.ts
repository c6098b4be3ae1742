/* The few colours a person may give to tags, stages and filters. What is stored is the light value; each is drawn by
   its token, so that it fits the dark theme too. An unknown colour (an import's, an integrator's) is drawn as it is. */

export const palette = [
  { value: '#5a4fd6', token: 'var(--chart-1)', name: 'indigo' },
  { value: '#2f81cc', token: 'var(--info-mark)', name: 'blue' },
  { value: '#0d7f86', token: 'var(--ch-web)', name: 'teal' },
  { value: '#1f9d63', token: 'var(--ok-mark)', name: 'green' },
  { value: '#c27c0a', token: 'var(--warn-mark)', name: 'amber' },
  { value: '#d63c55', token: 'var(--danger-mark)', name: 'red' },
  { value: '#b2397c', token: 'var(--chart-4)', name: 'magenta' },
  { value: '#8c929f', token: 'var(--chart-5)', name: 'grey' },
] as const;

/** The CSS colour of a stored one; undefined (no dot) for none or what is not a colour. */
export function colorOf(stored: string | null | undefined): string | undefined {
  if (!stored) return undefined;
  const known = palette.find((p) => p.value === stored.toLowerCase() || p.name === stored);
  if (known) return known.token;
  return /^#[0-9a-f]{6}$/i.test(stored) ? stored : undefined;
}
