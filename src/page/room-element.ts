/** `<mesh-room>` as its published contract has it; the page knows no more of it than any other page. */
export type RoomElement = HTMLElement & {
  readonly state: {
    readonly room: string;
    readonly status: 'idle' | 'joining' | 'joined' | 'offline' | 'resuming' | 'failed';
    readonly peers: readonly {readonly id: string; readonly name: string}[];
  };
};

/** Puts `text` into what is being written in the room, behind what is there, and the focus with it. Settles once it stands there. */
export async function addToDraft(roomElement: HTMLElement, text: string): Promise<void> {
  await Promise.all(['mesh-room', 'mesh-chat'].map(tag => customElements.whenDefined(tag)));
  const updated = async (element: Element | null | undefined): Promise<ShadowRoot | null> => {
    // A Lit element has drawn itself, with all that it loads for that, when this settles.
    await (element as {updateComplete?: Promise<unknown>} | undefined)?.updateComplete;
    return element?.shadowRoot ?? null;
  };
  const chat = (await updated(roomElement))?.querySelector('mesh-chat');
  const input = (await updated(chat))?.querySelector('textarea');
  if (!input) throw new Error('The room has no text field');
  input.value = input.value ? `${input.value}\n${text}` : text;
  input.dispatchEvent(new Event('input', {bubbles: true}));
  input.focus();
}
