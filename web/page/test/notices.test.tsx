// @vitest-environment jsdom
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NoticeList, Spoken } from '../src/call/NoticeList';
import { Notices } from '../src/call/notices';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe('notices', () => {
  it('replace one another by topic, and go by themselves', () => {
    const notices = new Notices();
    notices.tell('one', { topic: 'a' });
    notices.tell('two', { topic: 'a' });
    notices.tell('three', { topic: 'b' });
    expect(notices.list.map((notice) => notice.text)).toEqual(['two', 'three']);
    vi.advanceTimersByTime(60_000);
    expect(notices.list).toEqual([]);
  });
  it('stay when they are told to, until something else is told of it', () => {
    const notices = new Notices();
    notices.tell('lost', { topic: 'connection', stays: true });
    vi.advanceTimersByTime(60_000);
    expect(notices.list).toHaveLength(1);
    notices.tell('back', { topic: 'connection' });
    expect(notices.list.map((notice) => notice.text)).toEqual(['back']);
    vi.advanceTimersByTime(60_000);
    expect(notices.list).toEqual([]);
  });
  it('are never so many that they hide the call: the oldest give way', () => {
    const notices = new Notices();
    for (const word of ['one', 'two', 'three', 'four', 'five', 'six']) notices.tell(word);
    expect(notices.list.map((notice) => notice.text)).toEqual(['three', 'four', 'five', 'six']);
  });
  it('are shown as text and spoken, each time anew', () => {
    const notices = new Notices();
    const { container } = render(
      <>
        <NoticeList notices={notices} />
        <Spoken notices={notices} />
      </>,
    );
    act(() => notices.tell('<b>Eve</b> joined'));
    act(() => {
      notices.say('again');
      notices.say('again');
    });
    expect(container.querySelector('b')).toBeNull();
    const live = container.querySelector('[aria-live=polite]');
    expect([...(live?.children ?? [])].map((line) => line.textContent)).toEqual(['<b>Eve</b> joined', 'again', 'again']);
    expect(screen.getAllByText('<b>Eve</b> joined')).toHaveLength(2);
  });
});
