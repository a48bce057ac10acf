import {
  CarouselLayout,
  FocusLayoutContainer,
  type TrackReferenceOrPlaceholder,
  isTrackReference,
  useParticipants,
  useSpeakingParticipants,
  useTracks,
} from '@livekit/components-react';
import { type Participant, RoomEvent, Track } from 'livekit-client';
import { useEffect, useRef, useState } from 'react';
import type { View } from './Controls';
import { Grid } from './Grid';
import type { OpenMenu } from './HostMenu';
import { SelfView } from './SelfView';
import { Tile } from './Tile';
import type { Call } from './enter';
import { isSmall } from './layout';
import { may } from './rights';
import { useShownView } from './useShownView';
import { useSize } from './useSize';
import { useWithheld } from './useWithheld';
import { callText } from './words';

interface Props {
  call: Call;
  view: View;
  setView(view: View): void;
  openMenu: OpenMenu;
  opened: string | null;
}

/** refKey names a tile: it stays the same when the camera goes off and on. */
const refKey = (ref: TrackReferenceOrPlaceholder) => `${ref.participant.identity} ${ref.source}`;

/** Stage shows everyone, as a grid or with one of them large. */
export function Stage({ call, view, setView, openMenu, opened }: Props) {
  useWithheld(call);
  const tracks = useTracks(
    [
      { source: Track.Source.Camera, withPlaceholder: true },
      { source: Track.Source.ScreenShare, withPlaceholder: false },
    ],
    { updateOnlyOn: [RoomEvent.ActiveSpeakersChanged, RoomEvent.ParticipantPermissionsChanged, RoomEvent.ParticipantNameChanged], onlySubscribed: false },
  )
    .filter(belongsOnStage)
    .filter((ref) => ref.source === Track.Source.Camera || !isTrackReference(ref) || call.secrecy.mayPlay(ref.publication));
  const others = useParticipants().length - 1;
  const stage = useRef<HTMLElement>(null);
  const place = useSize(stage);
  const shown = useShownView(view, call);
  const [pinned, setPinned] = useState<string | null>(null);
  const large = useLarge(tracks, pinned);
  const shared = tracks.filter((ref) => ref.source === Track.Source.ScreenShare).map(refKey);
  useNewcomer(shared, () => {
    setPinned(null);
    setView('auto');
  });
  // On a phone the others have the place, and oneself a corner of it.
  const self = isSmall(place) && tracks.length > 1 ? tracks.find((ref) => ref.participant.isLocal && ref.source === Track.Source.Camera) : undefined;
  const pin = (ref: TrackReferenceOrPlaceholder) => {
    const key = refKey(ref);
    const unpin = pinned === key && shown === 'speaker';
    setPinned(unpin ? null : key);
    setView(unpin ? 'auto' : 'speaker');
  };
  const tile = { pin, pinned: shown === 'speaker' ? pinned : null, refKey, call, openMenu, opened };
  return (
    <section ref={stage} className="stage" aria-label={callText.call.stage} data-view={shown}>
      {shown === 'speaker' && large ? (
        <FocusLayoutContainer>
          <CarouselLayout tracks={tracks.filter((ref) => ref !== large)} aria-label={callText.call.people}>
            <Tile {...tile} />
          </CarouselLayout>
          <Tile {...tile} trackRef={large} large />
        </FocusLayoutContainer>
      ) : (
        <>
          <Grid tracks={self ? tracks.filter((ref) => ref !== self) : tracks} place={place}>
            <Tile {...tile} />
          </Grid>
          {self && (
            <SelfView>
              <Tile {...tile} trackRef={self} />
            </SelfView>
          )}
        </>
      )}
      {others === 0 && <p className="alone">{callText.call.alone}</p>}
      {others > 0 && tracks.length === 0 && <p className="alone">{callText.call.empty}</p>}
    </section>
  );
}

/** belongsOnStage leaves out an audience, who can be neither seen nor heard. */
function belongsOnStage(ref: TrackReferenceOrPlaceholder): boolean {
  const { permissions } = ref.participant;
  return isTrackReference(ref) || !permissions || may(permissions, 'camera') || may(permissions, 'microphone');
}

/** useNewcomer calls back when a key is there that was not before. */
function useNewcomer(keys: string[], arrived: () => void) {
  const before = useRef<string[]>([]);
  useEffect(() => {
    if (keys.some((key) => !before.current.includes(key))) arrived();
    before.current = keys;
  }, [keys.join('\n')]);
}

/** useLarge picks who is shown large: the chosen person, a shared screen, or the last speaker. */
function useLarge(tracks: TrackReferenceOrPlaceholder[], pinned: string | null): TrackReferenceOrPlaceholder | undefined {
  const speaking = useSpeakingParticipants().find((who) => !who.isLocal);
  const last = useRef<Participant | undefined>(undefined);
  useEffect(() => {
    if (speaking) last.current = speaking;
  }, [speaking]);
  const spoke = speaking ?? last.current;
  return (
    tracks.find((ref) => refKey(ref) === pinned) ??
    tracks.find((ref) => ref.source === Track.Source.ScreenShare && !ref.participant.isLocal) ??
    tracks.find((ref) => ref.source === Track.Source.ScreenShare) ??
    tracks.find((ref) => ref.participant === spoke) ??
    tracks.find((ref) => !ref.participant.isLocal) ??
    tracks[0]
  );
}
