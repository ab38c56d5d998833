import {assert} from 'chai';
import {html} from 'lit';
import {accessible, cleanUp, drawn, place, shown} from '../testing/fixture.js';
import type {MeshShell} from './mesh-shell.js';

describe('<mesh-shell>', () => {
  let isOnline = true;
  before(async () => {
    await customElements.whenDefined('mesh-shell');
    Object.defineProperty(navigator, 'onLine', {configurable: true, get: () => isOnline});
  });
  afterEach(async () => {
    isOnline = true;
    await cleanUp();
  });
  after(() => {
    Reflect.deleteProperty(navigator, 'onLine');
  });

  const goes = (online: boolean): void => {
    isOnline = online;
    dispatchEvent(new Event(online ? 'online' : 'offline'));
  };

  async function shell(): Promise<MeshShell> {
    const box = place(html`<div style="width: 280px"><mesh-shell>Rooms that are open stay open.</mesh-shell></div>`);
    const element = box.querySelector('mesh-shell')!;
    await drawn(element);
    return element;
  }

  it('takes no room while there is nothing to say', async () => {
    const element = await shell();
    assert.equal(shown(element), '');
    assert.equal(element.getBoundingClientRect().height, 0);
  });

  it('says that there is no connection, and what the page has to say to it, until it is back', async () => {
    const element = await shell();
    goes(false);
    await drawn(element);
    assert.match(shown(element), /^You are offline\. What you write waits until the connection is back\./);
    assert.isAbove(element.getBoundingClientRect().height, 0);
    assert.isAtMost(element.scrollWidth, 280);
    await accessible(element);
    goes(true);
    await drawn(element);
    assert.equal(element.getBoundingClientRect().height, 0);
  });

  it('asks once whether to bring a new version in', async () => {
    const element = await shell();
    let asked = 0;
    element.addEventListener('mesh-update-request', () => asked++);
    element.setAttribute('update-ready', '');
    await drawn(element);
    assert.match(shown(element), /^A new version is ready\. .* Update$/);
    await accessible(element);
    const button = element.renderRoot.querySelector('button')!;
    button.click();
    await drawn(element);
    assert.match(shown(element), /Updating…$/);
    button.click();
    assert.equal(asked, 1);
    element.updateReady = false;
    await drawn(element);
    assert.equal(shown(element), '');
  });

  it('hears nothing any more once it is removed', async () => {
    const element = await shell();
    element.remove();
    goes(false);
    await element.updateComplete;
    assert.equal(shown(element), '');
  });
});
