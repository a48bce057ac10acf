import type { HostView } from '../api';
import { type Offer, offersForRoom } from './hosting';
import { callText } from './words';

/** RoomActions is what a host may do to everyone. */
export function RoomActions({ view, choose }: { view: HostView; choose(offer: Offer): void }) {
  const offers = offersForRoom(view);
  if (offers.length === 0) return null;
  return (
    <section className="room-actions" aria-label={callText.host.room}>
      {offers.map((offer) => (
        <button key={offer.action} className={offer.asks ? 'danger-text' : undefined} onClick={() => choose(offer)}>
          {offer.label}
        </button>
      ))}
      {view.room_locked && <p className="quiet small">{callText.host.roomLocked}</p>}
    </section>
  );
}
