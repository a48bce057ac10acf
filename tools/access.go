package tools

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
)

// accessResource is a resource for operators: the server's health, or a list of access
// tokens, users or webhooks. There is no secret in any of them.
type accessResource struct {
	uri, name, title, description string
	template                      bool // of the pages; else the URI is that of the first one
	read                          func(context.Context, *meet.Service, meet.Principal, accessPage) (any, error)
}

// accessPage says which page of which list is wanted.
type accessPage struct{ endpoint, after string }

const moreIsAfter = " has_more says that there are more; next_cursor is then the after of the next page."

var accessResources = []accessResource{
	{
		uri: "roomkey://tokens", name: "tokens", title: "Access tokens", read: readTokens,
		description: "The access tokens that were made here and have not expired, those first that expire last. " +
			"roomkey token revoke ID takes one back." + moreIsAfter,
	},
	{
		uri: "roomkey://tokens{?after}", name: "tokens_page", title: "A page of access tokens", read: readTokens,
		description: "Access tokens from a cursor on.", template: true,
	},
	{
		uri: "roomkey://users", name: "users", title: "Users", read: readUsers,
		description: "The users on record. roomkey user role and disable change one." + moreIsAfter,
	},
	{
		uri: "roomkey://users{?after}", name: "users_page", title: "A page of users", read: readUsers,
		description: "Users from a cursor on.", template: true,
	},
	{
		uri: "roomkey://webhooks", name: "webhooks", title: "Webhook endpoints", read: readWebhooks,
		description: "The programs elsewhere that are told events, and since when events wait for them.",
	},
	{
		uri: "roomkey://health", name: "health", title: "Health", read: readHealth,
		description: "What the server finds when it examines itself, as roomkey doctor says it: database, disk, addresses, " +
			"LiveKit, webhooks. It does so at most every half minute.",
	},
	{
		uri: "roomkey://webhooks/{endpoint}{?after}", name: "webhook_deliveries", title: "Deliveries to a webhook endpoint",
		read: readDeliveries, template: true,
		description: "What an endpoint was told and what waits for it, the newest events first." + moreIsAfter,
	},
}

func (s *Server) addAccessResources() {
	for _, r := range accessResources {
		handler := s.resourceHandler(r.uri, s.readAccess(r))
		if r.template {
			s.mcp.AddResourceTemplate(mcp.NewResourceTemplate(r.uri, r.name, mcp.WithTemplateTitle(r.title),
				mcp.WithTemplateDescription(r.description), mcp.WithTemplateMIMEType(mimeJSON)), handler)
			continue
		}
		s.mcp.AddResource(mcp.NewResource(r.uri, r.name, mcp.WithResourceTitle(r.title),
			mcp.WithResourceDescription(r.description), mcp.WithMIMEType(mimeJSON)), handler)
	}
}

func (s *Server) readAccess(r accessResource) readResource {
	return func(ctx context.Context, p meet.Principal, req mcp.ReadResourceRequest) (any, error) {
		out, err := r.read(ctx, s.service, p, pageOf(req))
		if err != nil {
			return nil, renameArgument(err, "cursor", "after")
		}
		return out, nil
	}
}

// pageOf reads a URI that is one of those resources or matches a template of theirs.
func pageOf(req mcp.ReadResourceRequest) accessPage {
	argument := func(name string) string {
		values, _ := req.Params.Arguments[name].([]string)
		return strings.Join(values, ",") // which parts values that no id or cursor has
	}
	return accessPage{argument("endpoint"), argument("after")}
}

// isAccessURI says whether a URI, or that of a template, is of a list for operators.
func isAccessURI(uri string) bool {
	for _, r := range accessResources {
		if r.uri == uri {
			return true
		}
	}
	return false
}

type tokensOutput struct {
	Tokens     []tokenView `json:"tokens"`
	HasMore    bool        `json:"has_more"`
	NextCursor string      `json:"next_cursor,omitempty"`
}

// tokenView is an access token on record. Without scope or rooms it is for all of them.
type tokenView struct {
	ID        string             `json:"id"`
	Subject   string             `json:"subject,omitempty"`
	Name      string             `json:"name,omitempty"`
	Role      meet.PrincipalRole `json:"role,omitempty"`
	Scope     string             `json:"scope,omitempty"`
	RoomIDs   []string           `json:"room_ids,omitempty"`
	Client    string             `json:"client,omitempty"` // for which sign-in made it
	IssuedAt  time.Time          `json:"issued_at,omitzero"`
	ExpiresAt time.Time          `json:"expires_at,omitzero"`
	RevokedAt time.Time          `json:"revoked_at,omitzero"`
	LastUsed  time.Time          `json:"last_used_at,omitzero"` // to about a minute
}

