import { afterEach, describe, expect, it, vi } from 'vitest';
import { Thrown, browserName } from '../src/call/browser';

class Native {
  constructor(readonly configuration?: { refuse?: boolean }) {
    if (configuration?.refuse) throw new SyntaxError('a port that is blocked');
  }
  setConfiguration() {
    throw new TypeError('not like this');
  }
  async createOffer() {
    throw new Error('no offer');
  }
  createDataChannel(label: string) {
    return label;
  }
}

describe('Thrown', () => {
  afterEach(() => vi.unstubAllGlobals());

  function watch() {
    vi.stubGlobal('RTCPeerConnection', Native);
    const thrown = new Thrown();
    return { thrown, make: () => new (globalThis.RTCPeerConnection as unknown as typeof Native)() };
  }

  it('notes what the constructor throws, and throws it', () => {
    const { thrown } = watch();
    expect(() => new RTCPeerConnection({ refuse: true } as RTCConfiguration)).toThrow('a port that is blocked');
    expect(thrown.last).toMatchObject({ what: 'RTCPeerConnection', error: { message: 'a port that is blocked' } });
  });
  it('notes what methods throw, and what they promise and do not keep', async () => {
    const { thrown, make } = watch();
    expect(() => make().setConfiguration()).toThrow('not like this');
    expect(thrown.last?.what).toBe('setConfiguration');
    await expect(make().createOffer()).rejects.toThrow('no offer');
    expect(thrown.last?.what).toBe('createOffer');
  });
  it('changes nothing else', () => {
    const { thrown, make } = watch();
    expect(make().createDataChannel('chat')).toBe('chat');
    expect(make()).toBeInstanceOf(Native);
    expect(thrown.last).toBeNull();
    thrown.stop();
    expect(globalThis.RTCPeerConnection).toBe(Native);
  });
  it('does without WebRTC', () => {
    vi.stubGlobal('RTCPeerConnection', undefined);
    new Thrown().stop();
    expect(globalThis.RTCPeerConnection).toBeUndefined();
  });
});

describe('browserName', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0', 'Firefox 153'],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36', 'Chrome 150'],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/150.0.0.0 Safari/537.36', 'Chrome 150'],
    ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0', 'Edge 150'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15', 'Safari 26'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1', 'Safari 18'],
    ['something else', ''],
  ])('reads %s', (userAgent, name) => {
    expect(browserName(userAgent)).toBe(name);
  });
});
