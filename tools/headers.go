package tools

import (
	"mime"
	"net/http"
	"slices"

	"github.com/mark3labs/mcp-go/mcp"
)

// checkModern holds a request of version 2026-07-28 to the rules of that
// version: _meta says the version and what the client can do, and the headers
// repeat the version, the method, and the name of what is asked for.
func checkModern(req request, header http.Header) *rpcError {
	stated, version := header.Get(mcp.HeaderProtocolVersion), req.meta.ProtocolVersion()
	mismatch := func(text string) *rpcError { return &rpcError{Code: mcp.HEADER_MISMATCH, Message: text} }
	missing := func(key string) *rpcError {
		return &rpcError{Code: mcp.INVALID_PARAMS, Message: "missing or invalid _meta field " + key}
	}
	switch {
	case stated == "":
		return mismatch(mcp.HeaderProtocolVersion + " header is required for requests carrying " + mcp.MetaKeyProtocolVersion)
	case version == "":
		return missing(mcp.MetaKeyProtocolVersion)
	case stated != version:
		return mismatch(mcp.HeaderProtocolVersion + " header " + stated + " does not match request " +
			mcp.MetaKeyProtocolVersion + " " + version)
	case !slices.Contains(ProtocolVersions, version):
		unsupported := mcp.UnsupportedProtocolVersionError{Version: version, Supported: ProtocolVersions}.JSONRPCError()
		return &unsupported.Error
	case req.meta.ClientCapabilities() == nil:
		return missing(mcp.MetaKeyClientCapabilities)
	}
	if err := mcp.ValidateStandardHeaders(header.Get, version, req.method, req.sent); err != nil {
		return mismatch(err.Error())
	}
	return nil
}

// isVersionUnknown says whether a request of an earlier version names one that
// there is not. Only initialize may: it negotiates the version.
func isVersionUnknown(req request, header http.Header) bool {
	stated := header.Get(mcp.HeaderProtocolVersion)
	return req.method != mcp.MethodInitialize && stated != "" && !mcp.IsValidProtocolVersion(stated)
}

func isJSON(header http.Header) bool {
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}
