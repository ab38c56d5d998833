/** A second pass of minification: terser sees through code that esbuild leaves, which is 4 % of what the script weighs. */
import {createRequire} from 'node:module';
import {basename} from 'node:path';
import type {OutputFile} from 'esbuild';
import {minify} from 'terser';

const {version} = createRequire(import.meta.url)('terser/package.json') as {version: string};

/** For esbuild's `footer`: names of chunks tell their content apart, and esbuild makes them before this pass. */
export const minifierMark = `//terser ${version}`;

/** @returns `outputFiles` with scripts made smaller, and the maps of these to match. */
export async function minifyScripts(outputFiles: readonly OutputFile[]): Promise<OutputFile[]> {
  const textOf = new Map(outputFiles.map(({path, text}) => [path, text]));
  await Promise.all([...textOf].filter(([path]) => path.endsWith('.js')).map(async ([path, script]) => {
    const mapPath = `${path}.map`;
    const content = textOf.get(mapPath);
    const {code, map} = await minify(script, {
      module: true, ecma: 2020, compress: {passes: 2}, format: {comments: false, ascii_only: true}, // as esbuild's `charset`
      ...content !== undefined && {sourceMap: {content, url: basename(mapPath)}},
    });
    textOf.set(path, code!);
    if (content !== undefined) textOf.set(mapPath, map as string);
  }));
  const encoder = new TextEncoder();
  return outputFiles.map(({path, hash}) => {
    const text = textOf.get(path)!;
    return {path, hash, text, contents: encoder.encode(text)};
  });
}
