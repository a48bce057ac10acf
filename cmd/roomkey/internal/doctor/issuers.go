package doctor

import (
	"context"
	"strings"
	"sync"

	"roomkey/auth/issuers"
)

// checkIssuers fetches the keys of the other authorization servers. It says nothing where
// there are none.
func (d *Doctor) checkIssuers(ctx context.Context) {
	all := d.Config.Auth.ForeignIssuers("")
	if len(all) == 0 {
		return
	}
	found := make([]error, len(all))
	var tries sync.WaitGroup
	for i, issuer := range all {
		tries.Go(func() { found[i] = issuers.Check(ctx, issuer, "") })
	}
	tries.Wait()
	var problems []string
	for i, err := range found {
		if err != nil {
			problems = append(problems, all[i].URL+": "+strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	if len(problems) > 0 {
		d.warn(checkForeign, "tokens are refused because there are no keys for them: "+strings.Join(problems, "; "),
			"Compare auth.issuers with what the issuer publishes. An issuer inside your network needs allow_private: true.")
		return
	}
	d.ok(checkForeign, "the keys of all issuers can be fetched")
}
