package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/tools"
)

func toolsCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "tools",
		Short: "List the tools that agents get",
		Args:  exactArgs(0),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) error {
			selected := cfg.Selection().Select()
			if asJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				return encoder.Encode(tools.Definitions(selected))
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "TOOL\tSET\tEFFECT\tTITLE")
			for _, t := range selected {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.Name, t.Toolset, effect(t.Hints), t.Title)
			}
			return w.Flush()
		}),
	}
	config.AddFlags(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "print the definitions as clients get them")
	return c
}

func effect(h tools.Hints) string {
	word := "changes"
	switch {
	case h.ReadOnly:
		return "reads"
	case h.Destructive:
		word = "destructive"
	}
	if h.Idempotent {
		word += ", idempotent"
	}
	return word
}
