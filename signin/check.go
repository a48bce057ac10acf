package signin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"code.dny.dev/ssrf"
	"github.com/MicahParks/jwkset"

	"roomkey/meet"
)

// CheckProvider asks an identity provider once what it says of itself, and for its keys.
// It says in words why people cannot sign in there.
func CheckProvider(ctx context.Context, issuer string) error {
	ctx, cancel := context.WithTimeout(ctx, providerWithin)
	defer cancel()
	p := newProvider(Provider{Issuer: issuer}, time.Now)
	defer p.http.CloseIdleConnections()
	found, err := p.fetch(ctx)
	if err != nil {
		return providerProblem(err)
	}
	var more struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := found.Claims(&more); err != nil {
		return providerProblem(err)
	}
	keys, err := jwkset.NewStorageFromHTTP(more.JWKS, jwkset.HTTPClientStorageOptions{
		Client: p.http, Ctx: ctx, HTTPTimeout: providerWithin})
	if err != nil {
		return fmt.Errorf("its keys: %w", providerProblem(err))
	}
	if all, err := keys.KeyReadAll(ctx); err != nil || len(all) == 0 {
		return errors.New("it has no keys")
	}
	return nil
}

// providerProblem shortens the usual errors to what an operator can use.
func providerProblem(err error) error {
	var late net.Error
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return errors.New("it names an address that is not public, and is not there itself")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return errors.New("it does not answer in time")
	}
	return errors.New(meet.CleanText(err.Error(), 300))
}
