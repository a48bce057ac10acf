package livekit_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	lkproto "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/livekit"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// clusterRoom is a room of a cluster of two nodes, seen through their balancer.
type clusterRoom struct {
	testRoom
	cluster *livekittest.Cluster
	node    *livekittest.Server // that has the room's media
	other   *livekittest.Server
}

func setupCluster(t *testing.T) clusterRoom {
	t.Helper()
	t.Parallel()
	c := livekittest.StartCluster(t, 2, livekittest.ServerOptions{})
	lk := connect(t, livekit.Config{URL: c.URL()})
	t.Cleanup(lk.Close)
	w := clusterRoom{cluster: c, testRoom: testRoom{T: t, Server: lk, url: c.URL(),
		room: meet.Room{ID: "room-" + rand.Text()}}}
	w.ensure()
	w.node = c.NodeOf(w.room.ID)
	w.other = c.Other(w.node)
	return w
}

// joinAt joins with signalling at a node.
func (w clusterRoom) joinAt(node *livekittest.Server, identity string) *livekittest.Person {
	w.Helper()
	w.url = node.URL()
	p := w.join(identity, allowAll)
	p.PublishMicrophone()
	return p
}

// lists says whether LiveKit itself lists somebody.
func (w clusterRoom) lists(identity string) bool {
	w.Helper()
	api := lksdk.NewRoomServiceClient(w.other.URL(), livekittest.APIKey, livekittest.APISecret)
	resp, err := api.ListParticipants(w.Context(), &lkproto.ListParticipantsRequest{Room: w.room.ID})
	if err != nil {
		w.Fatalf("ListParticipants: %v", err)
	}
	return slices.ContainsFunc(resp.GetParticipants(), func(p *lkproto.ParticipantInfo) bool {
		return p.GetIdentity() == identity
	})
}

// waitInside waits until exactly these are inside.
func (w clusterRoom) waitInside(identities ...string) {
	w.Helper()
	livekittest.Wait(w.T, "those inside to be right", func() bool {
		people, err := w.Participants(w.Context(), w.room.ID)
		if err != nil || len(people) != len(identities) {
			return false
		}
		for _, p := range people {
			if !slices.Contains(identities, p.Identity) {
				return false
			}
		}
		return true
	})
}

// retry repeats what fails while a node is not known to be dead yet.
func (w clusterRoom) retry(what string, do func() error) {
	w.Helper()
	livekittest.Wait(w.T, what, func() bool {
		err := do()
		if err != nil && !meet.IsCode(err, meet.CodeUnavailable) {
			w.Fatalf("%s: %v", what, err)
		}
		return err == nil
	})
}

func TestPeopleOfADeadNodeAreNotInside(t *testing.T) {
	w := setupCluster(t)
	a := w.joinAt(w.node, "a")
	b := w.joinAt(w.other, "b")
	a.WaitReceives("b", meet.Microphone, true)
	b.WaitReceives("a", meet.Microphone, true)
	w.waitInside("a", "b")
	track := w.waitTrack("a", meet.Microphone)

	w.node.Kill()
	killed := time.Now()
	livekittest.Wait(t, "a to be gone", func() bool {
		people, err := w.Participants(t.Context(), w.room.ID)
		return err == nil && !slices.ContainsFunc(people, func(p meet.Participant) bool { return p.Identity == "a" })
	})
	t.Logf("a was gone after %v", time.Since(killed))
	if !w.lists("a") {
		t.Fatal("LiveKit does not list a any more: this test shows nothing")
	}
	if err := w.Remove(t.Context(), w.room.ID, "a"); !meet.IsCode(err, meet.CodeNotFound) {
		t.Errorf("Remove: %v, want not found", err)
	}
	if err := w.SetProfile(t.Context(), w.room.ID, "a", meet.Profile{}); !meet.IsCode(err, meet.CodeNotFound) {
		t.Errorf("SetProfile: %v, want not found", err)
	}
	if muted, err := w.MuteTrack(t.Context(), w.room.ID, "a", track.ID); muted || err != nil {
		t.Errorf("MuteTrack: %v, %v, want false", muted, err)
	}

	// b signalled at the other node, and comes back by the SDK.
	w.waitInside("b")
	t.Logf("b was back after %v", time.Since(killed))
	c := w.joinAt(w.other, "c")
	b.WaitReceives("c", meet.Microphone, true)
	c.WaitReceives("b", meet.Microphone, true)
	w.waitInside("b", "c")
	if !w.lists("a") {
		t.Error("LiveKit does not list a any more: this test shows less than it should")
	}
	if n := w.count(); n != 2 {
		t.Errorf("Counts: %d, want 2", n)
	}
	again := w.joinAt(w.other, "a")
	w.waitInside("a", "b", "c")
	again.WaitReceives("b", meet.Microphone, true)
}

