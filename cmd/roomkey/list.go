package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/config"
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
			arguments, err := parseArguments(t.tool, args, "")
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
			items, more, err := t.fetch(cmd, client, arguments, limit)
			if err != nil {
				return err
			}
			if more {
				fmt.Fprintf(cmd.ErrOrStderr(), "roomkey: there are more; --limit %d shows more of them\n", 10*limit)
			}
			return t.print(cmd, items, asJSON)
		}),
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().StringVar(&target, "url", "",
		"address of the roomkey to ask (default: that of the data folder, or of the configuration)")
	c.Flags().StringVar(&token, "token", "",
		"access token (default: ROOMKEY_TOKEN, or one made with the local secret)")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON list, with every field")
	c.Flags().IntVar(&limit, "limit", 100, "how many at most")
	return c
}

// tableItem is an item of an answer. Its field "list" is the list it is from.
type tableItem = map[string]any

// fetch calls the tool until there is nothing more or limit is reached, and says
// whether there is more.
func (t table) fetch(
	cmd *cobra.Command, client *bridge.Client, arguments map[string]any, limit int,
) (items []tableItem, more bool, err error) {
	for {
		if t.pages {
			arguments["limit"] = min(limit-len(items), meet.MaxPage)
		}
		content, err := client.CallTool(cmd.Context(), t.tool, arguments)
		if err != nil {
			return nil, false, err
		}
		var answer map[string]json.RawMessage
		if err := json.Unmarshal(content, &answer); err != nil {
			return nil, false, err
		}
		for _, name := range t.lists {
			var list []tableItem
			if err := json.Unmarshal(answer[name], &list); err != nil {
				return nil, false, err
			}
			for _, item := range list {
				item["list"] = name
				items = append(items, item)
			}
		}
		var cursor string
		if next, ok := answer["next_cursor"]; ok {
			if err := json.Unmarshal(next, &cursor); err != nil {
				return nil, false, err
			}
		}
		if cursor == "" || len(items) >= limit {
			return items[:min(len(items), limit)], cursor != "" || len(items) > limit, nil
		}
		arguments["cursor"] = cursor
	}
}

func (t table) print(cmd *cobra.Command, items []tableItem, asJSON bool) error {
	if asJSON {
		if len(t.lists) == 1 {
			for _, item := range items {
				delete(item, "list")
			}
		}
		_, err := fmt.Fprint(cmd.OutOrStdout(), jsonDocument(append([]tableItem{}, items...)))
		return err
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	titles := make([]string, len(t.columns))
	for i, column := range t.columns {
		titles[i] = column.title
	}
	fmt.Fprintln(w, strings.Join(titles, "\t"))
	for _, item := range items {
		cells := make([]string, len(t.columns))
		for i, column := range t.columns {
			cells[i] = column.cell(item)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// maxCell bounds what a table shows of one text.
const maxCell = 300

// cell is what a column shows of an item. Texts come from strangers, and a terminal
// obeys some characters.
func (c tableColumn) cell(item tableItem) string {
	for _, field := range c.fields {
		switch value := item[field].(type) {
		case string:
			if at, err := time.Parse(time.RFC3339, value); err == nil {
				return shownTime(at)
			}
			return cmp.Or(meet.CleanText(value, maxCell), "-")
		case bool:
			return map[bool]string{true: "yes", false: "no"}[value]
		case float64:
			return strconv.FormatFloat(value, 'f', -1, 64)
		}
	}
	return "-"
}
