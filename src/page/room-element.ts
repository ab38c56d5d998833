/** `<mesh-room>` as its published contract has it; the page knows no more of it than any other page. */
export type RoomElement = HTMLElement & {
  readonly state: {
    readonly room: string;
    readonly status: 'idle' | 'joining' | 'joined' | 'offline' | 'resuming' | 'failed';
    readonly peers: readonly {readonly id: string; readonly name: string}[];
  };
};

/** Where one writes in the room; undefined until it is drawn. */
export const draftField = (roomElement: HTMLElement): HTMLTextAreaElement | undefined =>
  roomElement.shadowRoot?.querySelector('mesh-chat')?.shadowRoot?.querySelector('textarea') ?? undefined;

/** The same, once it is there and is that of the room that `roomElement` now names. */
async function drawnField(roomElement: HTMLElement): Promise<HTMLTextAreaElement> {
  await Promise.all(['mesh-room', 'mesh-chat'].map(tag => customElements.whenDefined(tag)));
  // A Lit element has drawn itself, with all that it loads for that, when this settles.
  const drawn = (element: Element | null | undefined): Promise<unknown> | undefined =>
    (element as {updateComplete?: Promise<unknown>} | undefined)?.updateComplete;
  await drawn(roomElement);
  await drawn(roomElement.shadowRoot?.querySelector('mesh-chat'));
  const field = draftField(roomElement);
  if (!field) throw new Error('The room has no text field');
  return field;
}

/** Puts `text` into what is being written in the room, behind what is there. Settles with the field once it stands there. */
export async function addToDraft(roomElement: HTMLElement, text: string): Promise<HTMLTextAreaElement> {
  const field = await drawnField(roomElement);
  field.value = field.value ? `${field.value}\n${text}` : text;
  field.dispatchEvent(new Event('input', {bubbles: true, composed: true}));
  return field;
}
