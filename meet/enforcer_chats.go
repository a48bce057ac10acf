package meet

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// How often kept chats are stored, and how often all rooms are looked at, for what no
// event has told.
const (
	storeChatsEvery  = time.Second
	lookAtChatsEvery = 10 * time.Second
)

// maxParallelChats is how many chats are begun to be kept at a time.
const maxParallelChats = 8

// KeepChats keeps what is written in the chats of rooms whose settings say so, while
// somebody is inside, until ctx ends. With [Config.CountSpeaking] it follows other
// rooms, too. One instance of all is to do it at a time.
func (e *Enforcer) KeepChats(ctx context.Context) error {
	k := chatKeeper{Enforcer: e, kept: map[string]*followedChat{}, failed: map[string]bool{}}
	defer k.stopAll(ctx)
	e.chats.add("", false)
	store, look := time.NewTicker(storeChatsEvery), time.NewTicker(lookAtChatsEvery)
	defer store.Stop()
	defer look.Stop()
	for {
		k.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-e.chats.wake:
		case <-store.C:
			k.storeAll(ctx)
			k.lookAgain(ctx)
		case <-look.C:
			e.chats.add("", false)
		}
	}
}

// chatKeeper keeps chats. Its methods are called by one goroutine.
type chatKeeper struct {
	*Enforcer
	kept   map[string]*followedChat // by room
	failed map[string]bool          // rooms that ought to be followed, and could not be

	mu       sync.Mutex
	unstored []*followedChat // not kept any more, and not stored yet as a whole
}

// followedChat is a room that is followed now.
type followedChat struct {
	*keptChat
	keeps     bool // what is written; false is to hear who speaks alone
	following Following
}

