package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/meet"
)

// reportPath is where a roomkey tells its doctor what it has noticed. Only the
// owner is told.
const reportPath = "/roomkey/report"

// observations are what a roomkey has noticed.
type observations struct {
	Forwarders []string `json:"forwarders"` // see web.Server.Forwarders
}

func (a *app) observed() observations { return observations{Forwarders: a.web.Forwarders()} }

// reporting lets a server report to its owner.
func (a *app) reporting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if r.URL.Path != reportPath || r.Method != http.MethodGet || !ok {
			next.ServeHTTP(w, r)
			return
		}
		if p, err := a.auth.Verify(token); err != nil || p.ID != tokens.Owner.ID || p.Role != meet.Superadmin {
			next.ServeHTTP(w, r) // which knows no such path
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(a.observed()) // who has gone needs no answer
	})
}

// observations asks the roomkey that is examined.
func (p *patient) observations(ctx context.Context) (observations, error) {
	var r observations
	if p.app != nil {
		return p.app.observed(), nil
	}
	token, err := p.owner.Token()
	if err != nil {
		return r, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+reportPath, nil)
	if err != nil {
		return r, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := p.owner.HTTP.Do(req)
	if err != nil {
		return r, err
	}
	defer func() { _ = resp.Body.Close() }()
	return r, json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&r)
}
