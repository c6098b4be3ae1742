/* Build and tests of the interface. The output is index.html plus hashed files under /assets/: the server serves the
   former without caching and the latter for ever. Nothing inline, so that the content security policy can forbid it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const src = fileURLToPath(new URL('./src', import.meta.url));
const server = process.env['INTERFLOW_SERVER'] ?? 'http://127.0.0.1:8080';

/* Sets the theme before the first paint: a blocking script of its own, because inline scripts are forbidden. */
function themeScript(): Plugin {
  let file = '/src/theme.js';
  return {
    name: 'theme-script',
    buildStart() {
      if (this.meta.watchMode || this.environment?.config.command === 'serve') return;
      const ref = this.emitFile({
        type: 'asset',
        name: 'theme.js',
        source: readFileSync(`${src}/theme.js`, 'utf8'),
      });
      file = `ref:${ref}`;
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, ctx) {
        const name = file.startsWith('ref:')
          ? Object.values(ctx.bundle ?? {}).find((f) => f.fileName.startsWith('assets/theme-'))?.fileName
          : undefined;
        const href = name ? `/${name}` : '/src/theme.js';
        return [{ tag: 'script', attrs: { src: href }, injectTo: 'head-prepend' }];
      },
    },
  };
}

export default defineConfig({
  plugins: [svelte(), themeScript()],
  resolve: {
    alias: { $lib: `${src}/lib` },
    /* Tests run Svelte's browser half. */
    ...(process.env['VITEST'] ? { conditions: ['browser'] } : {}),
  },
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    port: 5173,
    proxy: { '/api': { target: server, ws: true }, '/files': server, '/webchat': server },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts', 'widget/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
  },
});
