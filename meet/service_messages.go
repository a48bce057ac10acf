package meet

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxMessage is the longest message that an agent may write, in characters.
const MaxMessage = 2000

// Message is what an agent writes to people inside a room.
type Message struct {
	ID   string
	At   time.Time
	From string // the name of the principal who wrote it
	Text string
	To   string // the identity of the only one who gets it; empty is everybody inside
}

// MessageCall says what to write, and to whom.
type MessageCall struct {
	Text     string
	Identity string // or what else stands for one person inside; empty or [Everyone] is everybody
}

// SendMessage writes into the chat of a room: to everybody inside, also those who may
// not write there themselves, or to one person. It appears there as from an agent, with
// the name of p. What was written is not on record, only that it was.
func (s *Service) SendMessage(ctx context.Context, p Principal, ref string, call MessageCall) (Message, error) {
	text, badMessage := checkMessage(call.Text)
	to := call.Identity
	if to == Everyone {
		to = ""
	}
	if to != "" && badMessage == nil {
		to, badMessage = checkIdentity("identity", to)
	}
	room, err := s.resolveForChange(ctx, p, ActWriteMessage, ref, badMessage)
	if err != nil {
		return Message{}, err
	}
	if err := s.checkMessageRate(p, room); err != nil {
		return Message{}, err
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	if to, err = s.recipient(ctx, room, to); err != nil {
		return Message{}, err
	}
	m := Message{ID: s.random.uuid(), At: s.now(), From: writerName(p), Text: text, To: to}
	if err := s.media.SendMessage(ctx, room.ID, m); err != nil {
		e := errMediaUnavailable(err)
		e.Hint = "The message may not have come through. Try again in a few seconds."
		return Message{}, e
	}
	if err := s.keepMessage(ctx, p, room, m); err != nil {
		return Message{}, err
	}
	details := s.identityDetailsOf(ctx, room, to, map[string]string{"characters": strconv.Itoa(len([]rune(text)))})
	return m, s.record(ctx, s.event(ctx, p, MessageSent, room, to, details))
}

// keepMessage keeps a message for everybody where the chat is kept.
func (s *Service) keepMessage(ctx context.Context, p Principal, room Room, m Message) error {
	if !keepsChat(room) || m.To != "" {
		return nil
	}
	err := s.store.AddTranscript(context.WithoutCancel(ctx), []TranscriptEntry{{ID: m.ID, RoomID: room.ID, At: m.At,
		Identity: p.ID, Name: m.From, Source: FromAgent, Text: m.Text}})
	if err != nil {
		e := AsError(s.storeError(err, "It was sent, but could not be kept"))
		e.Hint = "Do not send it again: people have read it."
		return e
	}
	return nil
}

// recipient finds who is meant to get a message, and refuses one that nobody would
// get.
func (s *Service) recipient(ctx context.Context, room Room, given string) (identity string, err error) {
	if err := s.checkOpen(RoomCode{}, room, s.now()); err != nil {
		return "", err
	}
	if room.Settings.E2EE {
		return "", &Error{Code: CodeConflict,
			Message: "This room is end-to-end encrypted: only the people inside can write there",
			Hint:    "Nothing was sent: the key is never known here. Reach the people in another way."}
	}
	inside, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return "", errMediaUnavailable(err)
	}
	if len(inside) == 0 {
		return "", &Error{Code: CodeConflict, Message: "Nobody is in the room now, so nobody would get the message",
			Hint: "Send it when list_participants shows somebody."}
	}
	if given == "" {
		return "", nil
	}
	if identity, err = s.whom(ctx, room, inside, given); err != nil {
		return "", err
	}
	if !slices.Contains(identityList(inside), identity) {
		return "", errParticipantNotFound()
	}
	return identity, nil
}

// checkMessage is checkText for a text of several lines.
func checkMessage(text string) (string, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if _, err := checkText("text", strings.NewReplacer("\n", " ", "\t", " ").Replace(text), MaxMessage); err != nil {
		return "", err
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", Invalid("text", "text must not be empty", "Give what people are to read.")
	}
	return text, nil
}

// writerName is the name under which a principal writes.
func writerName(p Principal) string {
	if name := CleanText(p.Name, MaxDisplayName); name != "" {
		return name
	}
	return CleanText(p.ID, MaxDisplayName)
}
