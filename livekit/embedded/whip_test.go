package embedded_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

// WHIP would let people in whom the door does not know of.
func TestNobodyComesInByWHIP(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/whip/v1", strings.NewReader(offer.SDP))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/sdp")
	req.Header.Set("Authorization", "Bearer "+token(t, s, "whip", "somebody"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("WHIP answers %s, want 404", resp.Status)
	}
}