func TestRoomOfADeadNodeComesBack(t *testing.T) {
	w := setupCluster(t)
	w.joinAt(w.node, "a")
	w.waitInside("a")
	w.node.Kill()
	killed := time.Now()
	w.retry("EnsureRoom", func() error { return w.EnsureRoom(t.Context(), w.room) })
	t.Logf("the room was back after %v", time.Since(killed))
	b := w.joinAt(w.other, "b")
	c := w.joinAt(w.other, "c")
	b.WaitReceives("c", meet.Microphone, true)
	c.WaitReceives("b", meet.Microphone, true)
	w.waitInside("b", "c")
}

func TestDeleteRoomOfADeadNode(t *testing.T) {
	w := setupCluster(t)
	w.joinAt(w.node, "a")
	w.waitInside("a")
	w.node.Kill()
	w.retry("DeleteRoom", func() error {
		_, err := w.DeleteRoom(t.Context(), w.room.ID)
		return err
	})
	rooms, err := w.Rooms(t.Context())
	if err != nil || len(rooms) != 0 {
		t.Errorf("Rooms: %v, %v, want none", rooms, err)
	}
	if w.lists("a") {
		t.Error("LiveKit still lists a")
	}
}

// A room of which only people of a dead node are left is renewed like an empty one.
func TestRoomOfADeadNodeIsRenewed(t *testing.T) {
	w := setupCluster(t)
	w.joinAt(w.node, "a")
	w.waitInside("a")
	w.node.Kill()
	short := connect(t, livekit.Config{URL: w.cluster.URL(), EmptyTimeout: 4 * time.Second}) // over by now
	t.Cleanup(short.Close)
	w.retry("EnsureRoom", func() error { return short.EnsureRoom(t.Context(), w.room) })
	if w.lists("a") {
		t.Error("LiveKit still lists a, want the room made anew")
	}
	b := w.joinAt(w.other, "b")
	c := w.joinAt(w.other, "c")
	b.WaitReceives("c", meet.Microphone, true)
	c.WaitReceives("b", meet.Microphone, true)
}

// Close ends a check that nobody waits for any more.
func TestCloseEndsChecks(t *testing.T) {
	w := setup(t)
	w.join("a", allowAll)
	asked, release := make(chan struct{}, 2), make(chan struct{})
	proxy := proxied(t, w, func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/UpdateSubscriptions") {
			asked <- struct{}{}
			<-release
		}
	})
	proxy.Start()
	t.Cleanup(proxy.Close)
	t.Cleanup(func() { close(release) })
	lk := connect(t, livekit.Config{URL: proxy.URL})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := lk.Participants(ctx, w.room.ID)
		failed <- err
	}()
	<-asked
	cancel()
	if err := <-failed; !meet.IsCode(err, meet.CodeUnavailable) {
		t.Errorf("Participants: %v, want unavailable", err)
	}
	lk.Close() // returns although LiveKit has not answered
}

// Who connected through the balancer comes back by the client's own doing.
func TestPeopleComeBackThroughTheBalancer(t *testing.T) {
	w := setupCluster(t)
	people := map[string]*livekittest.Person{}
	for _, identity := range []string{"a", "b", "c", "d"} {
		people[identity] = w.join(identity, allowAll)
		people[identity].PublishMicrophone()
	}
	w.waitInside("a", "b", "c", "d")
	before := w.participants()
	w.node.Kill()
	killed := time.Now()
	livekittest.Wait(t, "all to be back", func() bool {
		now, err := w.Participants(t.Context(), w.room.ID)
		return err == nil && len(now) == len(people) && !slices.ContainsFunc(now, func(p meet.Participant) bool {
			return p.SID == before[p.Identity].SID
		})
	})
	t.Logf("all were back after %v", time.Since(killed))
	people["a"].WaitReceives("d", meet.Microphone, true)
	people["d"].WaitReceives("a", meet.Microphone, true)
}
