package pagetest

import (
	"fmt"
	"time"
)

// remoteVideos is a JavaScript expression for the video elements of others.
const remoteVideos = `[...document.querySelectorAll("main[data-screen=call] video")]
	.filter(v => !v.closest("[data-lk-local-participant=true]") && v.dataset.lkLocalParticipant !== "true")`

// watches waits until n videos of others play: they have a size, and their
// time goes on.
func (tab *tab) watches(n int) {
	tab.t.Helper()
	tab.watchesWithin(patience, n)
}

func (tab *tab) watchesWithin(d time.Duration, n int) {
	tab.t.Helper()
	tab.waitFor(d, fmt.Sprint(n, " playing videos of others"), `(async () => {
		const videos = `+remoteVideos+`;
		const before = videos.map(v => v.currentTime);
		await new Promise(r => setTimeout(r, 300));
		return videos.filter((v, i) => v.videoWidth > 0 && v.currentTime > before[i]).length === `+fmt.Sprint(n)+`;
	})()`)
}

// videoStates is a JavaScript expression for what the video elements of a page have.
const videoStates = `[...document.querySelectorAll("video")].map(v => ({
	local: v.dataset.lkLocalParticipant ?? "", size: [v.videoWidth, v.videoHeight], time: v.currentTime,
	ready: v.readyState, paused: v.paused, frames: v.getVideoPlaybackQuality?.().totalVideoFrames,
	tracks: v.srcObject?.getTracks().map(t => [t.kind, t.readyState, t.muted]) ?? []}))`
