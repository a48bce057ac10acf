package meet

import (
	gocmp "cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// PolicyTable is the permission table as the documentation shows it.
func policyTable() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| action | scope | %s |\n", strings.Join(PolicyColumns[:], " | "))
	fmt.Fprintf(&b, "| --- | --- |%s\n", strings.Repeat(" --- |", len(PolicyColumns)))
	for _, row := range Policy {
		fmt.Fprintf(&b, "| %s | %s |", row.Action, gocmp.Or(string(row.Scope), "none"))
		for _, allowed := range row.Allowed {
			fmt.Fprintf(&b, " %s |", map[bool]string{true: "yes", false: "no"}[allowed])
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestPolicyGolden(t *testing.T) {
	t.Parallel()
	const file = "testdata/policy.md"
	got := policyTable()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the permission table differs from %s (-want +got):\n%s", file, diff)
	}
	docs, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(docs), got) {
		t.Errorf("docs/architecture.md does not hold the permission table as it is:\n%s", got)
	}
}

func TestAllowedDeniesByDefault(t *testing.T) {
	t.Parallel()
	room := &Room{AdminID: "ada", Admins: []string{"", "ada"}}
	for _, row := range Policy {
		for _, p := range []Principal{{}, {ID: "ada"}, {ID: "ada", Role: "root"}, {Role: Superadmin}, {Role: User},
			{Role: Guest}} {
			if Allowed(p, row.Action, room) {
				t.Errorf("%+v may %s; want a denial", p, row.Action)
			}
		}
	}
	if Allowed(Principal{ID: "root", Role: Superadmin}, "something new", room) {
		t.Error("an action outside the table is allowed")
	}
	// A room without an admin must not belong to somebody without a name.
	if Allowed(Principal{Role: User}, ActManageRoom, &Room{}) {
		t.Error("nobody may manage a room of nobody")
	}
	if Allowed(Principal{ID: "ada", Role: Guest}, ActManageRoom, room) {
		t.Error("a guest's token gives an admin's rights")
	}
}
