/* Builds the web chat's one script: no dependencies, one file, for browsers of the last years. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    lib: { entry: 'main.ts', formats: ['iife'], name: 'InterflowChat', fileName: () => 'widget.js' },
  },
});
