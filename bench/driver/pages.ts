import {fileURLToPath} from 'node:url';

import {build} from 'esbuild';

import {serveWith} from '../../test/helpers/serve.js';

export interface Pages {
  /** Address of a contestant's page. */
  urlOf(contestant: string): string;
  stop(): Promise<void>;
}

/** Bundles the harness with each contestant, and serves one bare page for each from memory. */
export async function servePages(contestants: readonly string[]): Promise<Pages> {
  const files = new Map<string, {type: string; text: string}>();
  for (const name of contestants) {
    const {script, map} = await bundle(name);
    files.set(`/${name}.js`, {type: 'text/javascript', text: script});
    files.set(`/${name}.js.map`, {type: 'application/json', text: map});
    const html = `<!doctype html><meta charset="utf-8"><title>${name}</title><script type="module" src="/${name}.js"></script>`;
    files.set(`/${name}`, {type: 'text/html', text: html});
  }
  const site = await serveWith((request, response) => {
    const file = files.get(request.url ?? '');
    // Isolated, so that the browser's clock ticks in 5 µs instead of a tenth of a millisecond.
    response.setHeader('cross-origin-opener-policy', 'same-origin').setHeader('cross-origin-embedder-policy', 'credentialless');
    // An icon that is not there would be an error on every page's console.
    if (file) response.setHeader('content-type', file.type).end(file.text);
    else response.writeHead(request.url === '/favicon.ico' ? 204 : 404).end();
  });
  return {urlOf: contestant => site.url + contestant, stop: () => site.stop()};
}

async function bundle(contestant: string): Promise<{script: string; map: string}> {
  const {outputFiles} = await build({
    stdin: {
      contents: `import {serve} from './page/tab.ts'; import {create} from './contestants/${contestant}.ts'; serve(create());`,
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
    },
    outfile: `${contestant}.js`,
    bundle: true, write: false, format: 'esm', target: 'es2022', sourcemap: true,
  });
  const textOf = (end: string): string => outputFiles.find(({path}) => path.endsWith(end))?.text ?? '';
  return {script: textOf('.js'), map: textOf('.js.map')};
}
