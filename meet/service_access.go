package meet

import (
	"context"
	"strconv"
)

// accessPage is how many rows a page of access tokens, users or deliveries has.
const accessPage = 25

// AccessTokens lists the access tokens on record that have not expired, those first that
// expire last, and gives the cursor of the next page, empty after the last.
func (s *Service) AccessTokens(ctx context.Context, p Principal, cursor string) ([]TokenRecord, string, error) {
	if err := authorize(p, ActListAccess, nil); err != nil {
		return nil, "", err
	}
	after, err := parsePositionCursor(listOfTokens, cursor)
	if err != nil {
		return nil, "", err
	}
	records, err := s.store.TokenRecords(ctx, s.now(), after, accessPage+1)
	records, next := onePage(records, func(t TokenRecord) string {
		return positionCursor(listOfTokens, Position{t.ExpiresAt, t.ID})
	})
	return records, next, s.storeError(err, "")
}

// Users lists the users on record by their subjects, without the hashes of their
// passcodes, and gives the cursor of the next page, empty after the last.
func (s *Service) Users(ctx context.Context, p Principal, after string) ([]Account, string, error) {
	if err := authorize(p, ActListAccess, nil); err != nil {
		return nil, "", err
	}
	subject, err := parseCursor(listOfUsers, after)
	if err != nil {
		return nil, "", err
	}
	users, err := s.store.Users(ctx, subject, accessPage+1)
	users, next := onePage(users, func(a Account) string { return cursor(listOfUsers, a.Subject) })
	for i := range users {
		users[i].PasscodeHash = ""
	}
	return users, next, s.storeError(err, "")
}

// Webhooks lists the endpoints of webhooks, oldest first, without their secrets.
func (s *Service) Webhooks(ctx context.Context, p Principal) ([]WebhookEndpoint, error) {
	if err := authorize(p, ActListAccess, nil); err != nil {
		return nil, err
	}
	endpoints, err := s.store.WebhookEndpoints(ctx)
	for i := range endpoints {
		endpoints[i].Secret = ""
	}
	return endpoints, s.storeError(err, "")
}

// WebhookDeliveries lists what an endpoint of webhooks was told and what waits for it,
// newest events first, and gives the cursor of the next page, empty after the last.
func (s *Service) WebhookDeliveries(ctx context.Context, p Principal, endpoint, after string) (
	[]DeliveryRecord, string, error,
) {
	endpoints, err := s.Webhooks(ctx, p)
	if err != nil {
		return nil, "", err
	}
	known := false
	for _, e := range endpoints {
		known = known || e.ID == endpoint
	}
	if !known {
		return nil, "", &Error{Code: CodeNotFound, Message: "There is no webhook endpoint with this id",
			Hint: "roomkey://webhooks lists them."}
	}
	place, err := parseCursor(listOfDeliveries(endpoint), after)
	if err != nil {
		return nil, "", err
	}
	q := DeliveryQuery{EndpointID: endpoint, Limit: accessPage + 1}
	if place != "" {
		if q.Before, err = strconv.ParseInt(place, 36, 64); err != nil || q.Before <= 0 { // the checksum is no secret
			return nil, "", errBadCursor()
		}
	}
	deliveries, err := s.store.WebhookDeliveries(ctx, q)
	deliveries, next := onePage(deliveries, func(d DeliveryRecord) string {
		return cursor(listOfDeliveries(endpoint), strconv.FormatInt(d.EventID, 36))
	})
	return deliveries, next, s.storeError(err, "")
}

// onePage takes the row off that says that there are more. next is the cursor behind
// the last row that is left, empty where there are no more.
func onePage[T any](rows []T, cursorOf func(T) string) (page []T, next string) {
	if len(rows) <= accessPage {
		return rows, ""
	}
	return rows[:accessPage], cursorOf(rows[accessPage-1])
}
