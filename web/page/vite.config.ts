import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { text } from './src/text.ts';

// Where `npm run dev` finds a running roomkey.
const server = 'http://127.0.0.1:9090';

// The server answers /, /join, /join/{code} and /m/{name} with the page, /console with
// the console, and /docs/api with the page about the HTTP APIs; so does the development
// server.
const pagePaths: Plugin = {
  name: 'page-paths',
  configureServer(dev) {
    dev.middlewares.use((request: { url?: string }, _response, next) => {
      if (/^\/(join|m)\/|^\/(join)?$/.test(request.url ?? '')) request.url = '/page/';
      if (/^\/docs\/api$/.test(request.url ?? '')) request.url = '/page/docs.html';
      if (/^\/console$/.test(request.url ?? '')) request.url = '/page/console.html';
      next();
    });
  },
};

// The one sentence that is there before any script lives with the others.
const noScript: Plugin = {
  name: 'no-script',
  transformIndexHtml: (html) => html.replace('%NO_SCRIPT%', text.noScript),
};

const toServer = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  base: '/page/',
  plugins: [react(), pagePaths, noScript],
  build: {
    target: 'es2022',
    rolldownOptions: { input: ['index.html', 'console.html', 'docs.html'] },
    sourcemap: false,
    license: { fileName: 'licenses.md' },
    // The policy of the page allows no data: for scripts and fonts, and an
    // asset of its own is cached for good.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1600,
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/mcp': toServer,
      '/v2': toServer,
      '/api': toServer,
      '/openapi.json': toServer,
      '/page/invitation': toServer,
      '/page/join': toServer,
      '/page/requests': toServer,
      '/page/hand': toServer,
      '/page/moderate': toServer,
      '/page/invite': toServer,
      '/rtc': { ...toServer, ws: true },
    },
  },
  test: { environment: 'node', include: ['test/**/*.test.{ts,tsx}'], restoreMocks: true },
});
