// Command nethttp is the least that a server of the Rooms API can do in Go
// without a framework: its join decodes a request into a struct and encodes the
// answer out of another, always the same one. There is no token to check, no
// room to look for, nothing to sign and nothing to keep, so what a join of
// roomkey costs on top of it is what a join is.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	var joined joinAnswer
	if err := json.Unmarshal([]byte(os.Args[1]), &joined); err != nil { // what a real join was answered
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr()) // the one line that the caller reads
	log.Fatal(http.Serve(listener, handler(joined)))
}

func handler(joined joinAnswer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/room/join", func(w http.ResponseWriter, r *http.Request) {
		var call joinCall
		if err := json.NewDecoder(r.Body).Decode(&call); err != nil || call.RoomName == "" {
			http.Error(w, `{"error":"Invalid request body"}`, http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(joined)
	})
	return mux
}

type joinCall struct {
	RoomName string `json:"roomName"`
	RoomID   string `json:"roomId"`
	Code     string `json:"code"`
	Name     string `json:"name"`
	UserID   string `json:"userId"`
}

type joinAnswer struct {
	ID              string    `json:"id"`
	Name            string    `json:"name"`
	CreatedBy       string    `json:"createdBy"`
	IsActive        bool      `json:"isActive"`
	IsPublic        bool      `json:"isPublic"`
	MaxParticipants int       `json:"maxParticipants"`
	ExpiresAt       time.Time `json:"expiresAt,omitzero"`
	Settings        struct {
		AllowChat        bool `json:"allowChat"`
		AllowVideo       bool `json:"allowVideo"`
		AllowAudio       bool `json:"allowAudio"`
		AllowScreenShare bool `json:"allowScreenShare"`
		E2EE             bool `json:"e2ee"`
		RequireApproval  bool `json:"requireApproval"`
		RequireCode      bool `json:"requireCode"`
		RequireSignIn    bool `json:"requireSignIn"`
		KeepChat         bool `json:"keepChat"`
	} `json:"settings"`
	LiveKitHost string `json:"livekitHost"`
	Mode        string `json:"mode"`
	AdminID     string `json:"adminId"`
	Token       string `json:"token"`
}
