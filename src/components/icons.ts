import {svg, type TemplateResult} from 'lit';

/** One small set, drawn on a 24 × 24 grid with the text's colour. The meaning always stands in words beside it. */
export const icon = (path: string): TemplateResult<2> => svg`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${path}></path></svg>`;

export const sendIcon = icon('M12 20V5M5.5 11.5 12 5l6.5 6.5');
export const downIcon = icon('M12 5v14M5.5 12.5 12 19l6.5-6.5');
export const chevronIcon = icon('m6 9 6 6 6-6');
export const clockIcon = icon('M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z');
export const alertIcon = icon('M12 8v5M12 16.5v.1M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z');
