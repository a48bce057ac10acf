import type { LocalAudioTrack } from 'livekit-client';
import { useEffect, useRef, useState } from 'react';
import { text } from '../text';

const toneSeconds = 0.8;

/** MicrophoneLevel shows how loud the microphone is, so that people know before joining that they can be heard. */
export function MicrophoneLevel({ track }: { track: LocalAudioTrack }) {
  const active = useActive();
  const bar = useRef<HTMLSpanElement>(null);
  const [heard, setHeard] = useState(false);
  useEffect(() => {
    if (!active) return;
    const audio = new AudioContext();
    const analyser = new AnalyserNode(audio, { fftSize: 256 });
    audio.createMediaStreamSource(new MediaStream([track.mediaStreamTrack])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let frame = 0;
    const draw = () => {
      analyser.getFloatTimeDomainData(samples);
      const loudness = Math.min(1, 4 * Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length));
      if (bar.current) bar.current.style.width = `${Math.round(100 * loudness)}%`;
      if (loudness > 0.1) setHeard(true);
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => {
      cancelAnimationFrame(frame);
      void audio.close();
    };
  }, [active, track]);
  if (!active) return null;
  return (
    <p className="level">
      <span>{heard ? text.devices.heard : text.devices.speak}</span>
      <span className="level-track" aria-hidden="true">
        <span ref={bar} className="level-bar" />
      </span>
    </p>
  );
}

/** SpeakerTest plays a tone where the sound of the call will be. */
export function SpeakerTest({ speakerId }: { speakerId: string }) {
  const [playing, setPlaying] = useState(false);
  const play = async () => {
    if (playing) return;
    setPlaying(true);
    await playTone(speakerId).catch(() => {});
    setPlaying(false);
  };
  return (
    <button aria-disabled={playing} onClick={() => void play()}>
      {text.devices.testSpeaker}
    </button>
  );
}

async function playTone(speakerId: string) {
  const audio = new AudioContext();
  const out = audio.createMediaStreamDestination();
  const tone = new OscillatorNode(audio, { frequency: 523 });
  tone.connect(new GainNode(audio, { gain: 0.15 })).connect(out);
  const player = new Audio();
  player.srcObject = out.stream;
  try {
    // Where the browser lets people choose; the chosen one may be gone.
    if (speakerId && 'setSinkId' in player) await player.setSinkId(speakerId).catch(() => {});
    tone.start();
    await player.play();
    await new Promise((resolve) => setTimeout(resolve, toneSeconds * 1000));
  } finally {
    player.srcObject = null;
    await audio.close();
  }
}

/** useActive says whether the person has done anything on the page: browsers allow no sound before. */
function useActive(): boolean {
  const [active, setActive] = useState(() => navigator.userActivation?.hasBeenActive ?? false);
  useEffect(() => {
    if (active) return;
    const look = () => navigator.userActivation?.hasBeenActive && setActive(true);
    const events = ['pointerup', 'keyup'] as const;
    for (const event of events) document.addEventListener(event, look);
    return () => {
      for (const event of events) document.removeEventListener(event, look);
    };
  }, [active]);
  return active;
}
