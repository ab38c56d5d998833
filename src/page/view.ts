/**
 * Runs before the first paint, so that the page is laid out once: the front with the lobby, or a room that somebody was
 * invited to. The build puts it into the page itself: a request would hold the paint up.
 */
import {roomOf} from './rooms.js';

document.documentElement.dataset.view = roomOf(new URL(location.href)) ? 'room' : 'front';