func readTokens(ctx context.Context, s *meet.Service, p meet.Principal, page accessPage) (any, error) {
	records, next, err := s.AccessTokens(ctx, p, page.after)
	return tokensOutput{viewAll(records, func(t meet.TokenRecord) tokenView {
		return tokenView{ID: t.ID, Subject: t.Subject, Name: t.Name, Role: t.Role, Scope: t.Scope, RoomIDs: t.Rooms.List(),
			Client: t.Client, IssuedAt: t.IssuedAt, ExpiresAt: t.ExpiresAt, RevokedAt: t.RevokedAt,
			LastUsed: t.LastUsed}
	}), next != "", next}, err
}

type healthOutput struct {
	ExaminedAt time.Time      `json:"examined_at,omitzero"`
	Findings   []meet.Finding `json:"findings"`
}

func readHealth(ctx context.Context, s *meet.Service, p meet.Principal, _ accessPage) (any, error) {
	health, err := s.Health(ctx, p)
	return healthOutput{health.At, append([]meet.Finding{}, health.Findings...)}, err // [] and never null
}

type usersOutput struct {
	Users      []UserView `json:"users"`
	HasMore    bool       `json:"has_more"`
	NextCursor string     `json:"next_cursor,omitempty"`
}

// UserView is a user as the resource and the command line show them.
type UserView struct {
	User       string             `json:"user"`
	Name       string             `json:"name"`
	Role       meet.PrincipalRole `json:"role"`
	Source     string             `json:"source"`
	CreatedAt  time.Time          `json:"created_at"`
	LastSeenAt time.Time          `json:"last_seen_at,omitzero"`
	DisabledAt time.Time          `json:"disabled_at,omitzero"`
}

func readUsers(ctx context.Context, s *meet.Service, p meet.Principal, page accessPage) (any, error) {
	users, next, err := s.Users(ctx, p, page.after)
	return usersOutput{ViewUsers(users), next != "", next}, err
}

// ViewUsers gives users as they are shown.
func ViewUsers(users []meet.Account) []UserView {
	return viewAll(users, func(a meet.Account) UserView {
		return UserView{User: a.Subject, Name: a.Name, Role: a.Role, Source: a.Source, CreatedAt: a.CreatedAt,
			LastSeenAt: a.LastSeenAt, DisabledAt: a.DisabledAt}
	})
}

type webhooksOutput struct {
	Webhooks []webhookView `json:"webhooks"`
}

// webhookView is an endpoint. Of its URL only scheme and host are shown: the rest of it
// may be a secret.
type webhookView struct {
	ID            string           `json:"id"`
	URL           string           `json:"url"`
	Kinds         []meet.EventKind `json:"kinds,omitempty"` // every kind where it is missing
	Configured    bool             `json:"configured"`
	CreatedAt     time.Time        `json:"created_at"`
	PendingRooms  int              `json:"pending_rooms"`
	PendingSince  time.Time        `json:"pending_since,omitzero"`
	NextAttemptAt time.Time        `json:"next_attempt_at,omitzero"`
}

func readWebhooks(ctx context.Context, s *meet.Service, p meet.Principal, _ accessPage) (any, error) {
	endpoints, err := s.Webhooks(ctx, p)
	return webhooksOutput{viewAll(endpoints, func(e meet.WebhookEndpoint) webhookView {
		return webhookView{ID: e.ID, URL: withoutPath(e.URL), Kinds: e.Kinds, Configured: e.Configured,
			CreatedAt: e.CreatedAt, PendingRooms: e.Rooms, PendingSince: e.Since, NextAttemptAt: e.NextAt}
	})}, err
}

func withoutPath(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/…"
}

type deliveriesOutput struct {
	Deliveries []deliveryView `json:"deliveries"`
	HasMore    bool           `json:"has_more"`
	NextCursor string         `json:"next_cursor,omitempty"`
}

// deliveryView is one event for one endpoint, as roomkey webhook deliveries shows it.
type deliveryView struct {
	EventID  string            `json:"event_id"`
	Type     meet.EventAction  `json:"type,omitempty"` // missing if the event was deleted
	RoomID   string            `json:"room_id,omitempty"`
	RoomName string            `json:"room_name,omitempty"`
	State    meet.WebhookState `json:"state"`
	Attempts int               `json:"attempts"`
	Status   int               `json:"status,omitempty"`
	Problem  string            `json:"problem,omitempty"`
	TakenAt  time.Time         `json:"taken_at"`
	DoneAt   time.Time         `json:"done_at,omitzero"`
	NextAt   time.Time         `json:"next_at,omitzero"`
}

func readDeliveries(ctx context.Context, s *meet.Service, p meet.Principal, page accessPage) (any, error) {
	deliveries, next, err := s.WebhookDeliveries(ctx, p, page.endpoint, page.after)
	return deliveriesOutput{viewAll(deliveries, func(d meet.DeliveryRecord) deliveryView {
		return deliveryView{EventID: strconv.FormatInt(d.EventID, 10), Type: d.Event.Action, RoomID: d.RoomID,
			RoomName: d.Event.RoomName, State: d.State, Attempts: d.Attempts, Status: d.Status, Problem: d.Problem,
			TakenAt: d.TakenAt, DoneAt: d.DoneAt, NextAt: d.NextAt}
	}), next != "", next}, err
}
