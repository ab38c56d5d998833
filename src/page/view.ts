/**
 * Runs before the first paint, so that the page is laid out once: the front with the lobby, or a room that somebody was
 * invited to. The build puts it into the page itself: a request would hold the paint up.
 */
import {watchOverFiles} from '../shell/rescue.js';
import {knownRooms, otherRooms} from './recent.js';
import {linkTo, LOBBY, roomOf} from './rooms.js';

watchOverFiles();

const root = document.documentElement;
const url = new URL(location.href);
const known = knownRooms();
// The app's shortcuts count back from the room that was open last.
const back = url.searchParams.get('recent');
const last = known[Number(back ?? 1) - 1]?.room ?? LOBBY;
// Who starts the app, or the page without a connection, comes back to where they were.
const isStart = !roomOf(url) && (url.searchParams.has('app') || back !== null || (!url.search && !navigator.onLine));
if (isStart && last !== LOBBY) history.replaceState(null, '', linkTo(last, url, root.dataset.links === 'query' ? 'query' : 'path'));

const room = roomOf(new URL(location.href));
root.dataset.view = room || url.searchParams.has('new') ? 'room' : 'front';
const listed = otherRooms(known, room || LOBBY).length;
// The list of rooms comes with the page's script; its place is kept until then.
if (listed) root.style.setProperty('--recent', String(listed));
