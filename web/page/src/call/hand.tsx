// Raised hands. The server sets them, as an attribute that nobody can set themselves.

import type { Participant } from 'livekit-client';
import { useEffect, useRef, useState } from 'react';
import { raiseHand } from '../api';
import { text } from '../text';
import type { Call } from './enter';
import { HandIcon } from './icons';
import { shortcutKeys } from './shortcuts';
import { useAttribute } from './useAttribute';

/** handRaisedAt is since when somebody has a hand up, in milliseconds; 0 while it is down. */
export function handRaisedAt({ attributes }: Pick<Participant, 'attributes'>): number {
  return Date.parse(attributes.hand ?? '') || 0;
}

/** byHand sorts people: those with a hand up first, the longest first. */
export function byHand(a: Participant, b: Participant): number {
  return (handRaisedAt(a) || Infinity) - (handRaisedAt(b) || Infinity) || 0;
}

/** HandButton raises and lowers one's own hand. */
export function HandButton({ call }: { call: Call }) {
  const raised = Boolean(useAttribute(call.room.localParticipant, 'hand'));
  const [wanted, setWanted] = useState<boolean | null>(null); // until the attribute says so
  const shown = wanted ?? raised;
  const latest = useRef(false);
  const sending = useRef(false);
  useEffect(() => {
    if (wanted === raised) setWanted(null);
  }, [wanted, raised]);
  const press = async () => {
    latest.current = !shown;
    setWanted(latest.current);
    if (sending.current) return; // this one is sent after the one that is under way
    sending.current = true;
    for (let sent: boolean | null = null; sent !== latest.current; ) {
      sent = latest.current;
      const reply = await raiseHand(call.token(), sent);
      if (reply.kind === 'refused') {
        call.notices.tell(text.hand.failed, { topic: 'hand', tone: 'warning' });
        setWanted(null);
        break;
      }
    }
    sending.current = false;
  };
  return (
    <button className="lk-button" aria-pressed={shown} aria-keyshortcuts={shortcutKeys.hand} aria-label={text.hand.raise} title={text.hand.raise} data-hand={shown} onClick={() => void press()}>
      <HandIcon />
      <span className="label">{text.hand.short}</span>
    </button>
  );
}

/** Hand shows that somebody has a hand up. */
export function Hand({ person }: { person: Participant }) {
  const raised = useAttribute(person, 'hand');
  if (!raised) return null;
  return (
    <span className="hand" role="img" aria-label={text.hand.raised} title={text.hand.raised}>
      <HandIcon />
    </span>
  );
}
