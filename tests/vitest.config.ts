/* Tests of the running program. Each file starts a server of its own (api/lib/server.ts), so files run one after the
   other unless TESTS_AT_ONCE says more: a private PostgreSQL, two workers and a sanitizer build are enough for a
   machine. INTERFLOW_BIN names the binary; default: build/src/server/interflow. */
import { defineConfig } from 'vitest/config';

const atOnce = Number(process.env['TESTS_AT_ONCE'] ?? '1');

export default defineConfig({
  test: {
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: atOnce,
    fileParallelism: atOnce > 1,
    projects: [
      { extends: true, test: { name: 'api', include: ['api/**/*.test.ts', 'channels/**/*.test.ts'] } },
      { extends: true, test: { name: 'graph', include: ['graph/*.test.ts'], fileParallelism: true, maxWorkers: 2 } },
      { extends: true, test: { name: 'flows', include: ['flows/**/*.test.ts'] } },
      { extends: true, test: { name: 'process', include: ['process/**/*.test.ts', 'crash/**/*.test.ts'] } },
      { extends: true, test: { name: 'e2e', include: ['e2e/**/*.test.ts'] } },
    ],
  },
});
