/** What every `Signalling` must do, whatever server is behind it. Runs under any framework that has `describe` and `it`. */
import {MeshError, type MeshErrorCode} from '../errors.js';
import {LEASE_MS} from './bounds.js';
import type {PeerId, Signalling, SignalMessage} from './types.js';

/** What a case may take, in milliseconds. */
export const CASE_MS = 15_000;

export interface TestFramework {
  readonly describe: (name: string, body: () => void) => void;
  /** @param boundMs - where the case takes longer than others by what it is about */
  readonly it: (name: string, body: () => Promise<void>, boundMs?: number) => void;
}

/** A server with nobody in it, and the means to play tricks on those who come. */
export interface SignallingHarness {
  /** Whether the server alone writes its Lists; then nobody can wipe one. */
  readonly guarded: boolean;
  create(options: {list: string; selfId: PeerId}): Signalling;
  /** The List as the server has it. */
  entries(list: string): Promise<readonly PeerId[]>;
  /** Resolves as soon as the List as the server has it is as `holds` says. */
  until(list: string, holds: (entries: readonly PeerId[]) => boolean): Promise<void>;
  /** Ends every connection as a network does that goes away, and lets new ones through. */
  disconnect(): void;
  /** The server goes away, forgets everything, and comes back at the same place. */
  restart(): Promise<void>;
  /** Sends an event to `to` that is no signal, as a client may that knows nothing of this project. */
  inject?(to: PeerId, data: unknown): void;
  /** Writes the List over, as such a client may. */
  overwrite?(list: string, entries: readonly PeerId[]): void;
  /** Hears signals to `id` from now on, as a plain page does that is there. Resolves once the server knows. */
  listen?(id: PeerId): Promise<void>;
  stop(): Promise<void>;
}

