// Whether the chat is kept, as the server says it to everybody in the call.

import { useRoomInfo } from '@livekit/components-react';
import { type Room, RoomEvent } from 'livekit-client';
import { text } from '../text';
import type { Notices } from './notices';

/** isKept reads the metadata of the room. */
export function isKept(metadata: string | undefined): boolean {
  try {
    const said: unknown = JSON.parse(metadata || 'null');
    return typeof said === 'object' && said !== null && (said as Record<string, unknown>).keep_chat === true;
  } catch {
    return false;
  }
}

/** useKept says whether the chat is kept now. */
export function useKept(): boolean {
  return isKept(useRoomInfo().metadata);
}

/** watchKept tells when the chat begins to be kept, and when that ends. */
export function watchKept(room: Room, notices: Notices) {
  let kept = false;
  const look = () => {
    if (isKept(room.metadata) === kept) return;
    kept = !kept;
    notices.tell(kept ? text.kept.begun : text.kept.ended, { topic: 'kept' });
  };
  room.on(RoomEvent.Connected, look).on(RoomEvent.RoomMetadataChanged, look);
}
