import { describe, expect, it } from 'vitest';
import { asksForCode, codeIn, linkIn, linkOf, parseCode, pathOf } from '../src/code';

describe('parseCode', () => {
  it.each(['wpi-srjb-wer', 'WPI-SRJB-WER', ' wpi srjb wer ', 'wpisrjbwer', 'Wpi–Srjb—Wer', 'w p i s r j b w e r', 'wpi_srjb_wer', 'wpi.srjb.wer'])('reads %j', (typed) => {
    expect(parseCode(typed)).toBe('wpi-srjb-wer');
  });
  it.each(['', 'wpi-srjb-we', 'wpi-srjb-werr', 'wpi-srjb-we1', 'wpi/srjb/wer', 'wpi-srjb-weß'])('refuses %j', (typed) => {
    expect(parseCode(typed)).toBeNull();
  });
});

describe('codeIn', () => {
  it('finds the code in a pasted link', () => {
    expect(codeIn('https://rooms.example/join/wpi-srjb-wer#key=abc')).toBe('wpi-srjb-wer');
  });
  it('does not take letters of the address for a code', () => {
    expect(codeIn('https://rooms.example/m/standup')).toBeNull();
  });
});

describe('linkIn', () => {
  it('finds what is typed or pasted', () => {
    expect(linkIn(' WPI SRJB WER ')).toEqual({ kind: 'code', code: 'wpi-srjb-wer' });
    expect(linkIn('Join: https://rooms.example/join/WPISRJBWER?x=1')).toEqual({ kind: 'code', code: 'wpi-srjb-wer' });
    expect(linkIn('https://rooms.example/m/stand%20up#key=abc')).toEqual({ kind: 'room', room: 'stand up' });
  });
  it.each(['', 'hello', 'https://rooms.example/', 'https://rooms.example/join/x', '/m/'])('finds nothing in %j', (typed) => {
    expect(linkIn(typed)).toBeNull();
  });
});

describe('asksForCode', () => {
  it.each(['/', '/join', '/join/'])('is so at %s', (path) => expect(asksForCode(path)).toBe(true));
  it.each(['', '/m', '/m/', '/join/a', '/joins'])('is not so at %j', (path) => expect(asksForCode(path)).toBe(false));
});

describe('linkOf', () => {
  it('gives the code in its written form', () => {
    expect(linkOf('/join/WPISRJBWER')).toEqual({ kind: 'code', code: 'wpi-srjb-wer' });
  });
  it('leaves what is no code for the server to refuse', () => {
    expect(linkOf('/join/%3Cb%3E')).toEqual({ kind: 'code', code: '<b>' });
    expect(linkOf('/join/%zz')).toEqual({ kind: 'code', code: '%zz' });
  });
  it('gives the room of /m/', () => {
    expect(linkOf('/m/standup')).toEqual({ kind: 'room', room: 'standup' });
  });
  it.each(['/', '/join/', '/m/', '/join/a/b', '/other/a'])('knows nothing at %s', (path) => {
    expect(linkOf(path)).toBeNull();
  });
  it('is undone by pathOf', () => {
    for (const path of ['/join/wpi-srjb-wer', '/m/stand%20up']) expect(pathOf(linkOf(path)!)).toBe(path);
  });
});