export function signallingCompliance({describe, it}: TestFramework, name: string, makeHarness: () => Promise<SignallingHarness>): void {
  let rooms = 0;
  /** Runs `body` with a harness and a way to make users, all of whom have left when it ends. */
  const withRoom = (body: (room: Room) => Promise<void>) => async (): Promise<void> => {
    const room = new Room(await makeHarness(), `compliance/${++rooms}`);
    try {
      await body(room);
    } finally {
      await room.end();
    }
  };

  describe(`signalling: ${name}`, () => {
    it('resolves once the server has the id in its List, exactly once', withRoom(async room => {
      const ada = room.user('ada');
      const statuses: string[] = [];
      ada.addEventListener('status-change', () => statuses.push(ada.status));
      equal(ada.status, 'idle');
      await ada.open();
      equal(await room.entries(), ['ada']);
      equal(ada.members, ['ada']);
      equal(statuses, ['connecting', 'open']);
    }));

    it('gives the same answer to a second open()', withRoom(async room => {
      const ada = room.user('ada');
      await Promise.all([ada.open(), ada.open()]);
      await ada.open();
      equal(await room.entries(), ['ada']);
    }));

    it('shows who is there to who comes, and who comes and goes to who is there', withRoom(async room => {
      const [ada, bob] = await room.join('ada', 'bob');
      await until(ada, () => sameMembers(ada, ['ada', 'bob']));
      await until(bob, () => sameMembers(bob, ['ada', 'bob']));
      await bob.close();
      await until(ada, () => sameMembers(ada, ['ada']));
      equal(await room.entries(), ['ada']);
    }));

    it('loses and doubles nobody when many come at one instant', withRoom(async room => {
      const ids = Array.from({length: 12}, (_, i) => `user-${i}`);
      const users = await room.join(...ids);
      await Promise.all(users.map(user => until(user, () => sameMembers(user, ids))));
      equal([...await room.entries()].sort(), [...ids].sort());
    }));

    it('loses and resurrects nobody when many come and go at one instant', withRoom(async room => {
      const early = Array.from({length: 6}, (_, i) => `early-${i}`);
      const late = Array.from({length: 6}, (_, i) => `late-${i}`);
      const leavers = await room.join(...early);
      const [users] = await Promise.all([room.join(...late), ...leavers.map(user => user.close())]);
      await Promise.all(users.map(user => until(user, () => sameMembers(user, late))));
      equal([...await room.entries()].sort(), [...late].sort());
    }));

    it('delivers signals to their addressee alone, whole and in order', withRoom(async room => {
      const [ada, bob, eve] = await room.join('ada', 'bob', 'eve');
      const overheard = record(eve);
      const heard = record(bob);
      const sent = Array.from({length: 20}, (_, i): SignalMessage => ({user: 'ada', signal: {type: 'offer', sdp: `ä\u2028${i}`}, session: i}));
      for (const message of sent) ada.emit('bob', message);
      await until(bob, () => heard.length === sent.length, 'signal');
      equal(heard, sent);
      equal(overheard, []);
    }));

    it('hears signals before it is seen in the List', withRoom(async room => {
      const [ada] = await room.join('ada');
      const bob = room.user('bob');
      const heard = record(bob);
      ada.addEventListener('members-change', () => ada.emit('bob', {user: 'ada', signal: 'early'}));
      await bob.open();
      await until(bob, () => heard.length > 0, 'signal');
      equal(heard, [{user: 'ada', signal: 'early'}]);
    }));

    it('drops its own echo and what names no sender', withRoom(async room => {
      const [ada, bob] = await room.join('ada', 'bob');
      const heard = record(ada);
      ada.emit('ada', {user: 'ada', signal: 'echo'});
      for (const data of [undefined, null, 'text', 7, [], {}, {user: 7}, {user: ''}, {signal: 'x'}]) room.harness.inject?.('ada', data);
      bob.emit('ada', {user: 'bob', signal: 'last'});
      await until(ada, () => heard.length > 0, 'signal');
      equal(heard, [{user: 'bob', signal: 'last'}]);
    }));

    it('leaves the List on close(), is closed then, and says nothing more', withRoom(async room => {
      const [ada, bob] = await room.join('ada', 'bob');
      await Promise.all([ada.close(), ada.close()]);
      await ada.close();
      equal(ada.status, 'closed');
      equal(ada.members, []);
      let events = 0;
      for (const type of ['members-change', 'status-change', 'signal', 'error']) ada.addEventListener(type, () => events++);
      bob.emit('ada', {user: 'bob', signal: 'late'});
      await bob.close();
      equal(await room.entries(), []);
      equal(events, 0);
    }));

    it('cannot be opened once it was closed', withRoom(async room => {
      const ada = room.user('ada');
      await ada.close();
      await rejects(ada.open(), 'aborted');
      equal(await room.entries(), []);
    }));

    it('gives up when it is told to, at whatever moment, and leaves nothing in the List', withRoom(async room => {
      const before = room.user('before');
      await rejects(before.open({signal: AbortSignal.abort()}), 'aborted');
      const connecting = room.user('connecting');
      const first = new AbortController();
      const opening = connecting.open({signal: first.signal});
      first.abort();
      await rejects(opening, 'aborted');
      const entering = room.user('entering');
      const second = new AbortController();
      entering.addEventListener('members-change', () => second.abort(), {once: true});
      // It may be in by then: either way its promise says what happened, and the List agrees.
      const outcome = await entering.open({signal: second.signal}).then(() => 'in', (error: unknown) => codeOf(error));
      if (outcome === 'in') await entering.close();
      else equal(outcome, 'aborted');
      const closing = room.user('closing');
      const closed = rejects(closing.open(), 'aborted');
      await closing.close();
      await closed;
      equal(await room.entries(), []);
      for (const user of [before, connecting, entering, closing]) equal(user.status, 'closed');
    }));

    it('comes back when the connection is lost, and meanwhile drops nobody who stays', withRoom(async room => {
      const ids = ['ada', 'bob', 'eve'];
      const users = await room.join(...ids);
      await Promise.all(users.map(user => until(user, () => sameMembers(user, ids))));
      const lost = watchLosses(users, ids);
      const errors = users.map(user => next(user, 'error'));
      const away = users.map(user => until(user, () => user.status === 'reconnecting', 'status-change'));
      room.harness.disconnect();
      await Promise.all([...errors, ...away]);
      await Promise.all(users.map(user => until(user, () => user.status === 'open' && sameMembers(user, ids), 'status-change', 'members-change')));
      equal([...await room.entries()].sort(), ids);
      equal(lost(), []);
      const [ada, bob] = users;
      const heard = record(bob!);
      ada!.emit('bob', {user: 'ada', signal: 'again'});
      await until(bob!, () => heard.length > 0, 'signal');
    }));

    it('puts itself back, once, when the server was restarted and has forgotten everything', withRoom(async room => {
      const ids = Array.from({length: 8}, (_, i) => `user-${i}`);
      const users = await room.join(...ids);
      await Promise.all(users.map(user => until(user, () => sameMembers(user, ids))));
      const lost = watchLosses(users, ids);
      const away = users.map(user => until(user, () => user.status === 'reconnecting', 'status-change'));
      await room.harness.restart();
      await Promise.all(away);
      await Promise.all(users.map(user => until(user, () => user.status === 'open', 'status-change')));
      await Promise.all(users.map(user => until(user, () => sameMembers(user, ids))));
      equal([...await room.entries()].sort(), ids);
      equal(lost(), []);
    }));

    it('leaves for good although the server was away in between', withRoom(async room => {
      const [ada, bob] = await room.join('ada', 'bob');
      await until(ada, () => sameMembers(ada, ['ada', 'bob']));
      const away = [ada, bob].map(user => until(user, () => user.status === 'reconnecting', 'status-change'));
      const restarted = room.harness.restart();
      await Promise.all(away);
      await bob.close();
      await restarted;
      await until(ada, () => ada.status === 'open' && sameMembers(ada, ['ada']), 'status-change', 'members-change');
      equal(await room.entries(), ['ada']);
    }));

    it('heals a List that somebody wiped, and drops nobody who is alive', withRoom(async room => {
      const {harness} = room;
      if (harness.guarded || !harness.overwrite) return; // nobody can
      const ids = ['ada', 'bob', 'eve'];
      const users = await room.join(...ids);
      await Promise.all(users.map(user => until(user, () => sameMembers(user, ids))));
      const lost = watchLosses(users, ids);
      for (const entries of [[], ['plain'], ['ada', 'ada', 'plain'], ['bob', 'eve', 'plain', 'plain']]) {
        // Once it has been wiped, so that the healed List is not the one from before.
        const wiped = harness.until(room.list, now => ids.some(id => now.filter(entry => entry === id).length !== 1));
        harness.overwrite(room.list, entries);
        await wiped;
        await harness.until(room.list, now => ids.every(id => now.filter(entry => entry === id).length === 1));
      }
      equal(lost(), []);
    }));

    it('takes out who is not there, and leaves a plain page in that is', withRoom(async room => {
      const {harness} = room;
      if (harness.guarded || !harness.overwrite || !harness.listen) return; // the server does it
      const errors: string[] = [];
      const ada = room.user('ada');
      ada.addEventListener('error', ({error}) => errors.push(error.message));
      await ada.open();
      await harness.listen('plain');
      harness.overwrite(room.list, ['ghost', 'plain', 'ada']);
      await harness.until(room.list, entries => entries.includes('ghost'));
      await harness.until(room.list, entries => !entries.includes('ghost'));
      equal(await room.entries(), ['plain', 'ada']);
      equal(errors, []);
    }), LEASE_MS + CASE_MS);
  });
}

