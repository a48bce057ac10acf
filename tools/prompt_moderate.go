package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"roomkey/meet"
)

type moderateInput struct {
	Room     string  `json:"room" complete:"rooms" doc:"Name or id of a room you administer"`
	Identity *string `json:"identity" complete:"identities" doc:"The participant it is about, from list_participants; * is everyone but admins"`
}

var moderateRoom = definePrompt(Prompt{
	Name: "moderate_room", Title: "Moderate a room",
	Description: "Keep order in a room you administer: see who is inside, mute, turn video off, kick, block, and answer who waits.",
	Tools:       []string{listParticipants.Name, muteParticipant.Name, disableParticipantVideo.Name, kickParticipant.Name, answerJoinRequest.Name},
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in moderateInput) (string, error) {
	roster, err := s.Roster(ctx, p, in.Room)
	if err != nil {
		return "", called(err, "room_id", "room")
	}
	d, err := s.Room(ctx, p, in.Room)
	if err != nil {
		return "", called(err, "room_id", "room")
	}
	room, who := reference(s, d.Room), "IDENTITY"
	var b strings.Builder
	fmt.Fprintf(&b, "Keep order in the Roomkey room %s.\n\nIts state when this was written: %s\n%s", d.Name, plainJSON(stateOf(s, d)), sayRoster(roster))
	if in.Identity != nil {
		who = *in.Identity
		b.WriteString(sayWho(who, roster))
	}
	steps := []string{
		"See who is inside, who waits and who is blocked: " + say(listParticipants.Name, "room_id", room) + ". Go by identity, never by name: two people may have the same name.",
		"Somebody disturbs by sound: " + say(muteParticipant.Name, "room_id", room, "identity", who) + ". They can unmute themselves; lock true keeps them from it, lock false gives the microphone back. The identity * is everyone but admins: " +
			say(muteParticipant.Name, "room_id", room, "identity", meet.Everyone, "lock", true) + ".",
		"Somebody disturbs by picture: " + say(disableParticipantVideo.Name, "room_id", room, "identity", one(who), "lock", true) + ". lock means the same as for the microphone.",
		"Somebody has to go: " + say(kickParticipant.Name, "room_id", room, "identity", one(who), "reason", "REASON") + ". They can come back with a code that works; block true keeps them out: " +
			say(kickParticipant.Name, "room_id", room, "identity", one(who), "block", true, "reason", "REASON") + ". The code they came by, and a public room's page, then let in nobody without an access token, so everybody else needs another code; warning says what the block cannot stop. A block is lifted with its identity in blocks: " +
			say(kickParticipant.Name, "room_id", room, "identity", "BLOCKED", "block", false) + ".",
		"Somebody waits: " + say(answerJoinRequest.Name, "room_id", room, "request_id", "REQUEST_ID", "approve", true) + "; approve false refuses.",
	}
	b.WriteByte('\n')
	for i, step := range steps {
		fmt.Fprintf(&b, "%d. %s\n", i+1, step)
	}
	b.WriteString("\nTake the mildest step that helps, ask the user before you kick or block, and say afterwards what you did.\n" + sayPlaceholders + " " + sayStrangers + "\n")
	return b.String(), nil
})

// one is an identity for calls that are about one participant.
func one(identity string) string {
	if identity == meet.Everyone {
		return "IDENTITY"
	}
	return identity
}

// maxPeople is how many participants, how many who wait and how many who are
// blocked a prompt tells of.
const maxPeople = 50

func sayRoster(r meet.Roster) string {
	var b strings.Builder
	for _, part := range []struct {
		what  string
		all   int
		shown any
	}{
		{"Inside", len(r.Participants), viewParticipants(r.Participants[:min(len(r.Participants), maxPeople)])},
		{"Waiting to be let in", len(r.Requests), viewRequests(r.Requests[:min(len(r.Requests), maxPeople)])},
		{"Blocked", len(r.Blocks), viewBlocks(r.Blocks[:min(len(r.Blocks), maxPeople)])},
	} {
		switch {
		case part.all == 0:
			fmt.Fprintf(&b, "%s: nobody\n", part.what)
		case part.all > maxPeople:
			fmt.Fprintf(&b, "%s, the first %d of %d: %s\n", part.what, maxPeople, part.all, plainJSON(part.shown))
		default:
			fmt.Fprintf(&b, "%s: %s\n", part.what, plainJSON(part.shown))
		}
	}
	return b.String()
}

// sayWho tells whom the job is about, and where they are.
func sayWho(identity string, r meet.Roster) string {
	if identity == meet.Everyone {
		return "It is about everyone but admins.\n"
	}
	text := "It is about the identity " + plainJSON(identity)
	switch {
	case slices.ContainsFunc(r.Participants, func(p meet.Person) bool { return p.Identity == identity }):
	case slices.ContainsFunc(r.Blocks, func(b meet.Block) bool { return b.Identity == identity }):
		text += ", who is blocked"
	default:
		text += ", who is not inside now"
	}
	return text + ".\n"
}
