/* The stand-in's own tests: cd tests && npx vitest run --config graph/vitest.config.ts. No server of ours is needed. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  cacheDir: '../node_modules/.vite',
  test: { name: 'graph', root: import.meta.dirname, include: ['*.test.ts'], testTimeout: 20_000, maxWorkers: 2 },
});
