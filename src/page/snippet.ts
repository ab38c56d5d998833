/** The two lines that put a room into somebody's page. */

const escapeAttribute = (text: string): string =>
  text.replace(/[&"<>]/g, char => ({'&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;'})[char] ?? char);

/** HTML for any page, of any origin. @param origin of the server that hands out the script */
export function embedSnippet(origin: string, room: string): string {
  return `<script type="module" src="${origin}/mesh-room.js"></script>\n<mesh-room room="${escapeAttribute(room)}"></mesh-room>`;
}
