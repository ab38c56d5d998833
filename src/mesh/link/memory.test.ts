import {linkCompliance} from './compliance.js';
import {MemoryNetwork} from './memory.js';

linkCompliance('The in-memory twin', () => new MemoryNetwork({bytesPerSecond: 500_000_000}).createLink);
