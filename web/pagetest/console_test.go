package pagetest

import (
	"database/sql"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// signIn opens the console as somebody, by a link like that of roomkey console.
func (tab *tab) signIn(p meet.Principal) {
	tab.t.Helper()
	token, err := tab.server.auth.Sign(p, time.Hour)
	must(tab.t, err)
	tab.visit("/console#token=" + token)
}

// pressInDialog presses a button in the dialog that is open.
func (tab *tab) pressInDialog(name string) {
	tab.t.Helper()
	button := `[...document.querySelectorAll("dialog[open] button")].find(b => b.innerText === ` + quote(name) + `)`
	tab.wait("the button "+name, `(b => b && !b.disabled)(`+button+`)`)
	eval[bool](tab, `(`+button+`.click(), true)`)
}

// copyRows makes n more rows like the only one of a table, with other values in some
// columns: expressions of i, from 1 to n.
func copyRows(t *testing.T, path, table string, n int, values map[string]string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer func() { _ = db.Close() }()
	var columns string
	must(t, db.QueryRowContext(t.Context(), `SELECT group_concat(name) FROM pragma_table_info(?)`, table).Scan(&columns))
	expressions := strings.Split(columns, ",")
	for i, column := range expressions {
		if value, ok := values[column]; ok {
			expressions[i] = value
		}
	}
	_, err = db.ExecContext(t.Context(), `
		WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ?)
		INSERT INTO `+table+` (`+columns+`) SELECT `+strings.Join(expressions, ",")+`
		FROM numbers, (SELECT * FROM `+table+` LIMIT 1)`, n)
	must(t, err)
}

// readAxe gives axe-core, "" where it is not installed.
func readAxe(t *testing.T) string {
	t.Helper()
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Log("axe-core is not installed: run npm ci in web/page")
	}
	return string(axe)
}

// The console of a server with a thousand rooms and a hundred thousand events.
func TestConsole(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.room(meet.RoomChange{Name: meettest.Of("first")})
	copyRows(t, s.Path, "rooms", 999, map[string]string{
		"id": "'copy-' || i", "name": "'room-' || i", "created_at": "created_at - i * 60000"})
	copyRows(t, s.Path, "events", 100_000, map[string]string{"id": "NULL", "request_id": "'copy-' || i"})
	for name, test := range map[string]func(*testing.T, *testServer){
		"rooms": listRooms, "events": listEvents, "access": listAccess} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := *s
			of.t = t
			test(t, &of)
		})
	}
}

const hostile = `<img src=x onerror="document.title='taken'">`

// rowsOf is a JavaScript expression for the number of rows in the table of a list.
const rows = `document.querySelectorAll("tbody tr").length`

// Rooms are listed page by page. The console follows what happens, and shows what
// people typed as text. The token is nowhere but in the storage of the tab.
func listRooms(t *testing.T, s *testServer) { //nolint:thelper // a test
	ada := s.open(wide)
	ada.signIn(meettest.Root)
	ada.wait("a page of rooms", rows+" === 25")
	if address := eval[string](ada, "location.href"); strings.Contains(address, "token") {
		t.Errorf("the address is %s, want it without the token", address)
	}
	if kept := eval[string](ada, `JSON.stringify([localStorage.length, document.cookie])`); kept != `[0,""]` {
		t.Errorf("kept outside the tab: %s, want nothing", kept)
	}

	ada.press("Next page")
	ada.see("Page 2")
	ada.wait("the next rooms", rows+` === 25 && document.body.innerText.includes("room-30")`)
	ada.press("Previous page")
	ada.see("room-1\t")
	room, _ := s.room(meet.RoomChange{Name: meettest.Of("brand-new"), Title: meettest.Of(hostile)})
	ada.see("brand-new")
	ada.see(hostile)

	ada.fill("Part of a name", "ROOM-99")
	ada.wait("the rooms with that name", rows+` === 11`)
	ada.fill("Part of a name", "nothing-like-it")
	ada.see("There are no such rooms.")
	ada.fill("Part of a name", "brand")
	ada.wait("the room", rows+` === 1`)
	s.end(room)
	ada.see("There are no such rooms.")

	axe := readAxe(t)
	ada.fill("Part of a name", "")
	ada.wait("a page of rooms", rows+" === 25")
	for name, window := range map[string]size{"wide": wide, "320": {320, 640}} {
		ada.resize(window)
		ada.look("console-rooms-"+name, axe)
	}
	if title := eval[string](ada, "document.title"); title != "Rooms · Roomkey console" {
		t.Errorf("the title is %q: what people typed was run", title)
	}
	ada.quiet()
}

