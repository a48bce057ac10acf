package web

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"roomkey/meet"
)

// The join page, the console and the page about the HTTP APIs, built by "make page"
// from their source in page/.
//
//go:embed page/dist
var pageFiles embed.FS

// page is the files of the pages.
type page struct {
	join    *pageFile            // the document behind join links
	console *pageFile            // the document of the console
	docs    *pageFile            // the document about the HTTP APIs
	assets  map[string]*pageFile // by name under /page/assets/
}

// pageFile is a file of the page. It is read piece by piece when it is sent, so that
// slow readers hold no copies of it, and compressed once, when it is first sent.
type pageFile struct {
	name        string
	contentType string
	compressed  func() []byte // nil: not compressed
	packed      bool          // compressed already as it is embedded
}

func newPage() *page {
	p := &page{assets: map[string]*pageFile{}}
	err := fs.WalkDir(pageFiles, "page/dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		asset, isAsset := strings.CutPrefix(name, "page/dist/assets/")
		switch base := path.Base(name); {
		case isAsset:
			p.assets[strings.TrimSuffix(asset, ".gz")] = newPageFile(name)
		case base == "index.html":
			p.join = newPageFile(name)
		case base == "console.html":
			p.console = newPageFile(name)
		case base == "docs.html":
			p.docs = newPageFile(name)
		}
		return nil
	})
	if err != nil || p.join == nil || p.console == nil || p.docs == nil {
		panic("web: the pages are not in the binary") // they are embedded
	}
	return p
}

// pageTypes are the types of the page's files. Package mime is not asked, because
// its types depend on the machine.
var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
	".wasm": "application/wasm",
}

func newPageFile(name string) *pageFile {
	// What is large and only compressed once for all is embedded so: it takes a third.
	if unpacked, packed := strings.CutSuffix(name, ".gz"); packed {
		return &pageFile{name: name, contentType: pageTypes[path.Ext(unpacked)], packed: true}
	}
	file := &pageFile{name: name, contentType: pageTypes[path.Ext(name)]}
	if file.contentType == "" {
		file.contentType = "application/octet-stream"
		return file
	}
	file.compressed = sync.OnceValue(func() []byte {
		content, _ := pageFiles.ReadFile(name) // it is there: the name comes from the walk
		return compress(content)
	})
	return file
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails only for a level that does not exist
	_, _ = w.Write(content)                               // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// pagePolicy allows the page its own files and connections to LiveKit, and nothing
// else: no inline script, no frame around it, no other host. Blurring backgrounds
// takes WebAssembly ('wasm-unsafe-eval'), which is no way to eval. A page that was
// reached under another name (host) than the public one looks for the LiveKit
// inside there.
func pagePolicy(links meet.Links, host string, inside bool) string {
	scheme, rest, _ := strings.Cut(links.LiveKit, "://")
	livekit, _, _ := strings.Cut(rest, "/")
	sources := []string{"connect-src", "'self'"}
	switch {
	case !isIPv6(livekit):
		sources = append(sources, scheme+"://"+livekit, strings.Replace(scheme, "ws", "http", 1)+"://"+livekit)
	case !inside: // a policy cannot name an IPv6 address
		sources = append(sources, scheme+":", strings.Replace(scheme, "ws", "http", 1)+":")
	}
	// Not every browser takes 'self' for WebSockets to the same host.
	if inside && !isIPv6(host) && !strings.EqualFold(host, livekit) {
		sources = append(sources, "ws://"+host, "wss://"+host) // whether TLS ended before us is not known
	}
	return policy("'self' 'wasm-unsafe-eval'",
		"media-src 'self' blob:", "img-src 'self' data: blob:", strings.Join(sources, " "))
}

// isIPv6 says whether a host is an IPv6 address. A policy cannot name one:
// browsers complain and ignore it.
func isIPv6(host string) bool { return strings.Count(host, ":") > 1 }

// What the pages beside the join page may do: their own files, and calls to this
// server. The page about the HTTP APIs holds pictures as data.
var (
	consolePolicy = policy("'self'", "img-src 'self'", "connect-src 'self'")
	docsPolicy    = policy("'self'", "img-src 'self' data:", "connect-src 'self'")
)

// policy is the content security policy of all pages, with what scripts may be and
// further directives.
func policy(scripts string, further ...string) string {
	common := []string{"default-src 'none'", "script-src " + scripts, "style-src 'self'", "font-src 'self'",
		"worker-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"}
	return strings.Join(append(common, further...), "; ")
}

// joinPage is the document behind join links. It is the same for every link,
// good or not; the page asks the server where its link leads.
func (s *Server) joinPage(w http.ResponseWriter, r *http.Request) error {
	// r.Host is one of ours: hostRule has checked it.
	return s.page.join.sendDocument(w, r, "self", pagePolicy(s.Service.Links(), r.Host, s.LiveKit != nil))
}

// ConsolePath is where the console is.
const ConsolePath = "/console"

// consolePage is the console. It is the same for everybody: the page holds an access
// token, and speaks to the server by the tools.
func (s *Server) consolePage(w http.ResponseWriter, r *http.Request) error {
	return s.page.console.sendDocument(w, r, "", consolePolicy)
}

// docsPage is the documentation of the HTTP APIs.
func (s *Server) docsPage(w http.ResponseWriter, r *http.Request) error {
	return s.page.docs.sendDocument(w, r, "", docsPolicy)
}

// sendDocument sends a page. devices says where it may use camera, microphone
// and screen: "self" on the page itself, "" nowhere.
func (f *pageFile) sendDocument(w http.ResponseWriter, r *http.Request, devices, policy string) error {
	h := w.Header()
	h.Set("Permissions-Policy", fmt.Sprintf("camera=(%[1]s), microphone=(%[1]s), display-capture=(%[1]s), "+
		"fullscreen=(%[1]s), geolocation=(), payment=(), usb=()", devices))
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer") // a code may be in the URL
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "no-store")
	return f.send(w, r)
}

// pageAsset sends a file of the page. The name of a file, or of its folder, changes
// with its content.
func (s *Server) pageAsset(w http.ResponseWriter, r *http.Request) error {
	file := s.page.assets[r.PathValue("file")]
	if file == nil {
		return s.notFound(w, r)
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return file.send(w, r)
}

func (f *pageFile) send(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", f.contentType)
	gzipped := false
	if f.compressed != nil || f.packed {
		w.Header().Set("Vary", "Accept-Encoding")
		gzipped = acceptsGzip(r)
	}
	if gzipped {
		w.Header().Set("Content-Encoding", "gzip")
	}
	if gzipped && f.compressed != nil {
		_, _ = w.Write(f.compressed()) // fails only when the client is gone
		return nil
	}
	file, err := pageFiles.Open(f.name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	content := io.Reader(file)
	if f.packed && !gzipped {
		if content, err = gzip.NewReader(file); err != nil {
			return err
		}
	}
	_, _ = io.Copy(w, content) // as above
	return nil
}

// acceptsGzip says whether Accept-Encoding allows gzip (RFC 9110, 12.5.3).
func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		_, q, weighted := strings.Cut(weight, "=")
		return !weighted || strings.Trim(q, " 0.") != ""
	}
	return false
}
