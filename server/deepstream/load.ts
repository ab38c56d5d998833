import type {Deepstream} from '@deepstream/server';

type DeepstreamClass = typeof Deepstream;

let loading: Promise<DeepstreamClass> | undefined;

/**
 * Loads deepstream without what loading it does to the process: it sets `process.title` and installs source-map-support,
 * which takes over `Error.prepareStackTrace` and, by wrapping `process.emit`, exits on errors that the host may want to handle.
 * Loaded when the first server starts, so that importing `mesh-room/server` stays cheap and without effects.
 */
export function loadDeepstream(): Promise<DeepstreamClass> {
  loading ??= load();
  return loading;
}

async function load(): Promise<DeepstreamClass> {
  const {title} = process;
  const emit = Object.getOwnPropertyDescriptor(process, 'emit');
  const prepareStackTrace = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  try {
    // A CommonJS module: Node gives its exports by name as well, a bundle as `default` alone.
    const loaded: {Deepstream?: DeepstreamClass; default: unknown} = await import('@deepstream/server');
    return loaded.Deepstream ?? (loaded.default as {Deepstream: DeepstreamClass}).Deepstream;
  } finally {
    process.title = title;
    restore(process, 'emit', emit);
    restore(Error, 'prepareStackTrace', prepareStackTrace);
  }
}

function restore(object: object, key: string, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor) Object.defineProperty(object, key, descriptor);
  else Reflect.deleteProperty(object, key);
}
