// Command mcpgo is the least that a server built on mark3labs/mcp-go can do:
// one tool that answers its own argument, over streamable HTTP, with no token,
// no database and no limits. Roomkey is built on the same library, so what
// roomkey costs on top of it is the distance to this program.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
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
	mcpServer := server.NewMCPServer("mcpgo", "1")
	mcpServer.AddTool(mcp.NewTool("echo",
		mcp.WithDescription("Answers its argument."),
		mcp.WithString("text", mcp.Required()),
	), echo)

	mux := http.NewServeMux()
	mux.Handle("/mcp", server.NewStreamableHTTPServer(mcpServer, server.WithStateLess(true)))
	return mux
}

func echo(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	text, err := request.RequireString("text")
	if err != nil {
		return mcp.NewToolResultError(err.Error()), nil
	}
	return mcp.NewToolResultText(text), nil
}