// A token that ends while the console is open is told, and forgotten. The next link
// signs in again in the same tab.
func TestConsoleTokenEnds(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.room(meet.RoomChange{Name: meettest.Of("first")})
	ada := s.open(phone)
	ada.visit("/console")
	ada.see("Sign in")
	ada.see("roomkey console")
	ada.signIn(meettest.Ada)
	ada.see("first")
	s.revoked.Store(true)
	ada.see("Your sign-in has ended")
	if kept := eval[int](ada, "sessionStorage.length"); kept != 0 {
		t.Errorf("the tab keeps %d things, want none", kept)
	}
	s.revoked.Store(false)
	ada.signIn(meettest.Ada)
	ada.see("first")
	ada.reload()
	ada.see("first")
	ada.press("Sign out")
	ada.see("You are signed out")
	ada.reload()
	ada.see("Sign in")
	ada.quiet("401")
}

// An admin moderates from the console: what is done to people inside is done at
// LiveKit, and who waits comes in.
func TestConsoleRoom(t *testing.T) {
	t.Parallel()
	s := setup(t)
	ada := s.open(phone)
	axe := readAxe(t)
	look := func(what string) { t.Helper(); ada.look("console-"+what+"-360", axe) }
	ada.signIn(meettest.Ada)
	ada.press("New room")
	ada.fill("Name", "standup")
	ada.fill("Title", hostile)
	ada.press("A host lets each person in")
	ada.press("Create room")
	ada.wait("a code for each role", rows+" === 3")
	ada.see(hostile)
	room, err := s.Room(t.Context(), meettest.Ada, "standup")
	must(t, err)
	codes := map[string]meet.RoomCode{}
	for _, code := range room.Codes {
		codes[code.Role] = code
	}

	host := s.EnterByCode(t, codes["host"], "Grace "+hostile)
	must(t, s.Reconcile(t.Context()))
	_, err = s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: meettest.Of(codes["guest"].Code), Name: "Eve"})
	must(t, err)
	ada.press("People")
	ada.see("1 person inside")
	ada.see("Waiting to be let in")
	ada.press("Let in Eve")
	ada.readOut("Eve may come in.")
	ada.wait("nobody to wait", `!document.body.innerText.includes("Waiting to be let in")`)

	act := func(label string) {
		t.Helper()
		ada.press("Actions for Grace")
		ada.press(label)
	}
	look("people")
	ada.press("Actions for Grace")
	look("person")
	ada.pressInDialog("Close")
	act("Lock Grace")
	ada.see("Microphone locked, Camera locked")
	host.WaitMayPublish(meet.Microphone, false)
	act("Unlock Grace")
	ada.wait("the lock to be gone", `!document.body.innerText.includes("locked")`)
	act("Take host rights from Grace")
	ada.wait("another role", `document.querySelector("tbody").innerText.includes("guest")`)
	ada.press("Actions for Grace")
	ada.fill("New name", "Rear Admiral")
	ada.press("Rename Grace")
	ada.press("Actions for Rear Admiral")
	ada.press("Block Rear Admiral")
	ada.press("Block Rear Admiral")
	host.WaitDisconnected()
	ada.see("Nobody is inside.")
	ada.press("Lift the block on Rear Admiral")
	ada.wait("no block", `!document.body.innerText.includes("Lift the block")`)

	ada.press("Unlock the room")
	ada.press("Lock the room")
	ada.press("Chat")
	ada.see("Nothing is on record.")
	ada.press("Codes")
	ada.press("New code")
	ada.fill("Label", "press")
	ada.press("Create code")
	ada.wait("one more code", rows+" === 4")
	ada.press("Actions for " + codes["guest"].Code)
	ada.wait("the QR code", `document.querySelector("img.qr")?.naturalWidth > 0`)
	ada.press("Replace it by a new code")
	ada.wait("another code", `!document.querySelector("tbody").innerText.includes(`+quote(codes["guest"].Code)+`)`)
	ada.press("Actions for " + codes["viewer"].Code)
	ada.press("Switch it off")
	ada.see("Switched off")

	ada.press("End for everyone")
	ada.fill("Name of the room", "standup")
	ada.pressInDialog("End for everyone")
	ada.see("Open again")
	ada.quiet()
}

