import {assert} from 'chai';
import {html} from 'lit';
import {accessible, cleanUp, drawn, place, shown} from '../testing/fixture.js';
import type {InstallOffer} from './early.js';
import type {MeshInstall} from './mesh-install.js';

/** What a browser fires at a page that can be installed; `answer` is what its visitor says. */
function offer(answer: 'accepted' | 'dismissed'): InstallOffer & {asked: number} {
  return Object.assign(new Event('beforeinstallprompt', {cancelable: true}), {
    asked: 0,
    async prompt() { this.asked += 1; },
    userChoice: Promise.resolve({outcome: answer}),
  });
}

describe('<mesh-install>', () => {
  before(() => customElements.whenDefined('mesh-install'));
  afterEach(() => cleanUp());

  async function install(): Promise<MeshInstall> {
    const element = place(html`<mesh-install></mesh-install>`).querySelector('mesh-install')!;
    await drawn(element);
    return element;
  }
  const click = async (element: MeshInstall): Promise<void> => {
    element.renderRoot.querySelector('button')!.click();
    await drawn(element);
  };

  it('is not there where the page cannot be installed', async () => {
    const element = await install();
    assert.isFalse(element.checkVisibility());
    assert.equal(shown(element), '');
  });

  it('appears with the browser\'s offer, in place of its banner, and is gone once it is installed', async () => {
    const element = await install();
    const event = offer('accepted');
    dispatchEvent(event);
    await drawn(element);
    assert.isTrue(event.defaultPrevented);
    assert.isTrue(element.checkVisibility());
    assert.equal(element.renderRoot.querySelector('slot')?.textContent, 'Install');
    await accessible(element);
    await click(element);
    assert.equal(event.asked, 1);
    assert.isFalse(element.checkVisibility());
    dispatchEvent(offer('accepted'));
    await drawn(element);
    assert.isFalse(element.checkVisibility(), 'what is installed is not offered again');
  });

  it('knows an offer that came before it, and leaves the banner to pages without it', async () => {
    const event = offer('dismissed');
    dispatchEvent(event);
    assert.isFalse(event.defaultPrevented);
    const element = await install();
    assert.isTrue(element.checkVisibility());
    await click(element);
    assert.isFalse(element.checkVisibility(), 'an offer holds once');
    dispatchEvent(offer('dismissed'));
    await drawn(element);
    assert.isTrue(element.checkVisibility(), 'and again when the browser makes another');
    dispatchEvent(new Event('appinstalled'));
    await drawn(element);
    assert.isFalse(element.checkVisibility());
  });

  it('tells the steps where the browser wants it done by hand', async () => {
    const manifest = Object.assign(document.createElement('link'), {rel: 'manifest', href: 'data:application/manifest+json,{}'});
    document.head.append(manifest);
    const topWindow = window.top === window;
    Object.defineProperty(navigator, 'standalone', {configurable: true, value: false});
    Object.defineProperty(navigator, 'maxTouchPoints', {configurable: true, value: 5});
    try {
      const element = await install();
      assert.equal(element.checkVisibility(), topWindow);
      if (!topWindow) return;
      await click(element);
      assert.match(shown(element), /Put it on your home screen .*Share.*Add to Home Screen/);
      await accessible(element);
    } finally {
      manifest.remove();
      Reflect.deleteProperty(navigator, 'standalone');
      Reflect.deleteProperty(navigator, 'maxTouchPoints');
    }
  });
});
