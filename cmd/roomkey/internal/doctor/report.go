package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"roomkey/auth"
	"roomkey/meet"
)

// reportPath is where a server tells its doctor what it has noticed.
const reportPath = "/roomkey/report"

// Report is what a server has noticed.
type Report struct {
	Forwarders []string `json:"forwarders"` // see web.Server.Forwarders
}

// Verify tells whose access token it is given.
type Verify func(token string) (meet.Principal, error)

// Reporting gives the owner a report, and passes all other requests on to next.
func Reporting(report func() Report, verify Verify, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if r.URL.Path != reportPath || r.Method != http.MethodGet || !ok {
			next.ServeHTTP(w, r)
			return
		}
		if p, err := verify(token); err != nil || p.ID != auth.OwnerID || p.Role != meet.Superadmin {
			next.ServeHTTP(w, r) // where there is no such path
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(report()) // a client that has gone needs no answer
	})
}

// askReport asks the server for its report.
func (s *server) askReport(ctx context.Context) (report Report, err error) {
	token, err := s.owner.Token()
	if err != nil {
		return report, err
	}
	status, err := getJSON(ctx, s.owner.HTTP, s.url+reportPath, token, &report)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the report is answered with %d", status)
	}
	return report, err
}
