import { AudioTrack, useTracks } from '@livekit/components-react';
import { Track } from 'livekit-client';
import type { Call } from './enter';
import { useWithheld } from './useWithheld';

/** Sound plays what others say. LiveKit's renderer plays everything; this leaves out what is not as secret as the room. */
export function Sound({ call }: { call: Call }) {
  useWithheld(call);
  const tracks = useTracks([Track.Source.Microphone, Track.Source.ScreenShareAudio, Track.Source.Unknown], { onlySubscribed: false });
  return (
    <div hidden>
      {tracks
        .filter(({ participant, publication }) => !participant.isLocal && publication.kind === Track.Kind.Audio && call.secrecy.mayPlay(publication))
        .map((ref) => (
          <AudioTrack key={`${ref.participant.identity} ${ref.publication.trackSid}`} trackRef={ref} />
        ))}
    </div>
  );
}
