/** What may stand on the wire. Senders keep to these; receivers drop what does not. Each number says where it comes from. */

/** Version of the frames in `frame.ts`, said in every hello. */
export const PROTOCOL_VERSION = 1;

/**
 * Largest encoded message that travels whole on the `lines` lane, in bytes of UTF-8 or binary. Larger ones go to `bulk`: 16 KiB is
 * what every WebRTC stack carries as one message (RFC 8831 §6.6 advises it where interleaving, RFC 8260, is missing).
 */
export const MAX_LINE_BYTES = 16 * 1024;

/** Length of lines that travel together, in UTF-16 units: no more bytes than the longest line has. */
export const MAX_BATCH_LENGTH = MAX_LINE_BYTES;

/** Largest frame that is taken from the `lines` lane: a whole line, its header, and room for JSON escapes. */
export const MAX_LINE_FRAME_BYTES = 4 * MAX_LINE_BYTES;

/** Payload of one `bulk` frame. 64 KiB is the largest that every current browser takes (RFC 8841 default `max-message-size`). */
export const BULK_PIECE_BYTES = 64 * 1024 - 4;

/** Largest message, declared or sent: 1 GiB. */
export const MAX_MESSAGE_BYTES = 1024 ** 3;

/** Messages of one peer that may be in pieces at one time. More than a person starts by hand, few enough to bound what is held. */
export const MAX_OPEN_TRANSFERS = 16;

/** Bytes of one peer's messages that are held, unfinished or waiting for their turn: one of the largest size, and small ones beside it. */
export const MAX_HELD_BYTES = MAX_MESSAGE_BYTES + 64 * 1024 * 1024;

/** Length of a channel's name, in UTF-16 units. */
export const MAX_CHANNEL_LENGTH = 64;

/** Channels that begin with this are the mesh's own. */
export const RESERVED = '\u0000';

/** Length of a member's id, in UTF-16 units. */
export const MAX_ID_LENGTH = 128;

/** Length of a display name on the wire, in UTF-16 units: 64 characters as a reader counts them, emoji included. */
export const MAX_NAME_LENGTH = 768;

/** Length of a media type, in UTF-16 units. */
export const MAX_TYPE_LENGTH = 255;

/**
 * Frames that one peer may send on `lines`: a burst, then so many a second. Two thousand lines at once are ordinary for a drawing
 * or a game; above this nobody can read or draw them. The sender keeps to three quarters, so that jitter drops nobody's line.
 */
export const LINE_BURST = 20_000;
export const LINES_PER_SECOND = 10_000;
