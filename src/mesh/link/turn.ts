/** Whether one of these relays, as TURN servers do (RFC 8656); the others only tell one's address. */
export const hasTurn = (servers: readonly RTCIceServer[]): boolean =>
  servers.some(({urls}) => [urls].flat().some(url => /^turns?:/i.test(url)));
