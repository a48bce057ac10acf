// Loaded once a camera is to be blurred: LiveKit's track processors, which find the
// person in each frame with MediaPipe and blur what is around them.

import { BackgroundTransformer, LogLevel, ProcessorWrapper, setLogLevel } from '@livekit/track-processors';
import type { Track, TrackProcessor, VideoProcessorOptions } from 'livekit-client';
import model from './selfie_segmenter.tflite?url';
import { tasksVision } from './tasksVision';

setLogLevel(LogLevel.silent); // in Firefox it warns of what the policy of the page forbids

const assets = import.meta.env.DEV ? 'node_modules/@mediapipe/tasks-vision/wasm' : `assets/${tasksVision}`;
const radius = 24; // pixels

const quiet = () => {};

type Controller = TransformStreamDefaultController<VideoFrame>;

/** Blurring hands on no frame in which nobody was looked for: neither LiveKit's first one, nor any after a fault. */
class Blurring extends BackgroundTransformer {
  override isFirstFrame = false;

  override async init(options: Parameters<BackgroundTransformer['init']>[0]) {
    if (!options.outputCanvas.getContext('webgl2')) throw new Error('There is no WebGL 2.');
    // MediaPipe's own output, which it gives to these, is about nothing that goes wrong.
    Object.assign(globalThis, { Module: { print: quiet, printErr: quiet }, dbg: quiet });
    await super.init(options);
  }

  override async transform(frame: VideoFrame, controller: Controller) {
    this.segmentationResults = undefined;
    const enqueue = (made: VideoFrame) => {
      if (made === frame || !this.segmentationResults) made.close();
      else controller.enqueue(made);
    };
    await super.transform(frame, { enqueue } as Controller);
  }
}

// MediaPipe leaves its loader in a global variable while it starts: one at a time.
let last: Promise<unknown> = Promise.resolve();

/** startBlurring gives a processor that is running. */
export function startBlurring(options: VideoProcessorOptions): Promise<TrackProcessor<Track.Kind.Video>> {
  const started = last.then(() => start(options));
  last = started.catch(() => {});
  return started;
}

async function start(options: VideoProcessorOptions): Promise<TrackProcessor<Track.Kind.Video>> {
  const blurring = new Blurring({
    blurRadius: radius,
    segmenterOptions: { delegate: hasGraphicsCard() ? 'GPU' : 'CPU' },
    assetPaths: { tasksVisionFileSet: import.meta.env.BASE_URL + assets, modelAssetPath: model },
  });
  const processor = new ProcessorWrapper(blurring, 'blur');
  await processor.init(options);
  return processor;
}

/** hasGraphicsCard says whether WebGL runs on one. Where a program draws instead, MediaPipe is faster without it. */
function hasGraphicsCard(): boolean {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) return false;
  let renderer = String(gl.getParameter(gl.RENDERER));
  // Chromium does not say it here, and Firefox complains of being asked there.
  const info = renderer === 'WebKit WebGL' && gl.getExtension('WEBGL_debug_renderer_info');
  if (info) renderer = String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL));
  return !/swiftshader|llvmpipe|software|basic render/i.test(renderer);
}
