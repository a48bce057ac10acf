package tokens

import (
	"strings"
	"testing"
	"time"

	"roomkey/auth"
	"roomkey/meet"
	"roomkey/store"
	"roomkey/store/postgrestest"
)

// Instances with different secrets would refuse each other's tokens, so one of them
// does not start. While a secret is replaced, both are known to all.
func TestInstancesAgreeOnASecret(t *testing.T) {
	t.Parallel()
	db, err := store.OpenURL(t.Context(), postgrestest.URL(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	old, young := strings.Repeat("old-", 8), strings.Repeat("new-", 8)
	tomorrow, yesterday := time.Now().Add(24*time.Hour), time.Now().Add(-24*time.Hour)
	for i, c := range []struct {
		secret, previous string
		until            time.Time
		refused          bool
	}{
		{old, "", tomorrow, false}, // the first one ever
		{old, "", tomorrow, false},
		{young, "", tomorrow, true},
		{old, "", tomorrow, false}, // who was refused has changed nothing
		{old, young, tomorrow, false},
		{young, old, tomorrow, false}, // from now on the new one signs
		{old, "", tomorrow, true},
		{old, young, tomorrow, false},
		{young, old, yesterday, false}, // nobody counts on the old one any more
		{young, "", tomorrow, false},
		{old, "", tomorrow, true},
	} {
		var previous []auth.PreviousSecret
		if c.previous != "" {
			previous = append(previous, auth.PreviousSecret{Secret: []byte(c.previous), Until: c.until})
		}
		keyring, err := auth.NewKeyring([]byte(c.secret), previous...)
		if err != nil {
			t.Fatal(err)
		}
		err = Agree(t.Context(), keyring, db)
		if meet.IsCode(err, meet.CodeConflict) != c.refused || err != nil && !c.refused {
			t.Errorf("start %d: got %v; want refused %v", i, err, c.refused)
		}
		if err != nil && (strings.Contains(err.Error(), old) || strings.Contains(err.Error(), young)) {
			t.Errorf("start %d: the error tells a secret: %v", i, err)
		}
	}
}
