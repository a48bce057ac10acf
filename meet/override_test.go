package meet

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var overrideNoon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return overrideNoon.Add(time.Duration(n) * time.Minute) }

// What is set for a time ends at its time, and what was set before it holds again.
func TestOverridesInTime(t *testing.T) {
	t.Parallel()
	var o Overrides
	set := func(value string, at, until int) {
		end := time.Time{}
		if until > 0 {
			end = minute(until)
		}
		o = o.at(minute(at))
		o = o.with(PropertyRole, o.next(PropertyRole, value, minute(at), end))
	}
	want := func(at int, value string, endsNext int) {
		t.Helper()
		holding := o.at(minute(at))
		if got := holding[PropertyRole].Value; got != value {
			t.Errorf("after %d minutes: role %q, want %q", at, got, value)
		}
		next := time.Time{}
		if endsNext > 0 {
			next = minute(endsNext)
		}
		if got := holding.EndsNext(); !got.Equal(next) {
			t.Errorf("after %d minutes: the next end is %v, want %v", at, got, next)
		}
	}
	want(0, "", 0)
	set("host", 0, 10)
	want(9, "host", 10)
	want(10, "", 0)
	set("host", 11, 0)
	set("viewer", 12, 20)
	want(19, "viewer", 20)
	want(20, "host", 0)
	set("speaker", 13, 15) // in place of the viewer's time
	want(14, "speaker", 15)
	want(15, "host", 0)
	set("guest", 14, 0)
	want(99, "guest", 0)
}

// What one moderator allows goes beyond role, settings and a lock on everyone, and
// never beyond a lock on the person. What they take is taken from every role.
func TestOverridesAndGrants(t *testing.T) {
	t.Parallel()
	all := Grants{Publish: []Source{Camera, Microphone, ScreenShare, ScreenShareAudio}, Subscribe: true, Data: true}
	viewer := Grants{Subscribe: true}
	publish := func(g Grants, sources ...Source) Grants { g.Publish = sources; return g }
	for name, c := range map[string]struct {
		set       map[Property]string
		room      Room
		admission Admission
		quiet     bool // the settings allow nothing
		want      Grants
		locked    []Source
	}{
		"nothing":      {admission: Admission{Role: RoleGuest}, want: all},
		"microphone":   {set: map[Property]string{PropertyMicrophone: "true"}, want: publish(viewer, Microphone)},
		"camera":       {set: map[Property]string{PropertyCamera: "true"}, want: publish(viewer, Camera)},
		"chat":         {set: map[Property]string{PropertyChat: "true"}, want: Grants{Subscribe: true, Data: true}},
		"screen share": {set: map[Property]string{PropertyScreenShare: "true"}, want: publish(viewer, ScreenShare)},
		"screen and microphone": {
			set:  map[Property]string{PropertyScreenShare: "true", PropertyMicrophone: "true"},
			want: publish(viewer, Microphone, ScreenShare, ScreenShareAudio),
		},
		"beyond the settings": {
			set: map[Property]string{PropertyCamera: "true"}, admission: Admission{Role: RoleGuest}, quiet: true,
			want: publish(viewer, Camera),
		},
		"no microphone is no sound": {
			set: map[Property]string{PropertyMicrophone: "false"}, admission: Admission{Role: RoleGuest},
			want: publish(all, Camera, ScreenShare),
		},
		"no screen": {
			set: map[Property]string{PropertyScreenShare: "false"}, admission: Admission{Role: RoleGuest},
			want: publish(all, Camera, Microphone),
		},
		"no chat": {
			set: map[Property]string{PropertyChat: "false"}, admission: Admission{Role: RoleHost},
			want: Grants{Publish: all.Publish, Subscribe: true},
		},
		"another role":           {set: map[Property]string{PropertyRole: RoleHost}, want: all},
		"a role that is no more": {set: map[Property]string{PropertyRole: "former"}, want: Grants{}},
		"beyond a lock on everyone": {
			set:  map[Property]string{PropertyMicrophone: "true", PropertyScreenShare: "true"},
			room: Room{LockedForAll: []Source{Microphone, Camera}}, admission: Admission{Role: RoleGuest},
			want:   publish(all, Microphone, ScreenShare, ScreenShareAudio),
			locked: []Source{Camera},
		},
		"not beyond a lock on the person": {
			set:  map[Property]string{PropertyMicrophone: "true"},
			room: Room{LockedForAll: []Source{Microphone}}, admission: Admission{Role: RoleGuest, Locked: []Source{Microphone}},
			want: publish(all, Camera, ScreenShare), locked: []Source{Microphone},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core := &core{roles: BuiltinRoles()}
			if c.room.Settings = DefaultSettings(); c.quiet {
				c.room.Settings = Settings{}
			}
			c.admission.Code = "some"
			if c.admission.Role == "" {
				c.admission.Role = RoleViewer
			}
			for property, value := range c.set {
				c.admission.Overrides = c.admission.Overrides.with(property, Override{Value: value})
			}
			admission := c.admission.at(overrideNoon)
			got := core.profileOf(admission, c.room).Grants
			if !got.Equal(c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			locked := locksOf(admission, c.room)
			if diff := cmp.Diff(c.locked, locked); diff != "" {
				t.Errorf("locked differs (-want +got):\n%s", diff)
			}
		})
	}
}

