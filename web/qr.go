package web

import (
	"fmt"
	"net/http"
	"strings"

	"rsc.io/qr"

	"roomkey/meet"
)

// qrCode draws the join link of a code that opens a room now. For any other code
// the answer is that of the exchange.
func (s *Server) qrCode(w http.ResponseWriter, r *http.Request) error {
	written := r.PathValue("code")
	if _, err := s.Service.Invitation(r.Context(), s.anonymous(r), meet.JoinCall{Code: &written}); err != nil {
		return err
	}
	code, _ := meet.ParseCode(written) // succeeds for a code that opens a room
	drawing, err := qr.Encode(s.Service.Links().Code(code), qr.M)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	fmt.Fprint(w, svg(drawing))
	return nil
}

// quietZone is the width of the white border, in modules (ISO/IEC 18004).
const quietZone = 4

// svg draws a QR code as one path of horizontal bars.
func svg(code *qr.Code) string {
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quietZone, y+quietZone, run, run)
				x += run
			}
		}
	}
	side := code.Size + 2*quietZone
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d"`+
		` shape-rendering="crispEdges"><title>QR code of a join link</title>`+
		`<path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`+"\n",
		side, side, 8*side, 8*side, side, side, path.String())
}
