import { describe, expect, it } from 'vitest';
import { SignIn, storageKey, whoIn } from '../../src/console/signIn';

/** setup gives a sign-in at an address, with what is kept in the tab. */
function setup(hash: string, kept: Record<string, string> = {}) {
  const around = {
    location: { hash, pathname: '/console' },
    history: { replaceState: (_: unknown, __: string, address: string) => void (addresses.push(address), (around.location.hash = '')) },
    storage: {
      getItem: (key: string) => kept[key] ?? null,
      setItem: (key: string, value: string) => void (kept[key] = value),
      removeItem: (key: string) => void delete kept[key],
    },
  };
  const addresses: string[] = [];
  return { signIn: new SignIn(around), around, kept, addresses };
}

describe('the token', () => {
  it('is taken out of the address and kept in the tab', () => {
    const { signIn, kept, addresses } = setup('#token=a.b-c.d_e');
    signIn.takeFromAddress();
    expect(addresses).toEqual(['/console']);
    expect(kept).toEqual({ [storageKey]: 'a.b-c.d_e' });
    expect([signIn.status, signIn.token]).toEqual(['signed-in', 'a.b-c.d_e']);
  });
  it('of the tab counts where the address has none', () => {
    const { signIn, addresses } = setup('#/rooms', { [storageKey]: 'old' });
    signIn.takeFromAddress();
    expect(addresses).toEqual([]);
    expect([signIn.status, signIn.token]).toEqual(['signed-in', 'old']);
  });
  it.each(['', '#/rooms/token=x', '#token='])('is not in %j', (hash) => {
    const { signIn } = setup(hash);
    signIn.takeFromAddress();
    expect([signIn.status, signIn.token]).toEqual(['none', '']);
  });
  it('is forgotten when it has ended, and not when a newer one is there', () => {
    const { signIn, around, kept } = setup('#token=one');
    signIn.takeFromAddress();
    around.location.hash = '#token=two';
    signIn.takeFromAddress();
    signIn.end('one');
    expect(signIn.token).toBe('two');
    let told = 0;
    signIn.subscribe(() => told++);
    signIn.end('two');
    expect([signIn.status, signIn.token, told]).toEqual(['ended', '', 1]);
    expect(kept).toEqual({});
  });
});

describe('who a token is for', () => {
  const token = (payload: object) => `x.${btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(payload)))).replace(/\+/g, '-').replace(/\//g, '_')}.x`;
  it.each([
    [token({ sub: 'ada', name: 'Ada Lövelace ✓', role: 'user' }), { subject: 'ada', name: 'Ada Lövelace ✓', role: 'user' }],
    [token({ sub: 'root', role: 'superadmin' }), { subject: 'root', name: '', role: 'superadmin' }],
    ['nonsense', { subject: '', name: '', role: '' }],
    ['x.!!.x', { subject: '', name: '', role: '' }],
  ])('is read from it: %s', (text, who) => expect(whoIn(text)).toEqual(who));
});
