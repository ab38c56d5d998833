/** Text and links that were shared to the installed app: the manifest sends them to the page as part of its address. */

/** As `share_target.params` in `public/manifest.webmanifest` names them. */
const NAMES = ['share-title', 'share-text', 'share-url'] as const;

/** What was shared, as one text to be sent; empty if the address is not one of a share. */
export function sharedText({searchParams}: URL): string {
  const [title = '', text = '', link = ''] = NAMES.map(name => searchParams.get(name)?.trim() ?? '');
  // Android's browsers put the link into the text, and often the title as well.
  return [title, text, link].filter((part, i, parts) => part && !parts.some((other, j) =>
    j !== i && other.includes(part) && (other !== part || j < i))).join('\n');
}

/** The address without what was shared, so that a reload does not ask again. */
export function withoutShare(url: URL): URL {
  const rest = new URL(url);
  for (const name of NAMES) rest.searchParams.delete(name);
  return rest;
}
