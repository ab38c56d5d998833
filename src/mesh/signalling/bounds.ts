/** Every wait of signalling, in milliseconds, and why it is that long. */

/** `open()` as a whole: what a visitor puts up with before "cannot connect" is the better answer. */
export const OPEN_TIMEOUT_MS = 10_000;
/**
 * Attempts that `open()` makes at an endpoint where nothing answers, before it says so. A refused connection is known at once,
 * so that this is the pauses between them: about a second, enough for a server that is being restarted.
 */
export const OPEN_ATTEMPTS = 3;
/** One attempt, from the socket's start to the server's answer to the login: many round trips even by satellite. */
export const HANDSHAKE_TIMEOUT_MS = 4_000;
/** Asking by plain HTTP whether anything at all lives at the endpoint; only decides which error is reported. */
export const PROBE_TIMEOUT_MS = 1_000;
/** `close()`: taking oneself out of the List is two trips; a server that is away must not hold up a page that leaves. */
export const LEAVE_TIMEOUT_MS = 1_000;

/** After a page was frozen, or a machine slept: how long the server and every link have to answer. */
export const CHECK_MS = 1_000;

/** How often the server is asked whether it is there. Twice that without a word means that it is not. */
export const HEARTBEAT_MS = 2_000;
/** Pauses between attempts to connect again: from the first to the longest, each doubled and jittered by half. */
export const RECONNECT_FIRST_MS = 100;
export const RECONNECT_LONGEST_MS = 1_000;
/**
 * After so many failures in a row, plain HTTP asks first whether anything is there: browsers hold back a WebSocket, by up to 5 s, when many
 * before it have failed (Chromium's `WebSocketThrottler`, Firefox's `FailDelayManager`).
 */
export const KNOCK_AFTER = 3;
/** The page's policy may forbid that request: a WebSocket is tried this often all the same. */
export const KNOCK_TRUST_MS = 5_000;
/** How long such a request may take: it is two round trips, three with TLS. */
export const KNOCK_MS = 700;
/**
 * A connection that does not come about may hang in a network that swallowed its first packets. Meanwhile requests follow at this pause;
 * when one is answered, and the connection has had this many times as long, it is made anew.
 */
export const DOUBT_MS = 200;
export const DOUBT_FACTOR = 4;
/**
 * How long after a reconnect members are kept who were there before and are not in the List now. A server that was restarted
 * has lost its Lists, and everybody enters again: they all notice within `RECONNECT_LONGEST_MS` at the latest.
 */
export const SETTLE_MS = 3_000;

/**
 * Without a guard, how long a member is kept that disappeared from the List: anybody can write anything, and who was removed
 * though alive is back within a few round trips.
 */
export const LINGER_MS = 500;

/** A write to the List that was neither taken nor refused in this time was lost. */
export const WRITE_TIMEOUT_MS = 3_000;
/** Longest pause before the List is written again after a write was lost, or undone by others; the first pauses are far shorter. */
export const RETRY_LONGEST_MS = 1_000;
/** Pause before the List is written again after the server refused: a refusal rarely changes soon. */
export const REFUSED_PAUSE_MS = 5_000;

/** Without a guard: how often, at the least, a member asks whether its predecessor is still there. */
export const WATCH_MS = 4_000;
/** The same while somebody is suspect. */
export const SUSPECT_MS = 2_000;
/** How long after the server's first answer the absence of another is an answer too; they leave the server together. */
export const ABSENCE_MS = 500;
/** How often in a row a member must be absent to be taken for dead: long enough for it to connect again. */
export const ABSENCES = 4;
/**
 * A member whose socket ended is out of the List within this time on a server without a guard: a watch period, the suspicions, each
 * with its wait for an answer, and a reserve for writing. Neighbours in the ring of ids that died together cost another suspicion
 * if there are up to 17 of them, and two if there are up to 273.
 */
export const LEASE_MS = WATCH_MS + ABSENCE_MS + ABSENCES * (SUSPECT_MS + ABSENCE_MS) + 2_000;
