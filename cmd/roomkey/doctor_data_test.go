package main

import (
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pressly/goose/v3"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/livekit/livekittest"
)

// migrationsFolder is where the store has its migrations.
const migrationsFolder = "../../store/migrations/sqlite"

// knownSchema is the version of the store's newest migration. It is looked for
// when it is asked for: this binary is also started as the program, elsewhere.
var knownSchema = sync.OnceValue(func() int64 {
	files, err := filepath.Glob(migrationsFolder + "/*.sql")
	if err != nil || len(files) == 0 {
		panic("no migrations")
	}
	version, err := goose.NumericComponent(files[len(files)-1]) // Glob sorts
	if err != nil {
		panic(err)
	}
	return version
})

// makeData makes a data folder whose database has the schema of an earlier
// version and what the statements put in.
func makeData(t *testing.T, schema int64, statements ...string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	changeDatabase(t, folder, func(db *sql.DB) error {
		provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS(migrationsFolder))
		if err == nil {
			_, err = provider.UpTo(t.Context(), schema)
		}
		return err
	})
	for _, statement := range statements {
		changeDatabase(t, folder, func(db *sql.DB) error {
			_, err := db.ExecContext(t.Context(), statement)
			return err
		})
	}
	if err := os.WriteFile(filepath.Join(folder, "secret"), []byte(testSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// changeDatabase does something to the database of a folder that no roomkey has.
func changeDatabase(t *testing.T, folder string, change func(*sql.DB) error) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "roomkey.db")+"?_journal_mode=WAL")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := change(db); err != nil {
		t.Fatal(err)
	}
}

// files are the names, modes and contents of what is in a folder.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Name()] = fmt.Sprintln(info.Mode(), string(content))
	}
	return all
}

// holdExamined runs the doctor on a data folder, which must stay as it is.
func holdExamined(t *testing.T, folder string, wantCode int, want ...string) {
	t.Helper()
	before := files(t, folder)
	said, code := runDoctor(t, "ROOMKEY_DATA="+folder)
	if code != wantCode {
		t.Errorf("exit code: got %d, want %d", code, wantCode)
	}
	holdSaid(t, said, want...)
	holdFiles(t, folder, before)
}

func holdFiles(t *testing.T, folder string, want map[string]string) {
	t.Helper()
	got := files(t, folder)
	for name := range maps.Keys(got) {
		if _, ok := want[name]; !ok {
			t.Errorf("data folder: got the new file %s, want it as it was", name)
		}
	}
	for name, content := range want {
		if got[name] != content {
			t.Errorf("data folder: got another %s, want it as it was", name)
		}
	}
}

