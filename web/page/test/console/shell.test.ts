import { describe, expect, it } from 'vitest';
import { argument, commandOf } from '../../src/console/access/shell';

describe('a command', () => {
  it('is written as people write it', () => expect(commandOf('roomkey', 'token', 'revoke', ...argument('k3f9q2xa'))).toBe('roomkey token revoke k3f9q2xa'));
  it.each([
    ['ann@example.com', 'ann@example.com'],
    ['https://id.example.com|7', "'https://id.example.com|7'"],
    ["'; rm -rf / #", "''\\''; rm -rf / #'"],
    ['$(reboot)', "'$(reboot)'"],
    ['a\\', "'a\\'"],
    ['~', "'~'"],
    ['', "''"],
  ])('has %j as one word', (word, written) => expect(commandOf('roomkey', word)).toBe(`roomkey ${written}`));
  it('takes no word for an option', () => expect(commandOf('roomkey', ...argument('--all'))).toBe('roomkey -- --all'));
});
