/** deepstream's own client as a page uses it that knows nothing of this project. Runs in Node and in browsers. */
import {DeepstreamClient} from '@deepstream/client';

/** A page that knows nothing of this project: deepstream's own client, logged in under no name. */
export async function plainClient(url: string): Promise<DeepstreamClient> {
  const client = new DeepstreamClient(url, {subscriptionInterval: 0, maxReconnectAttempts: 0});
  // Without a listener the client throws; what it is refused, the test sees by its effect.
  client.on('error', () => {});
  await client.login({});
  return client;
}

/** The List as the server tells whoever asks; empty when there is none. */
export async function entriesOf(client: DeepstreamClient, list: string): Promise<readonly string[]> {
  const data: unknown = await client.record.snapshot(list).catch(() => []);
  return Array.isArray(data) ? data as string[] : [];
}

/** Resolves as soon as the List, as the server tells its readers, is as `holds` says. */
export async function untilEntries(
  client: DeepstreamClient, list: string, holds: (entries: readonly string[]) => boolean): Promise<void> {
  const view = client.record.getList(list);
  await view.whenReady();
  if (!holds(view.getEntries())) {
    await new Promise<void>(resolve => {
      const look = (entries: string[]): void => {
        if (!holds(entries)) return;
        view.unsubscribe(look);
        resolve();
      };
      view.subscribe(look);
    });
  }
  view.discard();
}

/** Hears signals to `id`, as a page does that is there. Resolves once the server knows. */
export async function listenAs(client: DeepstreamClient, id: string): Promise<void> {
  client.event.subscribe(`rtc-signal/${id}`, () => {});
  // The server answers in the order in which it was asked.
  await client.record.has('anything');
}
