/**
 * Whom a member links to: a pure function, so that every member computes the same graph from the same List.
 *
 * @param self the member that asks; it need not be in `members` yet.
 * @param members ids in the List, each once.
 * @returns ids of `members` other than `self`; `b` is in the answer for `a` exactly when `a` is in the answer for `b`.
 */
export type Neighbours = (self: string, members: readonly string[]) => readonly string[];
