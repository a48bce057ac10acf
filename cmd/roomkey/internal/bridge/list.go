package bridge

import (
	"context"
	"encoding/json"

	"roomkey/meet"
)

// Item is an item of a list that a tool answers with. Its field "list" is the name of
// that list.
type Item = map[string]any

// List calls a tool and gives the items of those fields of its answer that are lists.
// Where the tool has pages it is called until there is nothing more, or limit is
// reached. more says whether there is more.
func (c *Client) List(
	ctx context.Context, tool string, arguments map[string]any, lists []string, pages bool, limit int,
) (items []Item, more bool, err error) {
	for {
		if pages {
			arguments["limit"] = min(limit-len(items), meet.MaxPage)
		}
		content, err := c.CallTool(ctx, tool, arguments)
		if err != nil {
			return nil, false, err
		}
		var answer map[string]json.RawMessage
		if err := json.Unmarshal(content, &answer); err != nil {
			return nil, false, err
		}
		for _, name := range lists {
			var list []Item
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
