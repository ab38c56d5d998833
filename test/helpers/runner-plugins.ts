/** Plugins of the browser tests' dev server. */
import type {Plugin} from '@web/dev-server-core';
import {build} from 'esbuild';
import {fromRoot} from '../../scripts/build/paths.js';
import {browserOptions} from '../../scripts/build/vendors.js';
import {SERVERS_PATH, type TestServers} from './servers.js';

const PREFIX = '/__package/';
/** Served file by file: they must exist once in a page, and they are ES modules anyway. */
const AS_THEY_ARE = /^(lit|@lit|lit-element|lit-html|@web)($|\/)/;

/** Bundles one package as the product's build does, so that tests run on the same vendors as users. */
async function bundlePackage(name: string): Promise<string> {
  // CommonJS shows its names only at run time, so Node is asked for them.
  const names = Object.keys(await import(name) as object).filter(key => key !== 'default' && /^[A-Za-z_$][\w$]*$/.test(key));
  const {outputFiles} = await build({
    ...browserOptions,
    stdin: {
      contents: `import * as all from '${name}';
        const {${names.map(key => `${key}: _${key}`).join(', ')}} = all;
        export {${names.map(key => `_${key} as ${key}`).join(', ')}};
        export default all.default;`,
      resolveDir: fromRoot(),
      sourcefile: 'package.mjs', // as ours are, an ES module by name: then `default` means the same here and there
    },
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** Serves bare imports of packages as bundles. */
export function packagesPlugin(): Plugin {
  const bundles = new Map<string, Promise<string>>();
  return {
    name: 'packages',
    resolveImport({source, context}) {
      if (!/^[@a-z]/i.test(source) || source.includes(':') || AS_THEY_ARE.test(source)) return;
      if (/node_modules|__web-/.test(context.path)) return;
      return `${PREFIX}${source}.js`;
    },
    async serve(context) {
      if (!context.path.startsWith(PREFIX)) return;
      const name = context.path.slice(PREFIX.length, -'.js'.length);
      let bundle = bundles.get(name);
      if (!bundle) bundles.set(name, bundle = bundlePackage(name));
      return {body: await bundle, type: 'js'};
    },
  };
}

/** Starts our server and a stock one with the runner, stops them with it, and tells the tests where they are. */
export function serversPlugin(): Plugin {
  let servers: TestServers;
  let stops: (() => Promise<void>)[] = [];
  return {
    name: 'servers',
    async serverStart() {
      // Loaded here, not at the top: a deepstream server takes half a second to load.
      const [{startServer}, {startStockServer}] = await Promise.all([
        import('../../server/index.js'), import('./stock-server.js'),
      ]);
      const [ours, stock] = await Promise.all([startServer({port: 0, static: false}), startStockServer()]);
      servers = {ours: new URL('/deepstream', ours.url.replace(/^http/, 'ws')).href, stock: stock.url};
      stops = [() => ours.stop(), () => stock.stop()];
    },
    serve: ({path}) => path === SERVERS_PATH ? {body: JSON.stringify(servers), type: 'json'} : undefined,
    async serverStop() {
      await Promise.all(stops.map(stop => stop()));
    },
  };
}
