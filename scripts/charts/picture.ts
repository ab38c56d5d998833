/** What all charts of the documentation share: SVG that can be read on light and on dark pages. */

export const HUES = ['grey', 'blue', 'green', 'orange', 'purple', 'red'] as const;
export type Hue = typeof HUES[number];

const STYLE = `
  svg { --ground: #fff; --ink: #1f2328; --faint: #59636e; --grid: #d8dee4;
    --grey: #59636e; --blue: #0969da; --green: #1a7f37; --orange: #bc4c00; --purple: #8250df; --red: #cf222e }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #0d1117; --ink: #f0f6fc; --faint: #9198a1; --grid: #30363d;
      --grey: #9198a1; --blue: #58a6ff; --green: #3fb950; --orange: #f0883e; --purple: #bc8cff; --red: #ff7b72 }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--faint); paint-order: stroke;
    stroke: var(--ground); stroke-width: 4px; stroke-linejoin: round }
  .title { font-weight: 600; font-size: 15px; fill: var(--ink) }
  .panel { fill: var(--ink) }
  .ground { fill: var(--ground) }
  .grid { stroke: var(--grid) }
  .line { fill: none; stroke-width: 2 }
  .most { stroke-width: 1; opacity: .8 }
  .whisker { stroke: var(--ink); stroke-width: 1.5 }
${HUES.map(hue => `  path.${hue} { stroke: var(--${hue}) } text.${hue}, circle.${hue}, rect.${hue} { fill: var(--${hue}) }`).join('\n')}
`;

/** @param size - of `body`, which begins below the title */
export function picture(
  title: string, note: string, size: {readonly width: number; readonly height: number}, body: readonly string[]): string {
  const {width, height} = size;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`, `<style>${STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<text class="title" x="16" y="26">${escape(title)}</text>`,
    ...note ? [`<text x="16" y="46">${escape(note)}</text>`] : [],
    ...body, '</svg>', '',
  ].join('\n');
}

/** To a tenth of a pixel. */
export const round = (value: number): number => Math.round(value * 10) / 10;
export const escape = (text: string): string => text.replace(/[&<>]/g, sign => ({'&': '&amp;', '<': '&lt;', '>': '&gt;'})[sign]!);
