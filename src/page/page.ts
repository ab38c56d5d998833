/** The project's own page. It uses the elements as any other page does: by their tags and the published contract. */
import {copiesOnClick, copyText} from './copy.js';
import {keepDrafts} from './drafts.js';
import {rememberedName, rememberName} from './name.js';
import {Notifier} from './notify.js';
import {forgetRoom, knownRooms, lastSeenWords, notePeople, noteRoom, otherRooms} from './recent.js';
import {addToDraft, type RoomElement} from './room-element.js';
import {enteredRoom, linkTo, LOBBY, newRoomName, roomOf, type LinkStyle} from './rooms.js';
import {embedSnippet} from './snippet.js';

const byId = <T extends HTMLElement = HTMLElement>(id: string): T => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}`);
  return element as T;
};

const root = document.documentElement;
const style: LinkStyle = root.dataset.links === 'query' ? 'query' : 'path';
const roomElement = byId<RoomElement>('room');
const announcer = byId('announcer');
const announce = (words: string): void => { announcer.textContent = words; };

const here = (): URL => new URL(location.href);
const currentRoom = (): string => roomOf(here()) || LOBBY;
const currentLink = (): string => linkTo(currentRoom(), here(), style).href;

const showDraft = keepDrafts(roomElement, currentRoom);

/** The rooms that this browser was in, as items of a list, each with what `act` makes of it. */
const roomItems = (rooms: readonly string[], act: (room: string) => Node[]): HTMLLIElement[] => rooms.map(room => {
  const item = document.createElement('li');
  item.append(...act(room));
  return item;
});

function showRecent(): void {
  const items = roomItems(otherRooms(knownRooms(), currentRoom()), room => {
    const link = document.createElement('a');
    link.href = linkTo(room, here(), style).href;
    link.textContent = room;
    link.dir = 'auto';
    const forget = document.createElement('button');
    forget.title = forget.ariaLabel = `Forget ${room}`;
    forget.dataset.forget = room;
    forget.textContent = '×';
    return [link, forget];
  });
  byId('recent-list').replaceChildren(...items);
  if (items.length) root.style.setProperty('--recent', String(items.length));
  else root.style.removeProperty('--recent');
  byId('recent').hidden = !items.length;
}

/** Who was here, while nobody can be asked who is. */
function showLastSeen(): void {
  const {status, peers} = roomElement.state ?? {status: 'joining', peers: []};
  const isCut = status !== 'joined' && status !== 'idle' && !peers.length && (status !== 'joining' || !navigator.onLine);
  const known = knownRooms().find(({room}) => room === currentRoom());
  const words = isCut && known ? lastSeenWords(known) : '';
  byId('last-seen').textContent = words;
  byId('last-seen').hidden = !words;
}

/** Shows what the address says: the front with the lobby, or a room. */
function show(): void {
  const room = currentRoom();
  const view = roomOf(here()) ? 'room' : 'front';
  root.dataset.view = view;
  document.title = view === 'room' ? `${room} – Mesh Room` : 'Mesh Room – a live room for any web page';
  byId('room-name').textContent = room;
  byId('room-name').title = room;
  byId('snippet').textContent = embedSnippet(location.origin, room);
  // What is seen first comes first for the keyboard and for screen readers too.
  const [intro, live] = [byId('intro'), byId('live')];
  if (view === 'room') live.after(intro);
  else live.before(intro);
  if (roomElement.getAttribute('room') !== room) roomElement.setAttribute('room', room);
  noteRoom(room);
  showRecent();
  showLastSeen();
  showDraft();
}

/** Goes to a room without loading the page anew. */
function go(room: string): void {
  history.pushState(null, '', linkTo(room, here(), style));
  show();
  scrollTo({top: 0});
  byId('room-name').focus({preventScroll: true}); // the place where the page continues
  announce(`Room ${room}`);
}

/** Whether a click on a link does not ask for a new tab or window. */
const isPlainClick = (event: MouseEvent): boolean => !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;

function setUpEntrance(): void {
  byId('make').addEventListener('click', () => go(newRoomName()));
  const input = byId<HTMLInputElement>('enter-name');
  byId<HTMLFormElement>('enter').addEventListener('submit', event => {
    event.preventDefault();
    const room = enteredRoom(input.value, here());
    if (!room) {
      input.focus();
      return;
    }
    input.value = '';
    go(room);
  });
  byId('home').addEventListener('click', event => {
    if (!isPlainClick(event)) return;
    event.preventDefault();
    history.pushState(null, '', style === 'path' ? '/' : location.pathname);
    show();
  });
  addEventListener('popstate', show);
  byId('recent').addEventListener('click', event => {
    if (!(event.target instanceof HTMLElement)) return;
    const {dataset: {forget}, localName} = event.target;
    if (forget !== undefined) {
      forgetRoom(forget);
      showRecent();
      announce(`${forget} is forgotten`);
    } else if (localName === 'a' && isPlainClick(event)) {
      event.preventDefault();
      go(event.target.textContent ?? '');
    }
  });
}

function setUpName(): void {
  const field = byId<HTMLInputElement>('your-name');
  const apply = (): void => {
    const name = field.value.trim();
    roomElement.setAttribute('name', name);
    rememberName(name);
  };
  field.value = rememberedName();
  apply();
  field.addEventListener('change', apply);
  byId<HTMLFormElement>('name-form').addEventListener('submit', event => {
    event.preventDefault();
    apply();
    field.blur(); // shows that it is taken, and puts the on-screen keyboard away
  });
}

/** A phone cannot open a link to this computer's own address, so the page says so instead of leaving people to find out. */
const isOwnAddress = (): boolean => /^(localhost|127\..*|\[::1\])$/.test(location.hostname);

function setUpSharing(): void {
  copiesOnClick(byId<HTMLButtonElement>('copy-link'), currentLink, announce);

  const share = byId<HTMLButtonElement>('share');
  share.hidden = !('share' in navigator);
  share.addEventListener('click', () => {
    navigator.share({title: document.title, url: currentLink()}).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'AbortError') return; // the visitor changed their mind
      void copyText(currentLink()).then(copied => announce(copied ? 'Link copied' : currentLink()));
    });
  });

  const dialog = byId<HTMLDialogElement>('qr');
  byId('show-qr').addEventListener('click', () => {
    const link = currentLink();
    const code = byId('qr-code');
    code.textContent = '';
    byId<HTMLAnchorElement>('qr-link').href = link;
    byId('qr-link').textContent = link;
    byId('qr-note').hidden = !isOwnAddress();
    dialog.showModal();
    import('./qr.js').then(({qrCode}) => code.replaceChildren(qrCode(link, `QR code of the link to the room ${currentRoom()}`)))
      .catch(() => { code.textContent = 'The code could not be loaded. The link below works as well.'; });
  });
  dialog.addEventListener('click', event => {
    if (event.target === dialog) dialog.close(); // beside the box
  });
  copiesOnClick(byId<HTMLButtonElement>('copy-snippet'), () => byId('snippet').textContent, announce);
}

/** Above this many milliseconds a visitor wonders; the script takes a tenth of it on a slow phone's network. */
const SLOW_MS = 8_000;

/** Says so when the room's script is slow or does not come. */
function watchScript(): void {
  const note = byId('loading');
  const slow = setTimeout(() => {
    note.textContent = 'Still loading. Your connection seems slow.';
  }, SLOW_MS);
  void customElements.whenDefined('mesh-room').then(() => {
    clearTimeout(slow);
    note.remove();
  });
  byId('room-script').addEventListener('error', () => {
    clearTimeout(slow);
    const retry = document.createElement('button');
    retry.textContent = 'Reload the page';
    retry.addEventListener('click', () => location.reload());
    note.replaceChildren('The room could not be loaded. The server may be away, or you are offline.', retry);
    note.setAttribute('role', 'alert');
  });
}

/** Keeps note of who is there, for when nobody can be asked. */
function setUpMemory(): void {
  const isJoined = (): boolean => roomElement.state?.status === 'joined';
  const note = (): void => {
    if (isJoined()) notePeople(roomElement.state.room, roomElement.state.peers.map(({name}) => name));
    showLastSeen();
  };
  for (const type of ['mesh-peers-change', 'mesh-status-change']) roomElement.addEventListener(type, note);
  for (const type of ['online', 'offline', 'pagehide']) addEventListener(type, note);
}

function setUpNotifications(): void {
  const notifier = new Notifier({
    button: byId<HTMLButtonElement>('notify'), announce, room: () => ({room: currentRoom(), url: currentLink()}),
  });
  roomElement.addEventListener('mesh-message', event => {
    const {from, channel, data} = event as Event & {from: string; channel: string; data: unknown};
    const text = typeof data === 'object' && data !== null && 'text' in data ? data.text : undefined;
    if (channel !== 'chat' || typeof text !== 'string' || !text) return;
    const name = roomElement.state.peers.find(({id}) => id === from)?.name;
    notifier.tell(name === undefined || name === '' ? 'Somebody' : name, text).catch(() => undefined); // the message itself is in the room
  });
}

/** Lets the visitor choose the room for what was shared to the app. */
async function setUpShareTarget(): Promise<void> {
  if (!here().searchParams.has('shared')) return;
  const {askForRoom} = await import('./share-dialog.js');
  const dialog = byId<HTMLDialogElement>('share-to');
  // However it is closed, a reload does not ask again.
  const forget = (): void => {
    if (here().searchParams.has('shared')) history.replaceState(null, '', here().pathname);
  };
  dialog.addEventListener('close', forget, {once: true});
  await askForRoom({
    dialog,
    rooms: [...[...otherRooms(knownRooms()), LOBBY].map(room => [room, room] as const), [newRoomName(), 'A new room']],
    take: (room, text) => {
      forget();
      if (room !== currentRoom()) go(room);
      addToDraft(roomElement, text).then(field => {
        field.focus();
        announce('Your message is ready to be sent');
      }, () => announce(text));
    },
  });
}

/** The worker is for later visits, so it waits until this one is served. */
function setUpApp(): void {
  const isJoined = (): boolean => !/idle|failed/.test(roomElement.state?.status ?? 'idle');
  const start = (): void => {
    import('./app.js').then(({startApp}) => {
      const onStatus = startApp({
        notice: byId('shell'), state: byId('offline-state'), bell: byId('notify'), room: currentRoom, isJoined, go,
      });
      roomElement.addEventListener('mesh-status-change', onStatus);
    }, () => undefined); // the room works without it
  };
  if (document.readyState === 'complete') start();
  else addEventListener('load', start, {once: true});
}

if (here().searchParams.has('new')) history.replaceState(null, '', linkTo(newRoomName(), here(), style));
watchScript();
setUpName();
setUpEntrance();
setUpSharing();
setUpMemory();
setUpNotifications();
show();
void setUpShareTarget();
setUpApp();
