package doctor

import (
	"context"
	"slices"
	"strings"
	"sync"

	"roomkey/auth/issuers"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/signin"
)

// checkIssuers fetches the keys of the other authorization servers. It says nothing where
// there are none.
func (d *Doctor) checkIssuers(ctx context.Context) {
	all := d.Config.Auth.ForeignIssuers("")
	if len(all) == 0 {
		return
	}
	problems := problemsOf(all, func(i issuers.Issuer) (string, error) { return i.URL, issuers.Check(ctx, i, "") })
	if len(problems) > 0 {
		d.warn(checkForeign, "tokens are refused because there are no keys for them: "+strings.Join(problems, "; "),
			"Compare auth.issuers with what the issuer publishes. An issuer inside your network needs allow_private: true.")
		return
	}
	d.ok(checkForeign, "the keys of all issuers can be fetched")
}

// checkProviders asks the identity providers by which people may sign in. It says nothing
// where there are none.
func (d *Doctor) checkProviders(ctx context.Context) {
	all := d.Config.Auth.OIDC
	if len(all) == 0 {
		return
	}
	problems := problemsOf(all, func(o config.OIDC) (string, error) {
		return o.Issuer, signin.CheckProvider(ctx, o.Issuer)
	})
	if len(problems) > 0 {
		d.warn(checkOIDC, "people cannot sign in by these identity providers: "+strings.Join(problems, "; "),
			"Compare the issuer in auth.oidc with that in its /.well-known/openid-configuration, to the letter, and see "+
				"that this machine reaches it.")
		return
	}
	d.ok(checkOIDC, "all identity providers answer; whether they take client_id, client_secret and redirect address "+
		"shows when somebody signs in")
}

// problemsOf checks all issuers at once, and gives what is wrong with which.
func problemsOf[T any](all []T, check func(T) (url string, err error)) []string {
	found := make([]string, len(all))
	var checks sync.WaitGroup
	for i, one := range all {
		checks.Go(func() {
			if url, err := check(one); err != nil {
				found[i] = url + ": " + oneLine(err)
			}
		})
	}
	checks.Wait()
	return slices.DeleteFunc(found, func(problem string) bool { return problem == "" })
}
