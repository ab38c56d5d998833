import {svg, type TemplateResult} from 'lit';

/** One small set, drawn on a 24 × 24 grid with the text's colour. The meaning always stands in words beside it. */
export const icon = (path: string): TemplateResult<2> => svg`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${path}></path></svg>`;

export const sendIcon = icon('M12 20V5M5.5 11.5 12 5l6.5 6.5');