// look begins to keep chats, and ends it, where something has changed.
func (k *chatKeeper) look(ctx context.Context) {
	noted, all := k.chats.take()
	ids := slices.Collect(maps.Keys(noted))
	if all {
		open, err := k.store.OpenPresences(ctx, "")
		if err != nil {
			k.fail(ctx, "", err)
			return
		}
		delete(k.failed, "")
		for _, p := range open {
			ids = append(ids, p.RoomID)
		}
		for id := range k.kept {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	begun, errs := make([]*followedChat, len(ids)), make([]error, len(ids))
	inParallel(len(ids), maxParallelChats, func(i int) {
		begun[i], errs[i] = k.lookAt(ctx, ids[i], k.kept[ids[i]], noted[ids[i]])
	})
	for i, id := range ids {
		if begun[i] == nil {
			delete(k.kept, id)
		} else {
			k.kept[id] = begun[i]
		}
		if errs[i] != nil {
			k.fail(ctx, id, errs[i])
		} else {
			delete(k.failed, id)
		}
	}
}

// fail notes that it is not known whether a room is to be followed, or that it could
// not be. It is tried again soon.
func (k *chatKeeper) fail(ctx context.Context, id string, err error) {
	if !k.failed[id] && ctx.Err() == nil {
		k.log.LogAttrs(ctx, slog.LevelWarn, "could not follow a room for its chat or its speakers; it is tried again",
			slog.String("room", id), slog.Any("err", err))
	}
	k.failed[id] = true
}

// lookAt gives the room as it is followed from now on, nil if it is not. chat is how it
// is followed now; wasKept says that people may have been told that their chat is kept
// in any case.
func (k *chatKeeper) lookAt(
	ctx context.Context, id string, chat *followedChat, wasKept bool,
) (*followedChat, error) {
	room, known, err := k.findRoom(ctx, id)
	if err != nil {
		return chat, err
	}
	active := known && room.Active(k.now())
	keeps := active && keepsChat(room)
	follow := keeps || active && k.countSpeaking && !room.Settings.E2EE
	if follow {
		open, err := k.store.OpenPresences(ctx, id)
		if err != nil {
			return chat, k.storeError(err, "")
		}
		follow = len(open) > 0
	}
	if chat != nil && (!follow || chat.keeps != keeps) {
		k.end(ctx, chat)
		wasKept = wasKept || chat.keeps
		chat = nil
	}
	if wasKept && active && !keeps {
		k.tellNotKept(ctx, id)
	}
	if follow && chat == nil {
		return k.begin(ctx, room)
	}
	return chat, nil
}

// tellNotKept tells everybody inside that their chat is not kept any more. If that
// fails they think that it is.
func (k *chatKeeper) tellNotKept(ctx context.Context, room string) {
	ctx, cancel := withBudget(ctx)
	defer cancel()
	if err := k.media.ShowChatKept(ctx, room, false); err != nil {
		k.log.WarnContext(ctx, "could not tell people that their chat is not kept any more", "room", room, "err", err)
	}
}

// keepsChat says whether the chat of a room is kept. That of an encrypted one cannot
// be read here.
func keepsChat(room Room) bool { return room.Settings.KeepChat && !room.Settings.E2EE }

// begin follows a room. If its chat is kept, it tells everybody inside so before. It
// gives nil if LiveKit has nobody inside.
func (k *chatKeeper) begin(ctx context.Context, room Room) (*followedChat, error) {
	ctx, cancel := withBudget(ctx)
	defer cancel()
	people, err := k.media.Participants(ctx, room.ID)
	if err != nil || len(people) == 0 {
		return nil, err
	}
	if !keepsChat(room) {
		following, err := k.media.Follow(ctx, room.ID, nil)
		if err != nil {
			return nil, err
		}
		return &followedChat{keptChat: newKeptChat(k.core, room.ID, nil), following: following}, nil
	}
	if err := k.media.ShowChatKept(ctx, room.ID, true); err != nil {
		return nil, err
	}
	sizes, err := k.store.TranscriptSizes(ctx, room.ID, k.now().Add(-keptPeriod))
	if err != nil {
		return nil, k.storeError(err, "")
	}
	chat := &followedChat{keptChat: newKeptChat(k.core, room.ID, sizes), keeps: true}
	chat.following, err = k.media.Follow(ctx, room.ID, chat.take)
	if err != nil {
		return nil, err
	}
	return chat, nil
}

// end stops following a room, and stores what is left of it.
func (k *chatKeeper) end(ctx context.Context, chat *followedChat) {
	chat.following.Close()
	if !k.storeChat(ctx, chat) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.unstored = append(k.unstored, chat)
	}
}

// lookAgain notes the rooms that could not be followed, or are not any more:
// LiveKit was started anew, or the network failed.
func (k *chatKeeper) lookAgain(ctx context.Context) {
	for id := range k.failed {
		k.chats.add(id, false)
	}
	for id, chat := range k.kept {
		select {
		case <-chat.following.Done():
			k.end(ctx, chat)
			delete(k.kept, id)
			k.chats.add(id, false)
		default:
		}
	}
}

func (k *chatKeeper) storeAll(ctx context.Context) {
	for _, chat := range k.kept {
		k.storeChat(ctx, chat)
	}
	k.unstored = slices.DeleteFunc(k.unstored, func(chat *followedChat) bool { return k.storeChat(ctx, chat) })
}

// storeChat stores what was written since the last call. What cannot be stored is
// tried again by the next one.
func (k *chatKeeper) storeChat(ctx context.Context, chat *followedChat) (stored bool) {
	entries := chat.unsavedEntries()
	if len(entries) == 0 {
		return true
	}
	err := k.addNames(ctx, chat.room, entries)
	if err == nil {
		err = k.store.AddTranscript(ctx, entries)
	}
	if err != nil {
		k.log.WarnContext(ctx, "could not store what was written in a chat; it is repeated", "room", chat.room, "err", err)
		return false
	}
	chat.saved(len(entries))
	return true
}

// addNames adds the names of the writers.
func (k *chatKeeper) addNames(ctx context.Context, room string, entries []TranscriptEntry) error {
	names := map[string]string{}
	for i := range entries {
		identity := entries[i].Identity
		if _, found := names[identity]; !found {
			admission, known, err := k.findAdmission(ctx, room, identity)
			switch {
			case err != nil:
				return err
			case known:
				names[identity] = admission.Name
			default: // somebody with the operator's key
				names[identity] = CleanText(identity, MaxDisplayName)
			}
		}
		entries[i].Name = names[identity]
	}
	return nil
}

// stopWithin bounds what is stored after the end of KeepChats.
const stopWithin = 2 * time.Second

func (k *chatKeeper) stopAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	var all sync.WaitGroup
	for _, chat := range k.kept {
		all.Go(func() { k.end(ctx, chat) })
	}
	all.Wait()
}
