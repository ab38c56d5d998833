import type {SocketWrapper, SubscriptionRegistry} from '@deepstream/types';
import type {Message} from './protocol.js';

interface Telling {
  /** Whom it is not for. */
  readonly except?: SocketWrapper;
  /** The message as bytes, where it is there already. */
  readonly frame?: Uint8Array | undefined;
}

/**
 * Tells everybody who is subscribed to `name`, in one encoding.
 *
 * deepstream's own `sendToSubscribers` does the same, and for a log that is turned off it writes the message as JSON each time and its
 * bytes as text for each subscriber.
 */
export function tellSubscribers(subscriptions: SubscriptionRegistry, name: string, message: Message, {except, frame}: Telling = {}): void {
  let bytes = frame;
  for (const wrapper of subscriptions.getLocalSubscribers(name)) {
    if (wrapper === except) continue;
    // Every socket speaks the same binary protocol.
    bytes ??= (wrapper.getMessage as (message: Message) => Uint8Array)(message);
    wrapper.sendBuiltMessage!(bytes, false);
  }
}