// What has happened is found by filters, page by page, and appears as it happens;
// who was in a session is listed.
func listEvents(t *testing.T, s *testServer) { //nolint:thelper // a test
	room, codes := s.room(meet.RoomChange{Name: meettest.Of("standup")})
	ada := s.open(wide)
	axe := readAxe(t)
	ada.signIn(meettest.Root)
	ada.press("Events")
	ada.wait("a page of events", rows+` === 25 && document.body.innerText.includes("Next page")`)
	ada.look("console-events-wide", axe)
	ada.press("Next page")
	ada.see("Page 2")
	ada.fill("Name of the room", "standup")
	ada.wait("the event of the room", rows+` === 1`)
	must(t, s.Store.AddEvent(t.Context(), &meet.Event{
		At: time.Now(), RoomID: room.ID, RoomName: room.Name, AdminID: room.AdminID, Actor: "eve", Action: meet.Kicked,
		Target: "bob_x", Details: map[string]string{"reason": hostile}, Outcome: meet.OutcomeOK}))
	ada.see("participant.kicked")
	ada.see("reason: " + hostile)
	ada.fill("Name of the room", "no-such-room")
	ada.readOut("Room not found")

	host := s.exchange(codes["host"], "Grace")
	person := livekittest.Join(t, s.URL, host.Token)
	session := func() meet.Session {
		must(t, s.Reconcile(t.Context()))
		sessions, _, err := s.Sessions(t.Context(), meettest.Ada, room.ID, nil, "")
		must(t, err)
		return append(sessions, meet.Session{})[0]
	}
	livekittest.Wait(t, "the session", func() bool { return session().ID != "" })
	ada.visit("/console#/rooms/" + room.ID + "/sessions")
	ada.see("goes on")
	ada.press(eval[string](ada, `document.querySelector("tbody a").innerText`))
	ada.see("is inside")
	ada.see("Grace")
	ada.look("console-session-wide", axe)
	person.Leave()
	livekittest.Wait(t, "the end of the session", func() bool { return !session().EndedAt.IsZero() })
	ada.wait("Grace to have left", `!document.body.innerText.includes("is inside")`)
	ada.press("Events")
	ada.see("participant.left")
	ada.press("Health")
	ada.see("ready")
	ada.see("the newest thousand events")
	ada.see("Since the server started")
	ada.look("console-health-wide", axe)
	ada.quiet()
}

// The link of roomkey console, in Firefox.
func TestConsoleInFirefox(t *testing.T) {
	t.Parallel()
	needsFirefox(t)
	s := serve(t)
	room, codes := s.makeRoom(`{}`)
	cmd := exec.CommandContext(t.Context(), s.path, "console")
	cmd.Dir, cmd.Env = s.dir, s.env
	link, err := cmd.Output()
	must(t, err)
	ada := s.openFirefox(wide)
	ada.visit(strings.TrimPrefix(strings.TrimSpace(string(link)), s.url))
	ada.see("Owner (superadmin)")
	ada.press(room)
	ada.press("Codes")
	ada.press("Actions for " + codes["guest"])
	ada.wait("the QR code", `document.querySelector("img.qr")?.naturalWidth > 0`)
	ada.press("Close")
	ada.press("Health")
	ada.see("LiveKit")
	ada.see("Database")
	ada.see("are free on the disk of")
	ada.quiet()
}
