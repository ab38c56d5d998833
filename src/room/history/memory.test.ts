import {storeCompliance} from './compliance.js';
import {MemoryDisk, MemoryStore} from './memory.js';

storeCompliance('MemoryStore', () => {
  const disk = new MemoryDisk();
  return {open: () => new MemoryStore(disk)};
});
