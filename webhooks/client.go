package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"roomkey/meet"
)

// Bounds on what an endpoint may cost.
const (
	answerWithin   = 20 * time.Second
	connectWithin  = 10 * time.Second
	maxHeaderBytes = 16 << 10

	// What is read of an answer's body, and for how long, so that the connection can be
	// used again.
	maxBodyBytes = 4 << 10
	bodyWithin   = time.Second
)

// Client sends messages to endpoints. Redirections are not followed, and no proxy is
// used. Unless it may, it connects to no address that is not public: what a name leads
// to is looked at when the connection is made, so it does not help to change it.
type Client struct {
	http      *http.Client
	dialer    *net.Dialer
	transport *http.Transport
	version   string
	within    time.Duration // how long an answer may take
}

// NewClient makes a client that may connect to private addresses or not.
func NewClient(allowPrivate bool, version string) *Client {
	dialer := &net.Dialer{Timeout: connectWithin}
	if !allowPrivate {
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe
	}
	transport := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    connectWithin,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    2,
		MaxIdleConns:           MaxEndpoints,
		IdleConnTimeout:        30 * time.Second,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
	}
	return &Client{
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		dialer: dialer, transport: transport, version: version, within: answerWithin,
	}
}

// Result is how sending a message went.
type Result struct {
	Status     int           // 0 without an answer
	Problem    string        // in words, without the URL; empty if the message was taken
	RetryAfter time.Duration // what the endpoint asks for
}

// OK says whether the message was taken.
func (r Result) OK() bool { return r.Problem == "" }

// Send sends a message once. It ends within seconds, whatever the endpoint does.
func (c *Client) Send(ctx context.Context, e meet.WebhookEndpoint, m Message, now time.Time) Result {
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	req, err := c.request(ctx, e, m, now)
	if err != nil {
		return Result{Problem: err.Error()}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Result{Problem: c.problemOf(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	stop := time.AfterFunc(bodyWithin, cancel)
	_, _ = io.CopyN(io.Discard, resp.Body, maxBodyBytes)
	stop.Stop()
	r := Result{Status: resp.StatusCode}
	if resp.StatusCode/100 != 2 {
		r.Problem = "it answered with " + strconv.Itoa(resp.StatusCode) + " " + http.StatusText(resp.StatusCode)
		r.RetryAfter = retryAfter(resp, now)
	}
	if resp.StatusCode/100 == 3 {
		r.Problem += "; redirections are not followed, so its URL has to be changed"
	}
	return r
}

func (c *Client) request(ctx context.Context, e meet.WebhookEndpoint, m Message, now time.Time) (*http.Request, error) {
	signer, err := standardwebhooks.NewWebhook(e.Secret)
	if err != nil {
		return nil, errors.New("its secret cannot be read")
	}
	signature, err := signer.Sign(m.ID, now, m.Body)
	if err != nil {
		return nil, errors.New("the message cannot be signed")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(m.Body))
	if err != nil {
		return nil, errors.New("its URL cannot be read")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Roomkey/"+c.version)
	req.Header.Set(standardwebhooks.HeaderWebhookID, m.ID)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return req, nil
}

// retryAfter reads the header of that name. An endpoint that is gone for good is asked
// seldom from the first time on.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if resp.StatusCode == http.StatusGone {
		return RetryFor
	}
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 && seconds < int(RetryFor/time.Second) {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// problemOf says in words why there was no answer. The URL is not in it.
func (c *Client) problemOf(err error) string {
	var notFound *net.DNSError
	var certificate *tls.CertificateVerificationError
	var wrapped *url.Error
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return "it leads to an address that is not public (webhooks.allow_private)"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer within " + c.within.String()
	case errors.As(err, &notFound):
		return "its host name leads nowhere"
	case errors.As(err, &certificate):
		return "its certificate is not valid: " + oneLine(certificate.Err.Error())
	case errors.As(err, &wrapped):
		err = wrapped.Err
	}
	return oneLine(err.Error())
}

// oneLine shortens what others may have worded.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return meet.CleanText(text, 200)
}

// Try connects to an endpoint as for a message, and sends nothing.
func (c *Client) Try(ctx context.Context, endpointURL string) (problem string) {
	u, err := url.Parse(endpointURL)
	if err != nil {
		return "its URL cannot be read"
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	conn, err := c.dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return c.problemOf(err)
	}
	defer func() { _ = conn.Close() }()
	if u.Scheme != "https" {
		return ""
	}
	config := c.transport.TLSClientConfig.Clone()
	config.ServerName = u.Hostname()
	if err := tls.Client(conn, config).HandshakeContext(ctx); err != nil {
		return c.problemOf(err)
	}
	return ""
}
