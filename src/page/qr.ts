/** Loaded when somebody asks for the code. */
import {encode} from 'uqr';

const SVG = 'http://www.w3.org/2000/svg';

/** The four modules of quiet around a code that its standard asks for. */
const QUIET = 4;

/** A QR code of `text` as an image: black on white in every colour scheme, since scanners expect that. */
export function qrCode(text: string, label: string): SVGSVGElement {
  const {data} = encode(text, {ecc: 'M', border: QUIET});
  const size = data.length;
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => dark ? [`M${x} ${y}h1v1h-1z`] : [])).join('');
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  svg.setAttribute('shape-rendering', 'crispEdges');
  const ground = document.createElementNS(SVG, 'rect');
  ground.setAttribute('width', String(size));
  ground.setAttribute('height', String(size));
  ground.setAttribute('fill', '#fff');
  const modules = document.createElementNS(SVG, 'path');
  modules.setAttribute('d', path);
  modules.setAttribute('fill', '#000');
  svg.append(ground, modules);
  return svg;
}
