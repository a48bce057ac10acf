import { ConnectionError, DisconnectReason } from 'livekit-client';
import { describe, expect, it } from 'vitest';
import { endingOf, endingOfError } from '../src/call/ending';

describe('endingOf', () => {
  it.each([
    [DisconnectReason.ROOM_DELETED, 'ended'],
    [DisconnectReason.ROOM_CLOSED, 'ended'],
    [DisconnectReason.PARTICIPANT_REMOVED, 'removed'],
    [DisconnectReason.DUPLICATE_IDENTITY, 'duplicate'],
    [DisconnectReason.CLIENT_INITIATED, 'suspended'],
    [DisconnectReason.SERVER_SHUTDOWN, 'lost'],
    [DisconnectReason.STATE_MISMATCH, 'lost'],
    [DisconnectReason.JOIN_FAILURE, 'lost'],
    [DisconnectReason.SIGNAL_CLOSE, 'lost'],
    [undefined, 'lost'],
  ])('reads %s as %s', (reason, why) => {
    expect(endingOf(reason)).toEqual({ why });
  });
});

describe('endingOfError', () => {
  it('asks anew when the token is not taken', () => {
    expect(endingOfError(ConnectionError.notAllowed('no', 401))).toEqual({ why: 'stale' });
  });
  it('tells who was removed, and whose room has ended, from a token that is too old', () => {
    expect(endingOfError(ConnectionError.notAllowed('You were removed from the room', 403))).toEqual({ why: 'removed' });
    expect(endingOfError(ConnectionError.notAllowed('The requested room does not exist any more: it has ended', 404))).toEqual({ why: 'ended' });
    expect(endingOfError(ConnectionError.notAllowed('requested room does not exist', 404))).toEqual({ why: 'stale' }); // a LiveKit elsewhere has forgotten it
  });
  it('knows a full room', () => {
    expect(endingOfError(new Error('room has exceeded its max participants'))).toEqual({ why: 'full' });
  });
  it('believes the server that says goodbye', () => {
    expect(endingOfError(ConnectionError.leaveRequest('bye', DisconnectReason.ROOM_DELETED))).toEqual({ why: 'ended' });
    expect(endingOfError(ConnectionError.leaveRequest('bye', DisconnectReason.SERVER_SHUTDOWN))).toEqual({ why: 'unavailable' });
  });
  it('tells what the browser threw, and no token', () => {
    const error = ConnectionError.serverUnreachable('could not establish signal connection: it threw');
    const thrown = { what: 'setConfiguration', error: new SyntaxError("'stun:127.0.0.1:9' uses a port that is blocked eyJhbGciOiJIUzI1NiJ9.e30.x") };
    expect(endingOfError(error, thrown)).toEqual({ why: 'browser', said: "setConfiguration: 'stun:127.0.0.1:9' uses a port that is blocked …" });
    expect(endingOfError('what?', thrown).why).toBe('browser');
    expect(endingOfError(ConnectionError.notAllowed('no', 401), thrown)).toEqual({ why: 'stale' });
  });
  it('knows when sound and picture do not get through', () => {
    expect(endingOfError(ConnectionError.internal('could not establish pc connection'))).toEqual({ why: 'nomedia' });
    expect(endingOfError(ConnectionError.internal('could not establish PC connection, timeout'))).toEqual({ why: 'nomedia' });
  });
  it('says of sound and picture what was offered, and how far it came', () => {
    const error = ConnectionError.internal('could not establish pc connection');
    const path = { offered: ['udp 192.0.2.7:7882'], reached: false, encrypted: false };
    const tcp = { ...path, offered: ['udp 192.0.2.7:7882', 'tcp [2001:db8::7]:7881'] };
    expect(endingOfError(error, null, [path, path])).toEqual({ why: 'noudp', said: 'udp 192.0.2.7:7882' });
    expect(endingOfError(error, null, [path, tcp])).toEqual({ why: 'nomedia', said: 'udp 192.0.2.7:7882, tcp [2001:db8::7]:7881' });
    expect(endingOfError(error, null, [tcp, { ...path, reached: true }])).toMatchObject({ why: 'nodtls' });
    expect(endingOfError(error, null, [{ ...tcp, offered: [] }])).toEqual({ why: 'nomedia' });
  });
  it('takes everything else for a broken connection', () => {
    expect(endingOfError(ConnectionError.timeout('late'))).toEqual({ why: 'unavailable' });
    expect(endingOfError('what?')).toEqual({ why: 'unavailable' });
  });
});
