import { TrackToggle } from '@livekit/components-react';
import { Track } from 'livekit-client';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Source } from '../api';
import type { Flow } from '../flow';
import { keepChoices, readChoices } from '../storage';
import { text } from '../text';
import { DeviceChoice } from './DeviceChoice';
import { type Device, Preview } from './preview';

/** PreviewPanel shows the person themselves, and lets them choose devices. */
export default function PreviewPanel({ flow, publish }: { flow: Flow; publish: Source[] }) {
  if (!navigator.mediaDevices) return <Note line={text.devices.insecure} />;
  return <Panel flow={flow} camera={publish.includes('camera')} microphone={publish.includes('microphone')} />;
}

interface PanelProps {
  flow: Flow;
  camera: boolean;
  microphone: boolean;
}

function Panel({ flow, camera, microphone }: PanelProps) {
  const [choices, setChoices] = useState(readChoices);
  const [preview] = useState(() => (flow.preview ??= startPreview(camera, microphone)));
  // Where there is little room, a list of devices would push the rest away.
  const [roomy] = useState(() => innerWidth > 760 && innerHeight > 600);
  useSyncExternalStore(preview.subscribe, () => preview.version);
  useEffect(() => {
    const { cameraId, microphoneId } = choices;
    void preview.want({ camera: camera && choices.camera, microphone: microphone && choices.microphone, cameraId, microphoneId });
  }, [preview, camera, microphone, choices]);
  const choose = (changed: Partial<typeof choices>) => {
    keepChoices(changed);
    setChoices((before) => ({ ...before, ...changed }));
  };
  // The browser names devices only once one of them was allowed.
  const allowed = `${preview.camera !== null}${preview.microphone !== null}`;
  return (
    <>
      <Picture preview={preview} camera={camera} on={choices.camera} />
      <div className="preview-toggles">
        {microphone && (
          <TrackToggle source={Track.Source.Microphone} initialState={choices.microphone} onChange={(on) => on !== choices.microphone && choose({ microphone: on })}>
            {text.devices.microphone}
          </TrackToggle>
        )}
        {camera && (
          <TrackToggle source={Track.Source.Camera} initialState={choices.camera} onChange={(on) => on !== choices.camera && choose({ camera: on })}>
            {text.devices.camera}
          </TrackToggle>
        )}
      </div>
      <Problems preview={preview} />
      <details open={roomy}>
        <summary>{text.devices.choose}</summary>
        <div className="preview-devices" key={allowed}>
          {microphone && <DeviceChoice kind="audioinput" chosen={choices.microphoneId} choose={(microphoneId) => choose({ microphoneId })} />}
          {camera && <DeviceChoice kind="videoinput" chosen={choices.cameraId} choose={(cameraId) => choose({ cameraId })} />}
          <DeviceChoice kind="audiooutput" chosen={choices.speakerId} choose={(speakerId) => choose({ speakerId })} />
        </div>
      </details>
    </>
  );
}

/** startPreview starts the devices at once: somebody quick may join before the panel has appeared, and the call waits for what was begun. */
function startPreview(camera: boolean, microphone: boolean): Preview {
  const choices = readChoices();
  const preview = new Preview();
  void preview.want({ camera: camera && choices.camera, microphone: microphone && choices.microphone, cameraId: choices.cameraId, microphoneId: choices.microphoneId });
  return preview;
}

function Picture({ preview, camera, on }: { preview: Preview; camera: boolean; on: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  const track = preview.camera;
  useEffect(() => {
    const element = video.current;
    if (!track || !element) return;
    track.attach(element);
    return () => void track.detach(element);
  }, [track]);
  const words = !camera ? text.prejoin.noCameraAllowed : on && preview.starting ? text.prejoin.cameraStarting : text.prejoin.cameraOff;
  return (
    <div className="preview-picture">
      {track ? <video ref={video} className="mirrored" muted playsInline aria-label={text.prejoin.preview} /> : <p>{words}</p>}
    </div>
  );
}

function Problems({ preview }: { preview: Preview }) {
  const { camera, microphone } = preview.problems;
  const lines =
    camera && camera === microphone
      ? [text.devices[camera]('both')]
      : (['camera', 'microphone'] as Device[]).flatMap((device) => {
          const problem = preview.problems[device];
          return problem ? [text.devices[problem](device)] : [];
        });
  return (
    <div role="status" data-device-problems={lines.length}>
      {lines.map((line) => (
        <Note line={line} key={line} />
      ))}
    </div>
  );
}

function Note({ line }: { line: string }) {
  return (
    <p className="note">
      {line} {text.devices.without}
    </p>
  );
}
