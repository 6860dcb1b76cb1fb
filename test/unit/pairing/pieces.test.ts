import { describe, expect, test } from 'vitest';
import type { Event, Visit } from '../../../src/domain/events.ts';
import type { Failure } from '../../../src/domain/failure.ts';
import type { Guest, Label } from '../../../src/domain/guest.ts';
import { Roster } from '../../../src/pairing/roster.ts';
import { Sinks } from '../../../src/pairing/sinks.ts';
import { Life } from '../../../src/pairing/state.ts';
import { deferred } from '../../../src/system/deferred.ts';
import { Resources } from '../../../src/system/resources.ts';
import { Turns } from '../../../src/system/turns.ts';

describe('the life of a pairing', () => {
  test('goes from opening to live to ending to ended, and its end runs once', async () => {
    const life = new Life();
    const phases = [life.state.phase];
    life.beginGrant();
    life.goLive();
    phases.push(life.state.phase);
    const taken = deferred<Failure | undefined>();
    const ends: boolean[] = [];
    const end = (mayHaveLines: boolean) => {
      ends.push(mayHaveLines);
      phases.push(life.state.phase); // What the end calls knows already that it has begun.
      return taken.promise;
    };
    const both = [life.end(end), life.end(end)];
    expect(life.isOver).toBe(true);
    taken.resolve(undefined);
    await Promise.all(both);
    phases.push(life.state.phase);
    expect(phases).toEqual(['opening', 'live', 'ending', 'ended']);
    expect(ends).toEqual([true]);
    life.goLive();
    expect(life.state.phase).toBe('ended');
  });

  test.each([
    ['none before the first may have been written', false],
    ['some from then on', true],
  ])('lines to be taken back: %s', async (_, mayHaveLines) => {
    const life = new Life();
    if (mayHaveLines) life.beginGrant();
    let told: boolean | undefined;
    await life.end(async (lines) => {
      told = lines;
      return undefined;
    });
    expect(told).toBe(mayHaveLines);
  });

  test('an end that fails is over, and everybody who asks hears of it', async () => {
    const life = new Life();
    const fail = () => life.end(() => Promise.reject(new Error('broken')));
    await expect(fail()).rejects.toThrow('broken');
    expect(life.state.phase).toBe('ended');
    await expect(fail()).rejects.toThrow('broken');
  });
});

describe('resources', () => {
  test('are closed in reverse, each once, and one that fails stops none', async () => {
    const resources = new Resources();
    const closed: string[] = [];
    for (const name of ['room', 'switch', 'socket']) {
      resources.add(name, async () => {
        closed.push(name);
        if (name === 'switch') throw new Error(name);
      });
    }
    const [errors, none] = await Promise.all([resources.close(), resources.close()]);
    expect(closed).toEqual(['socket', 'switch', 'room']);
    expect([...errors, ...none].map(String)).toEqual(['Error: switch']);
  });

  test('that may not wait are closed before anything else can happen, whatever each does', () => {
    const resources = new Resources();
    const closed: string[] = [];
    resources.add('sshd', () => closed.push('sshd'));
    resources.add('tunnel', () => {
      closed.push('tunnel');
      throw new Error('gone');
    });
    resources.add('choice', () => new Promise(() => closed.push('choice')));
    resources.closeAtOnce();
    expect(closed).toEqual(['choice', 'tunnel', 'sshd']);
  });
});

test('turns are taken one after the other, whatever becomes of each', async () => {
  const turns = new Turns();
  const done: string[] = [];
  const first = deferred<void>();
  const failing = turns.take(async () => {
    await first.promise;
    done.push('first');
    throw new Error('first');
  });
  const second = turns.take(async () => done.push('second'));
  const settled = turns.settled.then(() => done.push('settled'));
  first.resolve();
  await expect(failing).rejects.toThrow('first');
  await Promise.all([second, settled]);
  expect(done).toEqual(['first', 'second', 'settled']);
});

test('everybody who hears of events hears each, until they are removed', async () => {
  const heard: string[] = [];
  const sink = (name: string) => ({ hear: ({ kind }: Event) => void heard.push(`${name} ${kind}`) });
  const [terminal, status] = [sink('terminal'), sink('status')];
  const sinks = new Sinks(terminal);
  sinks.add(status);
  sinks.emit({ kind: 'sharing-all' });
  sinks.remove(status);
  sinks.emit({ kind: 'sharing-all' });
  await sinks.settled();
  expect(heard).toEqual(['terminal sharing-all', 'status sharing-all', 'terminal sharing-all']);
});

describe('a roster', () => {
  const guest = (label: string, access: Guest['access'] = 'read-write') =>
    ({ label: label as Label, access, reference: { text: label }, keys: [] }) as unknown as Guest;
  const visit = (label: string, access: Visit['access'] = 'read-write'): Visit => ({
    label,
    access,
    address: '192.0.2.1',
    fingerprint: '',
    key: 1,
    pid: 7,
    joinedAt: new Date(),
  });

  test('who is being put out is welcome no more, and their name is nobody else’s for good', () => {
    const roster = new Roster();
    const [ada, bob] = [guest('ada'), guest('bob')];
    roster.invite([ada, bob]);
    roster.beginKick(ada.label);
    expect(roster.welcome).toEqual([bob]);
    expect(roster.guests).toEqual([ada, bob]);
    expect([roster.endKick(ada), roster.endKick(ada)]).toEqual([true, false]);
    expect([roster.guests, roster.kicked]).toEqual([[bob], [ada]]);
    expect(roster.labels).toContain('ada');
    expect(roster.accessOf('ada')).toBe('read-only');
  });

  test('who was let in to look looks, until their access is changed', () => {
    const roster = new Roster();
    const ada = guest('ada');
    const record = 'in,ada,1,7,8,9,10,192.0.2.1';
    roster.invite([ada]);
    roster.onlyLooks(record);
    expect(roster.accessAt(record, 'ada')).toBe('read-only');
    roster.enter(record, visit('ada', 'read-only'));
    roster.change(ada);
    roster.hasMoved(ada);
    expect(roster.connected.get(record)?.access).toBe('read-write');
    expect(roster.accessAt(record, 'ada')).toBe('read-write');
  });

  test('names those who are in, and those who wait; knows who came to the gate and never in', () => {
    const roster = new Roster();
    roster.noteLogin('ada');
    roster.noteAstray('eve', 3);
    roster.noteAstray('eve', 2);
    roster.enter('a', visit('ada'));
    roster.wait([visit('bob')]);
    expect(roster.names()).toEqual(['ada', 'bob?']);
    expect(roster.leave('a', visit('ada')).leftAt).toBeInstanceOf(Date);
    expect(roster.names()).toEqual(['bob?']);
    expect(roster.neverIn()).toEqual(['eve']);
    expect([...roster.astray]).toEqual([['eve', 3]]);
    expect(roster.hasVisits).toBe(true);
  });
});
