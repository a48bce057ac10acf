package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"roomkey/meet"
)

// The join page, and the page about the HTTP APIs, as "make page" builds them
// from their source in page/.
//
//go:embed page/dist
var pageFiles embed.FS

// page is what the pages are made of, ready to be sent.
type page struct {
	join   *pageFile            // the document behind join links
	docs   *pageFile            // that about the HTTP APIs
	assets map[string]*pageFile // by name under /page/assets/
}

// pageFile is a file of the page. What it is compressed to is worked out when
// somebody asks for it first.
type pageFile struct {
	contentType string
	plain       []byte
	compressed  func() []byte // nil for what does not get smaller
}

func newPage() *page {
	p := &page{assets: map[string]*pageFile{}}
	err := fs.WalkDir(pageFiles, "page/dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := pageFiles.ReadFile(name)
		switch folder, base := path.Split(name); {
		case err != nil:
			return err
		case base == "index.html":
			p.join = newPageFile(base, content)
		case base == "docs.html":
			p.docs = newPageFile(base, content)
		case path.Base(folder) == "assets":
			p.assets[base] = newPageFile(base, content)
		}
		return nil
	})
	if err != nil || p.join == nil || p.docs == nil {
		panic("web: the pages are not in the binary") // they are embedded
	}
	return p
}

// pageTypes are the kinds of files that the page is made of. What a machine
// says of a file's name does not count.
var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}

func newPageFile(name string, content []byte) *pageFile {
	file := &pageFile{contentType: pageTypes[path.Ext(name)], plain: content}
	if file.contentType == "" {
		file.contentType = "application/octet-stream"
		return file
	}
	file.compressed = sync.OnceValue(func() []byte { return compress(content) })
	return file
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails only for a level that does not exist
	_, _ = w.Write(content)                               // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// pagePolicy allows the page its own files and the way to LiveKit, and nothing
// else: no inline script, no frame around it, no other host. The page may have
// been reached by another name than the public one (host), and asks there for a
// LiveKit inside.
func pagePolicy(links meet.Links, host string, inside bool) string {
	scheme, rest, _ := strings.Cut(links.LiveKit, "://")
	livekit, _, _ := strings.Cut(rest, "/")
	sources := []string{"connect-src", "'self'"}
	switch {
	case !isIPv6(livekit):
		sources = append(sources, scheme+"://"+livekit, strings.Replace(scheme, "ws", "http", 1)+"://"+livekit)
	case !inside: // which a policy cannot name more exactly
		sources = append(sources, scheme+":", strings.Replace(scheme, "ws", "http", 1)+":")
	}
	// Not every browser takes 'self' for WebSockets to the same host.
	if inside && !isIPv6(host) && !strings.EqualFold(host, livekit) {
		sources = append(sources, "ws://"+host, "wss://"+host) // whether TLS ended before us is not known
	}
	return policy("media-src 'self' blob:", "img-src 'self' data: blob:", strings.Join(sources, " "))
}

// isIPv6 says whether a host is an IPv6 address. A policy has no way to write
// one; browsers complain and leave it out.
func isIPv6(host string) bool { return strings.Count(host, ":") > 1 }

// docsPolicy allows the page about the HTTP APIs its own files and calls to
// this server.
var docsPolicy = policy("img-src 'self' data:", "connect-src 'self'")

// policy is what no page may go beyond, and what one may beside it.
func policy(further ...string) string {
	return strings.Join(append([]string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'", "worker-src 'self'",
		"manifest-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"}, further...), "; ")
}

// pageDocument is where a join link leads. It is the same for every link, good
// or not: the page asks where it leads.
func (s *Server) pageDocument(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), geolocation=(), payment=(), usb=()")
	// The host has passed the host rule.
	s.page.join.sendDocument(w, r, pagePolicy(s.Service.Links(), r.Host, s.LiveKit != nil))
}

// docsDocument is the page on which people read what the HTTP APIs promise.
func (s *Server) docsDocument(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Permissions-Policy", "camera=(), microphone=(), display-capture=(), fullscreen=(), geolocation=(), payment=(), usb=()")
	s.page.docs.sendDocument(w, r, docsPolicy)
}

// sendDocument sends a page and what it may do.
func (f *pageFile) sendDocument(w http.ResponseWriter, r *http.Request, policy string) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer") // the address may hold a code
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "no-store")
	f.send(w, r)
}

// pageAsset sends a file of the page. Their names change with their contents.
func (s *Server) pageAsset(w http.ResponseWriter, r *http.Request) {
	file := s.page.assets[r.PathValue("file")]
	if file == nil {
		s.notFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	file.send(w, r)
}

func (f *pageFile) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	if f.compressed == nil {
		_, _ = w.Write(f.plain)
		return
	}
	h.Set("Vary", "Accept-Encoding")
	if !acceptsGzip(r) {
		_, _ = w.Write(f.plain)
		return
	}
	h.Set("Content-Encoding", "gzip")
	_, _ = w.Write(f.compressed())
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3) as far as gzip goes.
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
