package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/output"
	"roomkey/meet"
)

// table is what roomkey list prints of a tool's answer.
type table struct {
	noun, short string
	tool        string
	room        roomArgument
	lists       []string // the fields of the answer that are lists, printed one below the other
	columns     []tableColumn
	pages       bool // the tool takes limit and cursor
}

// roomArgument says whether a table is about one room.
type roomArgument int

const (
	withoutRoom roomArgument = iota
	maybeRoom
	withRoom
)

// tableColumn is a column of a table: the first of some fields that an item has.
// The field "list" is the name of the item's list.
type tableColumn struct {
	title  string
	fields []string
}

var tables = []table{
	{noun: "rooms", short: "List rooms", tool: "list_rooms", lists: []string{"rooms"}, pages: true,
		columns: []tableColumn{{"NAME", []string{"name"}}, {"ACTIVE", []string{"is_active"}},
			{"PEOPLE", []string{"num_participants"}}, {"PUBLIC", []string{"is_public"}}, {"MODE", []string{"mode"}},
			{"ADMIN", []string{"admin_id"}}, {"CREATED", []string{"created_at"}}, {"EXPIRES", []string{"expires_at"}}}},
	{noun: "people", short: "List who is in a room, who waits and who is blocked", tool: "list_participants",
		room: withRoom, lists: []string{"participants", "join_requests", "blocks"},
		columns: []tableColumn{{"IN", []string{"list"}}, {"NAME", []string{"name"}},
			{"ROLE", []string{"role"}}, {"USER", []string{"user_id"}}, {"VERIFIED", []string{"verified"}},
			{"LABEL", []string{"label"}}, {"SINCE", []string{"joined_at", "created_at"}},
			{"IDENTITY", []string{"identity", "request_id"}}}},
	{noun: "codes", short: "List the codes of a room", tool: "get_room_codes", room: withRoom, lists: []string{"codes"},
		pages: true,
		columns: []tableColumn{{"CODE", []string{"code"}}, {"ROLE", []string{"role"}}, {"LABEL", []string{"label"}},
			{"ENABLED", []string{"enabled"}}, {"USES", []string{"uses"}}, {"MOST", []string{"max_uses"}},
			{"EXPIRES", []string{"expires_at"}}, {"LAST USED", []string{"last_used_at"}}, {"LINK", []string{"join_url"}}}},
	{noun: "events", short: "List what happened, the newest first", tool: "list_events", room: maybeRoom,
		lists: []string{"events"}, pages: true,
		columns: []tableColumn{{"TIME", []string{"time"}}, {"ROOM", []string{"room_name"}}, {"ACTION", []string{"action"}},
			{"ACTOR", []string{"actor"}}, {"TARGET", []string{"target"}}, {"VIA", []string{"via"}},
			{"OUTCOME", []string{"outcome"}}}},
}

func listCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "Print rooms, people, codes, events, access tokens or users as a table",
	}
	for _, t := range tables {
		c.AddCommand(t.command())
	}
	listTokens := tokenListCommand()
	listTokens.Use = "tokens"
	listUsers := userListCommand()
	listUsers.Use = "users"
	c.AddCommand(listTokens, listUsers)
	return c
}

func (t table) command() *cobra.Command {
	var target, token string
	var limit int
	var asJSON bool
	usage, least := t.noun, 0
	switch t.room {
	case maybeRoom:
		usage += " [ROOM]"
	case withRoom:
		usage, least = usage+" ROOM", 1
	}
	c := &cobra.Command{
		Use:   usage + " [key=value …]",
		Short: t.short,
		Long: t.short + `, as the tool ` + t.tool + ` gives them.

Further arguments of the tool are key=value, as with roomkey call. Without --url
the roomkey that has the data folder is asked, as its owner.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < least || t.room == withRoom && strings.Contains(args[0], "=") {
				return meet.Invalid("room_id", "no room is named", "Usage: "+c.UseLine())
			}
			return nil
		},
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, args []string) error {
			if limit < 1 {
				return meet.Invalid("limit", "--limit must be at least 1", "")
			}
			var room string
			if t.room != withoutRoom && len(args) > 0 && (t.room == withRoom || !strings.Contains(args[0], "=")) {
				room, args = args[0], args[1:]
			}
			arguments, err := bridge.ParseArguments(t.tool, args, "")
			if err != nil {
				return err
			}
			if room != "" {
				arguments["room_id"] = room
			}
			client, err := callClient(cmd.Context(), cfg, target, token)
			if err != nil {
				return err
			}
			items, more, err := client.List(cmd.Context(), t.tool, arguments, t.lists, t.pages, limit)
			if err != nil {
				return err
			}
			if more {
				fmt.Fprintf(cmd.ErrOrStderr(), "roomkey: there are more; --limit %d shows more of them\n", 10*limit)
			}
			return t.print(cmd, items, asJSON)
		}),
	}
	addCallFlags(c.Flags(), "ask", &target, &token)
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON list, with every field")
	c.Flags().IntVar(&limit, "limit", 100, "how many at most")
	return c
}

func (t table) print(cmd *cobra.Command, items []bridge.Item, asJSON bool) error {
	if asJSON {
		if len(t.lists) == 1 {
			for _, item := range items {
				delete(item, "list")
			}
		}
		_, err := fmt.Fprint(cmd.OutOrStdout(), output.JSON(append([]bridge.Item{}, items...)))
		return err
	}
	titles := make([]string, len(t.columns))
	for i, column := range t.columns {
		titles[i] = column.title
	}
	rows := make([][]string, len(items))
	for i, item := range items {
		for _, column := range t.columns {
			rows[i] = append(rows[i], column.cell(item))
		}
	}
	return output.Table(cmd.OutOrStdout(), titles, rows)
}

// cell is what a column shows of an item. Texts come from strangers.
func (c tableColumn) cell(item bridge.Item) string {
	for _, field := range c.fields {
		switch value := item[field].(type) {
		case string:
			if at, err := time.Parse(time.RFC3339, value); err == nil {
				return output.Time(at)
			}
			return cmp.Or(output.Text(value), "-")
		case bool:
			return map[bool]string{true: "yes", false: "no"}[value]
		case float64:
			return strconv.FormatFloat(value, 'f', -1, 64)
		}
	}
	return "-"
}
