/** The project's own page. It uses the elements as any other page does: by their tags and the published contract. */
import {copiesOnClick, copyText} from './copy.js';
import {rememberedName, rememberName} from './name.js';
import {enteredRoom, linkTo, LOBBY, newRoomName, roomOf, type LinkStyle} from './rooms.js';
import {embedSnippet} from './snippet.js';

const byId = <T extends HTMLElement = HTMLElement>(id: string): T => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}`);
  return element as T;
};

const root = document.documentElement;
const style: LinkStyle = root.dataset.links === 'query' ? 'query' : 'path';
const roomElement = byId('room');
const announcer = byId('announcer');
const announce = (words: string): void => { announcer.textContent = words; };

const here = (): URL => new URL(location.href);
const currentRoom = (): string => roomOf(here()) || LOBBY;
const currentLink = (): string => linkTo(currentRoom(), here(), style).href;

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
}

/** Goes to a room without loading the page anew. */
function go(room: string): void {
  history.pushState(null, '', linkTo(room, here(), style));
  show();
  scrollTo({top: 0});
  byId('room-name').focus({preventScroll: true}); // the place where the page continues
  announce(`Room ${room}`);
}

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
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return; // a new tab or window
    event.preventDefault();
    history.pushState(null, '', style === 'path' ? '/' : location.pathname);
    show();
  });
  addEventListener('popstate', show);
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

watchScript();
setUpName();
setUpEntrance();
setUpSharing();
show();
