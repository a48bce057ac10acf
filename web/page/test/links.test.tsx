// @vitest-environment jsdom
import { cleanup, render } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { addressIn, withLinks } from '../src/call/links';

afterEach(cleanup);

function linksIn(message: string) {
  const { container } = render(<p>{withLinks(message)}</p>);
  expect(container.textContent).toBe(message);
  return [...container.querySelectorAll('a')];
}

describe('withLinks', () => {
  it('makes links that tell nothing of this page', () => {
    const links = linksIn('see https://example.com/a?b=c#d and\nHTTP://example.org:8080');
    expect(links.map((link) => link.href)).toEqual(['https://example.com/a?b=c#d', 'http://example.org:8080/']);
    for (const link of links) expect([link.rel, link.target, link.className]).toEqual(['noopener noreferrer', '_blank', 'lk-chat-link']);
  });
  it('makes none of anything else', () => {
    const messages = ['example.com', 'javascript:alert(1)', 'data:text/html,x', 'xhttps://example.com', 'https://', 'http://..', 'a@example.com', '<a href=https://example.com>'];
    for (const message of messages) expect(linksIn(message)).toEqual([]);
  });
  it('keeps every space and every word', () => {
    linksIn('  a\t\n https://x.example ,  b  ');
    linksIn('');
    linksIn('https://x.example');
  });
  // LiveKit's formatter took 40 seconds for the first of these.
  it.each(['x', 'a.', 'a@', 'a-', ' ', 'https://', 'https://a.b ', 'http://a)', '(', '.', ' \u00a0', '://'])('takes no time for a long message of %j', (part) => {
    const message = part.repeat(4000).slice(0, 4000);
    const started = performance.now();
    for (let i = 0; i < 10; i++) withLinks(message);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('addressIn', () => {
  it.each([
    ['https://example.com.', 'https://example.com'],
    ['https://example.com/a),', 'https://example.com/a'],
    ['https://example.com/a_(b)', 'https://example.com/a_(b)'],
    ['https://example.com/"', 'https://example.com/'],
    ['https://example.com/a?!', 'https://example.com/a'],
  ])('of %j is %j', (word, want) => {
    expect(addressIn(word)).toBe(want);
  });
});
