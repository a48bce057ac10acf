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
} from '@livekit/components-react';
import { LocalVideoTrack, Track } from 'livekit-client';
import { useReducer } from 'react';
import { initials } from '../names';
import { Name } from '../screens/Screen';
import { text } from '../text';
import { FlipCamera } from './FlipCamera';
import type { OpenMenu } from './HostMenu';
import { Hand } from './hand';
import { MoreIcon, PinIcon } from './icons';
import type { Call } from './enter';
import { useWithheld } from './useWithheld';
import { nameOf } from './watch';
import { callText } from './words';

interface Props {
  trackRef?: TrackReferenceOrPlaceholder;
  large?: boolean;
  pin(ref: TrackReferenceOrPlaceholder): void;
  pinned: string | null;
  refKey(ref: TrackReferenceOrPlaceholder): string;
  call: Call;
  openMenu: OpenMenu;
  opened: string | null;
}

/** Tile is LiveKit's participant tile with labels, and with names that cannot change the layout. */
export function Tile({ trackRef, large, pin, pinned, refKey, call, openMenu, opened }: Props) {
  const ref = useEnsureTrackRef(trackRef);
  const who = ref.participant;
  const name = who.isLocal ? text.you : nameOf(who);
  const screen = ref.source === Track.Source.ScreenShare;
  const [, drawAgain] = useReducer((n: number) => n + 1, 0); // LiveKit mirrors by the camera that it finds when the tile is drawn
  const withheld = useWithheld(call).get(who.identity);
  const shown = isTrackReference(ref) && call.secrecy.mayPlay(ref.publication);
  const isPinned = pinned === refKey(ref);
  const pinWords = isPinned ? callText.tile.unpin(nameOf(who)) : callText.tile.pin(nameOf(who));
  return (
    <ParticipantTile trackRef={ref} className={large ? 'tile tile-large' : 'tile'} data-identity={who.identity} data-withheld={withheld}>
      {shown && <VideoTrack trackRef={ref} aria-label={screen ? callText.tile.screenLabel(nameOf(who)) : callText.tile.label(nameOf(who))} />}
      <div className="lk-participant-placeholder" aria-hidden="true">
        <span className="initials">{initials(who.name ?? '')}</span>
      </div>
      {withheld && <p className="tile-locked">{callText.tile.withheld[withheld]}</p>}
      <div className="lk-participant-metadata">
        <div className="lk-participant-metadata-item tile-name">
          {screen ? <ScreenShareIcon aria-hidden="true" /> : <State trackRef={ref} call={call} />}
          {!screen && <Hand person={who} />}
          <Name>{screen ? callText.tile.screen(name) : name}</Name>
        </div>
        <ConnectionQualityIndicator className="lk-participant-metadata-item" aria-hidden="true" />
      </div>
      {openMenu && !who.isLocal && (
        <button
          className="lk-button icon-button tile-menu"
          aria-label={nameOf(who)}
          title={callText.host.menu(nameOf(who))}
          aria-haspopup="menu"
          aria-expanded={opened === who.identity}
          onClick={(event) => openMenu(who.identity, event.currentTarget)}
        >
          <MoreIcon />
        </button>
      )}
      {shown && !screen && ref.publication.track instanceof LocalVideoTrack && (
        <FlipCamera trackRef={ref} track={ref.publication.track} notices={call.notices} flipped={drawAgain} />
      )}
      <button className="lk-button icon-button pin" aria-label={pinWords} title={pinWords} aria-pressed={isPinned} onClick={() => pin(ref)}>
        <PinIcon pinned={isPinned} />
      </button>
    </ParticipantTile>
  );
}

function State({ trackRef, call }: { trackRef: TrackReferenceOrPlaceholder; call: Call }) {
  const encrypted = call.secrecy.seals(trackRef.participant);
  return (
    <>
      {encrypted && (
        <span role="img" aria-label={callText.tile.encrypted} className="tile-icon">
          <LockLockedIcon aria-hidden="true" />
        </span>
      )}
      <TrackMutedIndicator trackRef={{ participant: trackRef.participant, source: Track.Source.Microphone }} show="muted" role="img" aria-label={callText.tile.muted} />
    </>
  );
}
