// Command gosdk is the least that a server built on
// modelcontextprotocol/go-sdk can do: one tool that answers its own argument,
// over streamable HTTP without sessions, answering JSON rather than an event
// stream. It shows where the other Go library for MCP stands.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	flag.Parse()

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr()) // the one line that the caller reads
	log.Fatal(http.Serve(listener, handler()))
}

func handler() http.Handler {
	server := mcp.NewServer(&mcp.Implementation{Name: "gosdk", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "echo", Description: "Answers its argument."}, echo)

	mux := http.NewServeMux()
	mux.Handle("/mcp", mcp.NewStreamableHTTPHandler(
		func(*http.Request) *mcp.Server { return server },
		&mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true},
	))
	return mux
}

type echoInput struct {
	Text string `json:"text"`
}

// echo has no output type, so that its answer is text and nothing else, as in
// the other peer.
func echo(_ context.Context, _ *mcp.CallToolRequest, input echoInput) (*mcp.CallToolResult, any, error) {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: input.Text}}}, nil, nil
}
