import {adoptStyles, type CSSResult, type LitElement} from 'lit';

/**
 * Styles for what an element shows later than its frame; to be added once it has its `renderRoot`. They are adopted, so that a page's
 * `style-src` does not matter.
 */
export function addStyles(host: LitElement, ...styles: CSSResult[]): void {
  const {elementStyles} = host.constructor as typeof LitElement;
  adoptStyles(host.renderRoot as ShadowRoot, [...elementStyles, ...styles]);
}
