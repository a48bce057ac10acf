package tokens

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/database"
	"roomkey/meet"
	"roomkey/store"
)

// openRecord gives the access tokens on record, beside the roomkey that may be
// running. It gives store.ErrNoDatabase if there is no database and create is false.
func openRecord(ctx context.Context, c config.Config, create bool) (*store.Tokens, error) {
	return database.Beside(ctx, c, create, database.OpenTokens)
}

// Record puts a token on record before anybody has it. With auth.secret, and no
// database.url, a token may be made where there is no database: then the error is
// store.ErrNoDatabase.
func Record(ctx context.Context, c config.Config, issued auth.Issued) error {
	record, err := openRecord(ctx, c, c.Auth.Secret == "" || c.Database.URL != "")
	if err != nil {
		return err
	}
	p := issued.Principal
	token := meet.TokenRecord{ID: issued.ID, Subject: p.ID, Name: p.Name, Role: p.Role,
		IssuedAt: issued.IssuedAt, ExpiresAt: issued.ExpiresAt, Scope: p.Scopes.String(), Rooms: p.Rooms}
	return errors.Join(record.Add(ctx, token), record.Close())
}

// Listed is a token on record. Of one that was made elsewhere only the id is
// known.
type Listed struct {
	ID        string             `json:"id"`
	Subject   string             `json:"subject,omitempty"`
	Name      string             `json:"name,omitempty"`
	Role      meet.PrincipalRole `json:"role,omitempty"`
	IssuedAt  time.Time          `json:"issued_at,omitzero"`
	ExpiresAt time.Time          `json:"expires_at,omitzero"`
	RevokedAt time.Time          `json:"revoked_at,omitzero"`
	LastUsed  time.Time          `json:"last_used_at,omitzero"`
	Scope     string             `json:"scope,omitempty"`
	Rooms     []string           `json:"rooms,omitempty"` // names, or ids of rooms that are forgotten
}

// List gives the tokens on record, newest first; with all those that have
// expired too. Where there is no database there are no tokens.
func List(ctx context.Context, c config.Config, all bool) (listed []Listed, err error) {
	listed = []Listed{}
	tokens, err := openRecord(ctx, c, false)
	if errors.Is(err, store.ErrNoDatabase) {
		return listed, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tokens.Close()) }()
	found, err := tokens.List(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	for _, t := range found {
		if !all && !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
			continue
		}
		rooms, err := roomNames(ctx, tokens, t.Rooms)
		if err != nil {
			return nil, err
		}
		listed = append(listed, Listed{ID: t.ID, Subject: t.Subject, Name: t.Name, Role: t.Role,
			IssuedAt: t.IssuedAt, ExpiresAt: t.ExpiresAt, RevokedAt: t.RevokedAt, LastUsed: t.LastUsed, Scope: t.Scope,
			Rooms: rooms})
	}
	return listed, nil
}

func roomNames(ctx context.Context, tokens *store.Tokens, ids meet.RoomIDs) (names []string, err error) {
	for _, id := range ids.List() {
		room, err := tokens.Room(ctx, id)
		if err != nil && !errors.Is(err, meet.ErrNotFound) {
			return nil, err
		}
		names = append(names, cmp.Or(room.Name, id))
	}
	return names, nil
}

// Rooms gives the ids of the rooms that a new token is to be for, by their ids or
// names.
func Rooms(ctx context.Context, c config.Config, refs []string) (ids meet.RoomIDs, err error) {
	if len(refs) == 0 || len(refs) > meet.MaxTokenRooms {
		return "", meet.Invalid("rooms", fmt.Sprintf("--rooms must name 1 to %d rooms", meet.MaxTokenRooms), "")
	}
	record, err := openRecord(ctx, c, false)
	if errors.Is(err, store.ErrNoDatabase) {
		return "", database.Missing(c, err)
	}
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	var found []string
	for _, ref := range refs {
		room, err := record.Room(ctx, strings.ToLower(strings.TrimSpace(ref)))
		if errors.Is(err, meet.ErrNotFound) {
			return "", &meet.Error{Code: meet.CodeNotFound, Field: "rooms",
				Message: "There is no room " + meet.CleanText(ref, meet.MaxRoomName), Hint: "roomkey list rooms shows them."}
		}
		if err != nil {
			return "", err
		}
		found = append(found, room.ID)
	}
	slices.Sort(found)
	return meet.NewRoomIDs(slices.Compact(found)), nil
}

// maxTokenID is the longest id that is put on record. Our own have 16 letters.
const maxTokenID = 256

// Revoke revokes the token with an id; with unlisted also one that is not on
// record. before says whether it was revoked before.
func Revoke(ctx context.Context, c config.Config, id string, unlisted bool) (
	token meet.TokenRecord, before bool, err error,
) {
	switch {
	case strings.HasPrefix(id, "eyJ"):
		return token, false, meet.Invalid("id", "that is an access token, not its id", "roomkey token list shows the ids.")
	case id == "" || len(id) > maxTokenID || id != meet.CleanText(id, maxTokenID):
		return token, false, meet.Invalid("id", "that cannot be the id of an access token",
			"roomkey token list shows the ids.")
	}
	record, err := openRecord(ctx, c, false)
	if errors.Is(err, store.ErrNoDatabase) {
		return token, false, database.Missing(c, err)
	}
	if err != nil {
		return token, false, err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	token, err = record.Revoke(ctx, id, now, unlisted, func(t meet.TokenRecord) *meet.Event {
		return meet.TokenRevocation(auth.OwnerID, t.ID, t.Subject, now)
	})
	err = errors.Join(err, record.Close())
	if errors.Is(err, meet.ErrNotFound) {
		err = &meet.Error{Code: meet.CodeNotFound,
			Message: "No access token with the id " + meet.CleanText(id, 80) + " is on record",
			Hint:    "roomkey token list shows the ids. One that was made elsewhere is taken back with --unlisted."}
	}
	return token, !token.RevokedAt.Equal(now), err
}
