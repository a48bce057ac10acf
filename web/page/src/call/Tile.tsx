import {
  ConnectionQualityIndicator,
  LockLockedIcon,
  ParticipantTile,
  ScreenShareIcon,
  TrackMutedIndicator,
  type TrackReferenceOrPlaceholder,
  VideoTrack,
  isTrackReference,
  useEnsureTrackRef,
  useIsEncrypted,
} from '@livekit/components-react';
import { Track } from 'livekit-client';
import { initials } from '../names';
import { Name } from '../screens/Screen';
import { text } from '../text';
import { PinIcon } from './icons';
import { nameOf } from './watch';

interface Props {
  trackRef?: TrackReferenceOrPlaceholder;
  large?: boolean;
  pin(ref: TrackReferenceOrPlaceholder): void;
  pinned: string | null;
  refKey(ref: TrackReferenceOrPlaceholder): string;
  undecryptable: ReadonlySet<string>;
}

/** Tile is LiveKit's participant tile with contents that are labelled and whose names cannot run away. */
export function Tile({ trackRef, large, pin, pinned, refKey, undecryptable }: Props) {
  const ref = useEnsureTrackRef(trackRef);
  const who = ref.participant;
  const name = who.isLocal ? text.you : nameOf(who);
  const screen = ref.source === Track.Source.ScreenShare;
  const locked = undecryptable.has(who.identity);
  const isPinned = pinned === refKey(ref);
  const pinWords = isPinned ? text.tile.unpin(nameOf(who)) : text.tile.pin(nameOf(who));
  return (
    <ParticipantTile trackRef={ref} className={large ? 'tile tile-large' : 'tile'} data-identity={who.identity} data-undecryptable={locked || undefined}>
      {isTrackReference(ref) && <VideoTrack trackRef={ref} aria-label={screen ? text.tile.screenLabel(nameOf(who)) : text.tile.label(nameOf(who))} />}
      <div className="lk-participant-placeholder" aria-hidden="true">
        <span className="initials">{initials(who.name ?? '')}</span>
      </div>
      {locked && <p className="tile-locked">{text.tile.undecryptable}</p>}
      <div className="lk-participant-metadata">
        <div className="lk-participant-metadata-item tile-name">
          {screen ? <ScreenShareIcon aria-hidden="true" /> : <State trackRef={ref} />}
          <Name>{screen ? text.tile.screen(name) : name}</Name>
        </div>
        <ConnectionQualityIndicator className="lk-participant-metadata-item" aria-hidden="true" />
      </div>
      <button className="lk-button icon-button pin" aria-label={pinWords} title={pinWords} aria-pressed={isPinned} onClick={() => pin(ref)}>
        <PinIcon pinned={isPinned} />
      </button>
    </ParticipantTile>
  );
}

function State({ trackRef }: { trackRef: TrackReferenceOrPlaceholder }) {
  const encrypted = useIsEncrypted(trackRef.participant);
  return (
    <>
      {encrypted && (
        <span role="img" aria-label={text.tile.encrypted} className="tile-icon">
          <LockLockedIcon aria-hidden="true" />
        </span>
      )}
      <TrackMutedIndicator trackRef={{ participant: trackRef.participant, source: Track.Source.Microphone }} show="muted" role="img" aria-label={text.tile.muted} />
    </>
  );
}
