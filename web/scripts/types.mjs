/* Types of the API's answers from the server's own rows: `npm run types` writes src/lib/api/schema.d.ts, `npm run types -- --check` only says
   whether it is current. The program is named by INTERFLOW_BIN; only the named shapes are taken, requests are checked by the server. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const program =
  process.env['INTERFLOW_BIN'] ?? fileURLToPath(new URL('../../build/release/src/server/interflow', import.meta.url));
const target = fileURLToPath(new URL('../src/lib/api/schema.d.ts', import.meta.url));

const { openapi, info, components } = JSON.parse(
  execFileSync(program, ['openapi'], { maxBuffer: 64 << 20 }).toString(),
);
const ast = await openapiTS({ openapi, info, paths: {}, components: { schemas: components.schemas } });
const text = `/* Made by scripts/types.mjs from the server's rows, all in one file however many they are. Do not edit. */\n${astToString(ast)}`;

if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('src/lib/api/schema.d.ts is not what the server says: npm run types');
  process.exit(1);
}
