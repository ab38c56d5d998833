import {defaultUrl} from './default-url.js';
import type {CreateRoom, Room, RoomOptions} from './types.js';

/** Loads what connects: signalling, WebRTC and the mesh, 58 kB (gzip) that no frame has to wait for. */
export type LoadEngine = () => Promise<CreateRoom>;

/** The only import of the engine, and a dynamic one, so that bundlers make it a chunk of its own. */
export const loadEngine: LoadEngine = async () => (await import('./session.js')).createRoom;

/**
 * Joins a room without any element.
 * @returns the room, once its List holds this user.
 * @throws {MeshError} what kept it from joining; nothing is left open then.
 */
export async function joinRoom(options: RoomOptions): Promise<Room> {
  const create = await loadEngine();
  const session = create(withDefaultUrl(options));
  try {
    await session.join();
  } catch (error) {
    // It would go on trying.
    await session.leave();
    throw error;
  }
  return session;
}

/** `options` with the endpoint on the server that served this script, unless they name one. */
export function withDefaultUrl(options: RoomOptions): RoomOptions {
  // An empty one is that of an attribute that is not there.
  const url = options.url === undefined || options.url === '' ? defaultUrl() : options.url;
  return url ? {...options, url} : options;
}
