/**
 * `addEventListener` of a class that fires `Events`. To be declared, not written: it says what `EventTarget` does, and costs no code.
 */
export interface Listen<Events> {
  <Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void, options?: AddEventListenerOptions | boolean): void;
  (type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean): void;
}
