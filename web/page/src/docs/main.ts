// The page about the HTTP APIs: Swagger UI, and the document of this server.

import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import 'swagger-ui-dist/swagger-ui.css';
import './docs.css';

const failed = 'The document could not be fetched. Reload the page to try again.';

// Swagger UI has dark colours, but does not ask whether they are wanted.
const dark = matchMedia('(prefers-color-scheme: dark)');
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', paint);
paint();

async function show(main: HTMLElement): Promise<void> {
  const response = await fetch('/openapi.json');
  if (!response.ok) throw new Error(`status ${response.status}`);
  const spec = (await response.json()) as object;
  SwaggerUI({
    domNode: main,
    // Calls that are tried out go to where the page is from: nothing else is
    // allowed to it.
    spec: { ...spec, servers: [{ url: location.origin }] },
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
  });
}

const main = document.querySelector('main');
if (main) show(main).catch(() => main.append(failed));
