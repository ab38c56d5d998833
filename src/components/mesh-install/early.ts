/** The browser offers installing at a moment of its own choice, once, and possibly before the element for it is loaded. */

/** What Chromium browsers fire at a page that can be installed. */
export interface InstallOffer extends Event {
  prompt(): Promise<void>;
  readonly userChoice: Promise<{readonly outcome: 'accepted' | 'dismissed'}>;
}

/** There is one page to install, so this is the page's and not an element's. */
export const offered: {current?: InstallOffer | undefined} = {};

/** To be called when the script runs. The browser's own banner is kept back only where the page has a button instead. */
export const watchOffers = (): void => addEventListener('beforeinstallprompt', event => {
  offered.current = event as InstallOffer;
  if (document.querySelector('mesh-install')) event.preventDefault();
});
