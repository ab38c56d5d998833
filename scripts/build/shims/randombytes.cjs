'use strict';

/** Random bytes of which simple-peer wants nothing but hexadecimal digits, for ids and channel names. */
module.exports = size => {
  const bytes = crypto.getRandomValues(new Uint8Array(size));
  return {toString: () => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')};
};
