import { CameraDisabledIcon, CameraIcon, MicDisabledIcon, MicIcon } from '@livekit/components-react';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Source } from '../api';
import type { Flow } from '../flow';
import { type Choices, keepChoices, readChoices } from '../storage';
import { text } from '../text';
import { BlurSwitch } from './BlurSwitch';
import { DeviceChoice } from './DeviceChoice';
import { MicrophoneLevel, SpeakerTest } from './SoundCheck';
import { type Device, Preview, type Wanted } from './preview';

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
    void preview.want(wantedOf(choices, camera, microphone));
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
        {microphone && <DeviceToggle device="microphone" preview={preview} wanted={choices.microphone} choose={(on) => choose({ microphone: on })} />}
        {camera && <DeviceToggle device="camera" preview={preview} wanted={choices.camera} choose={(on) => choose({ camera: on })} />}
      </div>
      {preview.microphone && <MicrophoneLevel track={preview.microphone} />}
      <Problems preview={preview} />
      <details open={roomy}>
        <summary>{text.devices.choose}</summary>
        <div className="preview-devices" key={allowed}>
          {microphone && <DeviceChoice kind="audioinput" chosen={choices.microphoneId} choose={(microphoneId) => choose({ microphoneId })} />}
          {camera && <DeviceChoice kind="videoinput" chosen={choices.cameraId} choose={(cameraId) => choose({ cameraId })} />}
          <DeviceChoice kind="audiooutput" chosen={choices.speakerId} choose={(speakerId) => choose({ speakerId })} />
        </div>
        {camera && <BlurSwitch on={choices.blur} change={(blur) => choose({ blur })} />}
        <SpeakerTest speakerId={choices.speakerId} />
      </details>
    </>
  );
}

const icons = { microphone: [MicIcon, MicDisabledIcon], camera: [CameraIcon, CameraDisabledIcon] } as const;

/** DeviceToggle turns a device on and off. One that does not start looks off, and pressing it tries once more. */
function DeviceToggle({ device, preview, wanted, choose }: { device: Device; preview: Preview; wanted: boolean; choose(on: boolean): void }) {
  const problem = preview.problems[device];
  const on = wanted && !problem;
  const Icon = icons[device][on ? 0 : 1];
  const press = () => {
    if (!wanted || !problem) return choose(!wanted);
    void preview.want({ [device]: false });
    void preview.want({ [device]: true });
  };
  return (
    <button className="lk-button" aria-pressed={on} data-problem={wanted ? problem : undefined} onClick={press}>
      <Icon aria-hidden="true" />
      <span>
        {text.devices[device]}
        {wanted && problem && <span className="small"> · {text.devices.short[problem]}</span>}
      </span>
    </button>
  );
}

/** startPreview starts the devices at once: somebody quick may join before the panel has appeared, and the call waits for what was begun. */
function startPreview(camera: boolean, microphone: boolean): Preview {
  const preview = new Preview();
  void preview.want(wantedOf(readChoices(), camera, microphone));
  return preview;
}

function wantedOf({ cameraId, microphoneId, blur, ...on }: Choices, camera: boolean, microphone: boolean): Wanted {
  return { camera: camera && on.camera, microphone: microphone && on.microphone, cameraId, microphoneId, blur };
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