// A room that has expired long ago, and nobody has noticed; an event that
// is too old to keep.
const (
	expiredRoom = `INSERT INTO rooms (id, name, created_by, admin_id, state, ended_by, is_public, mode, max_participants,
		expires_at, created_at, updated_at) VALUES ('r', 'room', 'ann', 'ann', 'active', '', 0, 'standard', 3, 3000, 1000, 2000)`
	expiredRoomOfSchema2 = `INSERT INTO rooms (id, name, created_by, admin_id, state, ended_by, is_public, mode, max_participants,
		allow_chat, allow_video, allow_audio, e2ee, expires_at, created_at, updated_at)
		VALUES ('r', 'room', 'ann', 'ann', 'active', '', 0, 'standard', 3, 1, 1, 1, 0, 3000, 1000, 2000)`
	oldEvent = `INSERT INTO events (at, room_id, room_name, admin_id, actor, via, client, kind, action, target, outcome, details, request_id)
		VALUES (1000, 'r', 'room', 'ann', 'ann', 'mcp', '', 'room', 'room.created', '', 'ok', '{}', '')`
	newerSchema = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`
)

// The doctor leaves a data folder as it was, whatever is in it.
func TestDoctorChangesNothing(t *testing.T) {
	t.Parallel()
	t.Run("an earlier schema", func(t *testing.T) {
		t.Parallel()
		folder := makeData(t, 2, expiredRoomOfSchema2)
		holdExamined(t, folder, 0, "ok   data: "+folder+" is used by no other roomkey\n",
			fmt.Sprintf("warn database: schema 2; serve brings it to %d, and the older program cannot open it any more\n       Before that: roomkey backup FILE --data %s\n", knownSchema(), folder),
			"ok   signalling: ")
	})
	t.Run("old events and an expired room", func(t *testing.T) {
		t.Parallel()
		holdExamined(t, makeData(t, knownSchema(), expiredRoom, oldEvent), 0, fmt.Sprintf("ok   database: schema %d, undamaged, and can be written to\n", knownSchema()))
	})
	t.Run("a newer schema", func(t *testing.T) {
		t.Parallel()
		folder := makeData(t, knownSchema(), newerSchema)
		holdExamined(t, folder, 1, "FAIL database: "+config.Config{Data: folder}.DatabaseFile()+" has schema 99999, made by a newer roomkey; this one knows "+strconv.FormatInt(knownSchema(), 10)+": ", "ok   signalling: ")
	})
	t.Run("a damaged file", func(t *testing.T) {
		t.Parallel()
		folder := makeData(t, knownSchema())
		database := config.Config{Data: folder}.DatabaseFile()
		info, err := os.Stat(database)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(database, info.Size()/2); err != nil {
			t.Fatal(err)
		}
		holdExamined(t, folder, 1, "FAIL database: ", "ok   signalling: ")
	})
	t.Run("what a crash left", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		p := startServer(t, dir, withSecret)
		if _, err := callAt(t.Context(), p.url, ownerToken(t), "create_room", map[string]any{"name": "alpha"}); err != nil {
			t.Fatal(err)
		}
		p.kill()
		folder := filepath.Join(dir, "data")
		if info, err := os.Stat(config.Config{Data: folder}.DatabaseFile() + "-wal"); err != nil || info.Size() == 0 {
			t.Fatalf("write-ahead log: got %v, %v, want one that is not empty", info, err)
		}
		holdExamined(t, folder, 0, fmt.Sprintf("ok   database: schema %d, undamaged, and can be written to\n", knownSchema()))
	})
}

// The doctor takes no part in the rooms at a LiveKit that it shares with the
// roomkey it examines, and nobody takes it for that roomkey.
func TestDoctorKeepsToItself(t *testing.T) {
	t.Parallel()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	owner, asked := ownerToken(t), make(chan string, 1)
	var once sync.Once
	lk, proxy := lameLiveKit(t, "http://"+address+webhookPath, func(r *http.Request) bool {
		if path.Base(r.URL.Path) == "CreateRoom" {
			once.Do(func() {
				body, header := eras[1].message(1, "tools/call", map[string]any{"name": "list_rooms"})
				got, err := send(r.Context(), owner, http.MethodPost, "http://"+address+"/mcp", body, header...)
				asked <- fmt.Sprintln(got.status, string(got.body), err)
			})
		}
		return true
	})
	folder := t.TempDir()
	made := startApp(t, func(c *config.Config) {
		c.Data, c.Auth.Secret = folder, testSecret
		c.LiveKit.URL, c.LiveKit.APIKey, c.LiveKit.APISecret = lk.URL(), livekittest.APIKey, livekittest.APISecret
		c.Rooms.CreateMedia = config.MediaAtCreate
	})
	room := must[struct{ Room struct{ ID string } }](t, made, "create_room", map[string]any{"name": "alpha"}).Room.ID
	if err := made.stop(); err != nil {
		t.Fatal(err)
	}
	changeDatabase(t, folder, func(db *sql.DB) error {
		_, err := db.ExecContext(t.Context(), `UPDATE rooms SET expires_at = 1000`)
		return err
	})
	before := files(t, folder)

	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	said, code := runDoctor(t, append(livekitEnv(server.URL), "ROOMKEY_LISTEN="+address, "ROOMKEY_DATA="+folder, withSecret)...)
	if code != 0 {
		t.Errorf("exit code: got %d, want 0\n%s", code, said)
	}
	holdFiles(t, folder, before)
	select {
	case got := <-asked:
		if !strings.HasPrefix(got, "503 ") || !strings.Contains(got, `"message":"Roomkey is being examined"`) {
			t.Errorf("list_rooms during the examination: got %s, want 503, because Roomkey is being examined", got)
		}
	default:
		t.Error("the doctor made no media room")
	}
	living, err := lksdk.NewRoomServiceClient(lk.URL(), livekittest.APIKey, livekittest.APISecret).ListRooms(t.Context(), &livekit.ListRoomsRequest{})
	if err != nil || len(living.GetRooms()) != 1 || living.GetRooms()[0].GetName() != room {
		t.Errorf("media rooms: got %v, %v, want %s alone", living.GetRooms(), err, room)
	}
}
