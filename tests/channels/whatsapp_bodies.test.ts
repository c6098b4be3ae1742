/* Every body that the unit test of WhatsApp's builder makes, against the platform's published schema and the rules that it
   misses (graph/whatsapp_rules.mjs): what we send is what the platform takes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { binary } from '../api/lib/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'interflow-bodies-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every body that is built is one that the platform takes', async () => {
  const rules = '../graph/whatsapp_rules.mjs';
  const { checkMessage } = (await import(rules)) as { checkMessage(body: unknown): string };
  const file = join(folder, 'bodies');
  const program = join(dirname(binary), '../../tests/unit/test_whatsapp_build');
  execFileSync(program, { env: { ...process.env, INTERFLOW_BODIES: file }, stdio: 'pipe' });
  const bodies = readFileSync(file, 'utf8').trim().split('\n');
  expect(bodies.length).toBeGreaterThan(30);
  const seen = new Set<string>();
  for (const line of bodies) {
    const body = JSON.parse(line);
    expect(() => checkMessage(body), line.slice(0, 300)).not.toThrow();
    seen.add(body.type === 'interactive' ? `interactive ${body.interactive.type}` : body.type);
  }
  const wanted = ['text', 'image', 'video', 'document', 'audio', 'sticker', 'location', 'contacts', 'reaction', 'template'];
  for (const type of ['button', 'list', 'cta_url', 'location_request_message', 'request_contact_info']) wanted.push(`interactive ${type}`);
  expect([...seen].sort()).toEqual(wanted.sort());
});
