/* The page of the API (web/apidocs, shown at /api-docs) into dist, beside the app: Swagger UI's files and ours under names
   with a hash, so that they are cached for ever like all of /assets. Runs after `vite build`. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, '../dist');
const swagger = join(here, '../node_modules/swagger-ui-dist');

const parts = {
  'ui.css': join(swagger, 'swagger-ui.css'),
  'ui.js': join(swagger, 'swagger-ui-bundle.js'),
  'page.css': join(here, 'page.css'),
  'page.js': join(here, 'page.js'),
};

let page = readFileSync(join(here, 'page.html'), 'utf8');
mkdirSync(join(dist, 'assets'), { recursive: true });
for (const [name, file] of Object.entries(parts)) {
  // The source maps stay behind.
  const text = readFileSync(file, 'utf8').replace(
    /\n?(\/\/# sourceMappingURL=.*|\/\*# sourceMappingURL=.*\*\/)\s*$/,
    '\n',
  );
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
  const [stem, type] = name.split('.');
  const path = `/assets/api-docs-${stem}-${hash}.${type}`;
  writeFileSync(join(dist, path), text);
  page = page.replace(`{${name}}`, path);
}
writeFileSync(join(dist, 'api-docs.html'), page);
