import {FEW_LINES, storeCompliance} from './compliance.js';
import {MemoryDisk, MemoryStore} from './memory.js';

storeCompliance('MemoryStore', () => {
  const disk = new MemoryDisk(FEW_LINES);
  return {open: () => new MemoryStore(disk)};
});
