'use strict';

/**
 * What TypeScript makes of an enum, numbers by name and names by number, without its two assignments for each.
 *
 * @param names in their order, with a number before each that does not follow the one before it: `'UNKNOWN ERROR 100 TOO_LATE'`
 */
module.exports = names => {
  const result = {};
  let next = 0;
  for (const word of names.match(/\S+/g) ?? []) {
    if (/^\d/.test(word)) {
      next = Number(word);
    } else {
      result[word] = next;
      result[next++] = word;
    }
  }
  return result;
};
