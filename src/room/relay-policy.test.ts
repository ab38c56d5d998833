import {expect} from 'chai';
import {RelayPolicy, type Device} from './relay-policy.js';

class Connection extends EventTarget {
  saveData = false;
  type: string | undefined = 'wifi';
  set(change: {saveData?: boolean; type?: string}): void {
    Object.assign(this, change);
    this.dispatchEvent(new Event('change'));
  }
}

class Battery extends EventTarget {
  charging = true;
  level = 1;
  set(change: {charging?: boolean; level?: number}): void {
    Object.assign(this, change);
    this.dispatchEvent(new Event('charging' in change ? 'chargingchange' : 'levelchange'));
  }
}

describe('RelayPolicy', () => {
  let open: RelayPolicy[];
  let connection: Connection;
  let battery: Battery;
  beforeEach(() => {
    open = [];
    connection = new Connection();
    battery = new Battery();
  });
  afterEach(() => {
    for (const each of open) each.close();
  });

  async function watch(device: Device, option?: boolean | 'on' | 'off' | '') {
    const policy = new RelayPolicy(option, device);
    const changes: number[] = [];
    policy.addEventListener('change', () => changes.push(policy.capacity));
    policy.open();
    open.push(policy);
    // The battery is told of in a promise.
    await Promise.resolve();
    await Promise.resolve();
    return {policy, changes};
  }

  const everything = (): Device => ({connection, getBattery: async () => battery});

  it('carries where nothing speaks against it, or the browser tells nothing', async () => {
    expect((await watch(everything())).policy.capacity).to.equal(1);
    expect((await watch({})).policy.capacity).to.equal(1);
    expect(new RelayPolicy().capacity, 'by the browser of this test').to.be.a('number');
  });

  it('does what the page wants, at any time', async () => {
    for (const [option, capacity] of [[false, 0], ['off', 0], [true, 1], ['on', 1], ['', 1]] as const) {
      expect((await watch({}, option)).policy.capacity, JSON.stringify(option)).to.equal(capacity);
    }
    const {policy, changes} = await watch({});
    policy.option = false;
    policy.option = 'off';
    policy.option = true;
    expect(changes).to.deep.equal([0, 1]);
  });

  it('does not on a metered connection, or where the visitor saves data', async () => {
    const {policy, changes} = await watch(everything());
    connection.set({type: 'cellular'});
    expect(policy.capacity).to.equal(0);
    connection.set({type: 'wifi'});
    connection.set({saveData: true});
    connection.set({type: 'cellular'});
    connection.set({type: 'ethernet', saveData: false});
    expect(changes).to.deep.equal([0, 1, 0, 1]);
  });

  it('knows of a metered connection from the beginning', () => {
    connection.type = 'cellular';
    expect(new RelayPolicy(true, {connection}).capacity).to.equal(0);
  });

  it('does not with a battery that runs out', async () => {
    const {policy, changes} = await watch(everything());
    battery.set({charging: false});
    expect(policy.capacity, 'full').to.equal(1);
    battery.set({level: 0.21});
    battery.set({level: 0.2});
    expect(policy.capacity).to.equal(0);
    battery.set({level: 0.1});
    battery.set({charging: true});
    expect(changes).to.deep.equal([0, 1]);
  });

  it('carries more where it is plugged in and has the cores for it', async () => {
    const device = {...everything(), hardwareConcurrency: 4};
    expect(new RelayPolicy(true, device).capacity, 'before the battery is known').to.equal(1);
    const {policy, changes} = await watch(device);
    expect(policy.capacity).to.equal(2);
    battery.set({charging: false});
    connection.set({type: 'cellular'});
    expect(changes).to.deep.equal([2, 1, 0]);
    connection.set({type: 'wifi'});
    battery.set({charging: true});
    expect((await watch({...device, hardwareConcurrency: 2})).policy.capacity, 'two cores').to.equal(1);
    expect((await watch({hardwareConcurrency: 16})).policy.capacity, 'nothing is known of its power').to.equal(1);
  });

  it('tells of a battery that is low already', async () => {
    battery.charging = false;
    battery.level = 0.05;
    const {changes} = await watch(everything());
    expect(changes).to.deep.equal([0]);
  });

  it('goes on where a frame may not ask for the battery', async () => {
    const {policy} = await watch({getBattery: async () => Promise.reject(new DOMException('no', 'NotAllowedError'))});
    expect(policy.capacity).to.equal(1);
  });

  it('stays declined by the page, whatever the device says', async () => {
    const {policy, changes} = await watch(everything(), 'off');
    connection.set({type: 'cellular'});
    connection.set({type: 'wifi'});
    expect(policy.capacity).to.equal(0);
    expect(changes).to.deep.equal([]);
  });

  it('hears nothing any more once it is closed, and can be opened anew', async () => {
    const {policy, changes} = await watch(everything());
    policy.close();
    connection.set({type: 'cellular'});
    battery.set({charging: false, level: 0.1});
    expect(changes).to.deep.equal([]);
    policy.open();
    await Promise.resolve();
    await Promise.resolve();
    expect(changes).to.deep.equal([0]);
  });

  it('does not listen to a battery that is told of after it is closed', async () => {
    let tell = (_battery: Battery) => {};
    const {policy, changes} = await watch({getBattery: () => new Promise(resolve => { tell = resolve; })});
    policy.close();
    battery.charging = false;
    battery.level = 0.1;
    tell(battery);
    await Promise.resolve();
    battery.set({level: 0.05});
    expect(changes).to.deep.equal([]);
  });
});