/** One test's List and users. */
class Room {
  readonly harness: SignallingHarness;
  readonly list: string;
  readonly #users: Signalling[] = [];

  constructor(harness: SignallingHarness, list: string) {
    this.harness = harness;
    this.list = list;
  }

  user(selfId: PeerId): Signalling {
    const user = this.harness.create({list: this.list, selfId});
    this.#users.push(user);
    return user;
  }

  async join<Ids extends PeerId[]>(...ids: Ids): Promise<{[I in keyof Ids]: Signalling}> {
    const users = ids.map(id => this.user(id));
    await Promise.all(users.map(user => user.open()));
    return users as {[I in keyof Ids]: Signalling};
  }

  entries(): Promise<readonly PeerId[]> {
    return this.harness.entries(this.list);
  }

  async end(): Promise<void> {
    await Promise.all(this.#users.map(user => user.close()));
    await this.harness.stop();
  }
}

/** Resolves as soon as `holds`, looked at now and after each event of `types`. The framework's own timeout is the bound. */
export function until(target: EventTarget, holds: () => boolean, ...types: string[]): Promise<void> {
  const watched = types.length > 0 ? types : ['members-change'];
  return new Promise(resolve => {
    const look = (): void => {
      if (!holds()) return;
      for (const type of watched) target.removeEventListener(type, look);
      resolve();
    };
    for (const type of watched) target.addEventListener(type, look);
    look();
  });
}

const next = (target: EventTarget, type: string): Promise<Event> =>
  new Promise(resolve => target.addEventListener(type, resolve, {once: true}));

/** Whether `user` sees exactly `ids`, in any order. */
export const sameMembers = ({members}: Signalling, ids: readonly PeerId[]): boolean =>
  members.length === ids.length && ids.every(id => members.includes(id));

/** Every signal that arrives from now on. */
function record(user: Signalling): SignalMessage[] {
  const heard: SignalMessage[] = [];
  user.addEventListener('signal', ({message}) => heard.push(message));
  return heard;
}

/** Who of the others was missing from somebody's `members` at any moment from now on. */
function watchLosses(users: readonly Signalling[], ids: readonly PeerId[]): () => string[] {
  const losses = new Set<string>();
  for (const user of users) {
    user.addEventListener('members-change', () => {
      for (const id of ids) if (id !== user.selfId && !user.members.includes(id)) losses.add(`${user.selfId} lost ${id}`);
    });
  }
  return () => [...losses];
}

const codeOf = (error: unknown): string => error instanceof MeshError ? error.code : String(error);

async function rejects(promise: Promise<unknown>, code: MeshErrorCode): Promise<void> {
  equal(await promise.then(() => 'resolved', codeOf), code);
}

function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`expected ${b ?? 'undefined'}, got ${a ?? 'undefined'}`);
}
