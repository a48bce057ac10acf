package pagetest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// box is a place on the screen, in CSS pixels.
type box struct{ X, Y, Width, Height float64 }

func boxOf(tab *tab, element string) box {
	tab.t.Helper()
	return eval[box](tab, `(({x, y, width, height}) => ({x, y, width, height}))(`+element+`.getBoundingClientRect())`)
}

// A phone shows six others at once, and oneself in a corner that can be changed.
func TestAPhoneShowsSixOthers(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	bob := s.open(phone)
	bob.join(codes["guest"], "Bob")
	for i := range 6 {
		s.EnterWith(t, s.exchange(codes["guest"], fmt.Sprint("Guest ", i)))
	}
	bob.wait("six others", `document.querySelectorAll(".grid-tiles .tile").length === 6`)
	for _, window := range []size{phone, {740, 360}, {320, 568}} {
		bob.run(chromedp.EmulateViewport(window.width, window.height))
		bob.wait("everybody on the screen, none cut to a third", `(() => {
			const low = document.querySelector(".controls").getBoundingClientRect().top;
			return [...document.querySelectorAll(".grid-tiles .tile")].every(e => {
				const {left, top, right, bottom, width, height} = e.getBoundingClientRect();
				return left >= 0 && top >= 0 && right <= innerWidth && bottom <= low &&
					width / height > 1.3 && width / height < 1.8;
			});
		})()`)
		bob.wait("round avatars", `[...document.querySelectorAll(".initials")].every(e => {
			const {width, height} = e.getBoundingClientRect();
			return width > 20 && Math.abs(width - height) < 1;
		})`)
		if overflow := eval[int](bob, `document.documentElement.scrollWidth - innerWidth`); overflow > 0 {
			t.Errorf("%v: the page is %d pixels too wide", window, overflow)
		}
	}
	if eval[bool](bob, `document.body.innerText.includes("Page 1")`) {
		t.Error("there are pages")
	}
	corner := func(want string) {
		t.Helper()
		bob.wait("oneself at the "+want, `document.querySelector(".self-view")?.dataset.corner === `+quote(want))
	}
	corner("bottom-right")
	bob.press("Move your picture")
	corner("bottom-left")
	eval[bool](bob, `(e => {
		const {left, top} = e.getBoundingClientRect();
		const at = (type, x, y) => e.dispatchEvent(new PointerEvent(type,
			{bubbles: true, pointerId: 1, clientX: left + x, clientY: top + y}));
		e.setPointerCapture = () => {};
		at("pointerdown", 9, 9);
		at("pointermove", 209, -390);
		at("pointerup", 209, -390);
		return true;
	})(document.querySelector(".self-move"))`)
	corner("top-right")

	// Of a phone with two cameras the other one can be taken.
	bob.resize(phone)
	if bob.has("Switch to your other camera") {
		t.Error("there is one camera, and a button for another")
	}
	eval[bool](bob, `(() => {
		const devices = navigator.mediaDevices, list = devices.enumerateDevices.bind(devices);
		devices.enumerateDevices = async () => (all => all.concat(all.filter(d => d.kind === "videoinput")))(await list());
		const media = devices.getUserMedia.bind(devices);
		devices.getUserMedia = asked => (window.asked = asked, media(asked));
		devices.dispatchEvent(new Event("devicechange"));
		return true;
	})()`)
	bob.press("Switch to your other camera")
	bob.wait("the other camera to be asked for", `window.asked?.video.facingMode === "environment"`)
	bob.wait("the picture to go on",
		`document.querySelector(".self-view video")?.srcObject?.getVideoTracks()[0].readyState === "live"`)
	bob.press("Camera")
	bob.wait("no button without a picture", "!"+control("Switch to your other camera"))
	bob.quiet()
}

// Controls stay where they are when a right goes.
func TestControlsStayInPlace(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	for name, window := range map[string]size{"wide": wide, "phone": phone} {
		bob := s.open(window)
		bob.join(codes["guest"], "Bob")
		bob.wait("the chat", control("Chat"))
		places := map[string]box{}
		for _, what := range []string{"Chat", "People", "Leave"} {
			places[what] = boxOf(bob, control(what))
		}
		lock := true
		_, err := s.Mute(t.Context(), meettest.Ada, room.ID, meet.MuteCall{Identity: s.identity(room, "Bob"), Lock: &lock})
		must(t, err)
		bob.wait("the microphone to go", "!"+control("Microphone"))
		for what, before := range places {
			if now := boxOf(bob, control(what)); now != before {
				t.Errorf("%s: %s was at %+v and is at %+v", name, what, before, now)
			}
		}
		bob.press("Leave")
		bob.message("left", "You left the call")
	}
}
