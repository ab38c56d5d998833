/** The visitor agrees to a new version of the page, which the page brings in. Apart from the other events: no frame needs it. */
export class MeshUpdateRequestEvent extends Event {
  constructor() {
    super('mesh-update-request', {bubbles: true, composed: true});
  }
}

declare global {
  interface HTMLElementEventMap {
    'mesh-update-request': MeshUpdateRequestEvent;
  }
}
