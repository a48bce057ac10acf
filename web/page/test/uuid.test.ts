import { afterEach, describe, expect, it, vi } from 'vitest';
import { provideRandomUUID, randomUUID } from '../src/call/uuid';

afterEach(() => vi.unstubAllGlobals());

const version4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('randomUUID', () => {
  it('is of version 4, and never the same', () => {
    const made = Array.from({ length: 500 }, randomUUID);
    for (const uuid of made) expect(uuid).toMatch(version4);
    expect(new Set(made).size).toBe(made.length);
  });
  it('is put where the browser has none, and only there', () => {
    const insecure: Partial<Crypto> = { getRandomValues: (array) => array };
    vi.stubGlobal('crypto', insecure);
    provideRandomUUID();
    expect(crypto.randomUUID()).toMatch(version4);
    const own = () => '' as never;
    vi.stubGlobal('crypto', { randomUUID: own });
    provideRandomUUID();
    expect(crypto.randomUUID).toBe(own);
  });
});
