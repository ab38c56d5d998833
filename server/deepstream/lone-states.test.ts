import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import fc from 'fast-check';
import {LoneStates} from './lone-states.js';
import {STATE_REGISTRY_TOPIC} from './protocol.js';

describe('LoneStates', () => {
  const {EVENT_SUBSCRIPTIONS, RECORD_SUBSCRIPTIONS} = STATE_REGISTRY_TOPIC;

  it('has a name as long as it was added more often than removed, and tells the first and the last', () => {
    const step = fc.record({name: fc.constantFrom('a', 'b', '__proto__'), isAdded: fc.boolean()});
    fc.assert(fc.property(fc.array(step), steps => {
      const registry = new LoneStates().getStateRegistry(EVENT_SUBSCRIPTIONS);
      const told: string[] = [];
      registry.onAdd(name => told.push(`+${name}`));
      registry.onRemove(name => told.push(`-${name}`));
      const counts = new Map<string, number>();
      const expected: string[] = [];
      for (const {name, isAdded} of steps) {
        const before = counts.get(name) ?? 0;
        const after = Math.max(0, before + (isAdded ? 1 : -1));
        counts.set(name, after);
        if (before === 0 && after === 1) expected.push(`+${name}`);
        if (before === 1 && after === 0) expected.push(`-${name}`);
        if (isAdded) registry.add(name);
        else registry.remove(name);
        assert.equal(registry.has(name), after > 0);
      }
      assert.deepEqual(told, expected);
      assert.deepEqual(registry.getAll().sort(), [...counts].filter(([, count]) => count > 0).map(([name]) => name).sort());
    }));
  });

  it('keeps topics apart, and each one', () => {
    const all = new LoneStates();
    all.getStateRegistry(EVENT_SUBSCRIPTIONS).add('a');
    assert.equal(all.getStateRegistry(RECORD_SUBSCRIPTIONS).has('a'), false);
    assert.equal(all.getStateRegistry(EVENT_SUBSCRIPTIONS).has('a'), true);
  });
});