// The role of somebody without a code follows the mode, until a moderator sets it.
func TestASetRoleStays(t *testing.T) {
	t.Parallel()
	admission := Admission{Role: RoleGuest, Name: "Eve"}
	webinar := Room{Mode: Webinar}
	if got := roleOf(admission.at(overrideNoon), webinar); got != RoleViewer {
		t.Errorf("role in a webinar is %s, want viewer", got)
	}
	admission.Overrides = Overrides{PropertyRole: {Value: RoleGuest}, PropertyName: {Value: "Eva", Until: minute(1)}}
	is := admission.at(overrideNoon)
	if got := roleOf(is, webinar); got != RoleGuest || is.Name != "Eva" {
		t.Errorf("after both were set: %s as %s, want Eva as guest", is.Name, got)
	}
	if name := admission.at(minute(1)).Name; name != "Eve" {
		t.Errorf("after its time the name is %s, want Eve", name)
	}
}

// Nothing that gives somebody something goes to a person who only says that they are
// the same, whatever else was set for a time in between.
func TestInheritedOverrides(t *testing.T) {
	t.Parallel()
	earlier := Admission{Overrides: Overrides{
		PropertyRole:        {Value: "viewer", Until: minute(5), Then: "host"},
		PropertyName:        {Value: "Bob"},
		PropertyMicrophone:  {Value: "true", Until: minute(5), Then: "false"},
		PropertyCamera:      {Value: "false", Until: minute(5), Then: "true"},
		PropertyScreenShare: {Value: "true"},
		PropertyChat:        {Value: "false"},
	}}
	taken := Overrides{
		PropertyName:       {Value: "Bob"},
		PropertyMicrophone: {Value: "false"},
		PropertyCamera:     {Value: "false", Until: minute(5)},
		PropertyChat:       {Value: "false"},
	}
	removed := earlier
	removed.RevokedAt = overrideNoon
	for name, c := range map[string]struct {
		subject string
		earlier Admission
		want    Overrides
	}{
		"proven": {"bob", earlier, earlier.Overrides}, "claimed": {"", earlier, taken}, "removed": {"bob", removed, taken},
	} {
		anew := Admission{Subject: c.subject}
		anew.InheritOverrides([]Admission{c.earlier})
		if diff := cmp.Diff(c.want, anew.Overrides); diff != "" {
			t.Errorf("%s: overrides differ (-want +got):\n%s", name, diff)
		}
	}
}
