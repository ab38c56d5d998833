/** The seam between a room's members and who of them links to whom. `testing/compliance.ts` holds what every topology must do. */

/** What members have told of themselves. Members may disagree about it for as long as a word takes to get round. */
export interface TopologyFacts {
  /**
   * How much a member can carry for others: 0 for one that declines or should be spared, 1 for an ordinary one, more for a better one.
   * Default: 1 for everybody.
   */
  readonly capacityOf?: (id: string) => number;
  /** Whether the room is a partial mesh at the moment: what a topology that changes with the room's size holds on to near its limit. */
  readonly partial?: boolean;
}

/** Who links to whom in one room: one graph, the same at every member that has the same List. */
export interface Overlay {
  /** Whether some members are not linked to each other, so that messages have to be handed on. */
  readonly partial: boolean;
  /**
   * Whom a member links to.
   * @returns other members, each once; `b` is among those of `a` exactly when `a` is among those of `b`. Empty for an id that is no member.
   */
  neighbours(id: string): readonly string[];
  /**
   * Who of `from`'s neighbours is the next on the way to `to`. Each step is nearer, so that no message goes in circles.
   * @param isUsable leaves out neighbours that cannot be reached at the moment.
   * @returns `undefined` when there is no way that is known to be one.
   */
  nextHop(from: string, to: string, isUsable?: (id: string) => boolean): string | undefined;
}

/** Pure: the same members and facts make the same overlay, whatever the order of the members. */
export interface Topology {
  /** @param members ids in the List, each once, with the one that asks. */
  overlay(members: readonly string[], facts?: TopologyFacts): Overlay;
  /**
   * Most neighbours that a member has.
   * @param relays how many of the members have a capacity above 0; default all.
   */
  maxDegree(members: number, relays?: number): number;
  /** Whether those who can carry more have other places than those who carry at all. Default: no, and nobody needs to tell. */
  readonly ranks?: boolean;
}
