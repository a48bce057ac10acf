package meet

import (
	"strings"
	"testing"
	"time"
)

func TestParseCode(t *testing.T) {
	t.Parallel()
	const want = "wpi-srjb-wer"
	for _, written := range []string{
		"wpi-srjb-wer", "WPI-SRJB-WER", "wpisrjbwer", "wpi srjb wer", " w p i s r j b w e r ", "Wpi-Srjb-Wer",
		"wpi–srjb–wer", "wpi\u2011srjb\u2011wer", "wpi\u00a0srjb\u00a0wer", "w-pisrjbwer",
	} {
		if got, ok := ParseCode(written); !ok || got != want {
			t.Errorf("ParseCode(%q) = %q, %v; want %q", written, got, ok, want)
		}
	}
	for _, written := range []string{
		"", "-", "wpi-srjb-we", "wpi-srjb-werx", "wpi-srjb-we1", "wpi_srjb_wer", "wpi-srjb-wér", "wpi-srjb-we\u212a",
		"wpi\x00srjbwer",
		"wpi/srjb/wer", strings.Repeat(" ", 50) + want, strings.Repeat("a", 1<<20),
	} {
		if got, ok := ParseCode(written); ok {
			t.Errorf("ParseCode(%.20q) = %q; want a refusal", written, got)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	for _, seed := range []string{"wpi-srjb-wer", "WPI SRJB WER", "", "aaa-aaaa-aaa\n", "–‑‐"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		code, ok := ParseCode(written)
		if !ok {
			if code != "" {
				t.Errorf("ParseCode(%q) refuses but gives %q", written, code)
			}
			return
		}
		if len(code) != 12 || code[3] != '-' || code[8] != '-' || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz-") != "" {
			t.Errorf("ParseCode(%q) = %q, which is not canonical", written, code)
		}
		if again, ok := ParseCode(code); !ok || again != code {
			t.Errorf("ParseCode(%q) = %q, %v; canonical codes must stay as they are", code, again, ok)
		}
	})
}

func TestCodeCheck(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		code RoomCode
		good bool
	}{
		{"good", RoomCode{Enabled: true}, true},
		{"zero", RoomCode{}, false},
		{"disabled", RoomCode{Enabled: false, MaxUses: 5}, false},
		{"expires later", RoomCode{Enabled: true, ExpiresAt: now.Add(time.Millisecond)}, true},
		{"expires now", RoomCode{Enabled: true, ExpiresAt: now}, false},
		{"one use left", RoomCode{Enabled: true, Uses: 1, MaxUses: 2}, true},
		{"used up", RoomCode{Enabled: true, Uses: 2, MaxUses: 2}, false},
		{"limit lowered below uses", RoomCode{Enabled: true, Uses: 3, MaxUses: 2}, false},
		{"retired", RoomCode{Enabled: true, RetiredAt: now.Add(-time.Hour)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.code.Check(now)
			if got := err == nil; got != tt.good {
				t.Errorf("Check = %v; want good: %v", err, tt.good)
			}
			if err != nil && !IsCode(err, CodeGone) {
				t.Errorf("Check = %v; want code gone", err)
			}
		})
	}
}
