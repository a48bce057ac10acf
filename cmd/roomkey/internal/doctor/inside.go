package doctor

import (
	"context"
	"fmt"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/livekit"
	"roomkey/meet"
)

// ExamineItself makes those checks that the server of the configuration, which runs in
// this process at the configured address, can make of itself. It asks over HTTP like the
// doctor, and makes nothing at a foreign LiveKit. It ends in time, also where something
// hangs.
func (d *Doctor) ExamineItself(ctx context.Context) []meet.Finding {
	d.listen = d.Config.ListenAddress()
	d.public = d.Config.PublicAddress(d.listen)
	s := &server{url: d.Config.LocalURL()}
	d.checkReadiness(ctx, s)
	d.checkDisk()
	d.checkPublicURL(ctx, s)
	d.checkForwarders(ctx, s)
	if d.Config.LiveKit.Foreign() {
		d.checkForeignAPI(ctx)
	} else {
		d.checkInsideLiveKit(ctx, s)
	}
	d.checkWebhooks(ctx, s)
	d.checkIssuers(ctx)
	d.checkProviders(ctx)
	return d.Findings
}

// checkForeignAPI asks the API of a LiveKit elsewhere. lk is nil where it does not answer
// or takes no key.
func (d *Doctor) checkForeignAPI(ctx context.Context) (lk *livekit.Server) {
	c := d.Config.LiveKit
	lk = livekit.New(livekit.Config{
		URL: config.WebSocketURL(c.URL), APIKey: c.APIKey, APISecret: c.APISecret,
		EmptyTimeout: doctorRoomEmpty,
	})
	switch err := lk.Ping(ctx); {
	case livekit.Refused(err):
		d.fail(checkLiveKit, "LiveKit at "+c.URL+" refuses the key "+c.APIKey+" or its secret",
			"Set livekit.api_key and livekit.api_secret to a pair under keys: in livekit.yaml. "+
				"If they are the same, compare the clocks.")
	case err != nil:
		d.fail(checkLiveKit, "no LiveKit answers at "+c.URL+": "+trouble(err),
			"Start it, or correct livekit.url (LIVEKIT_URL).")
	default:
		d.ok(checkLiveKit, "the API at "+c.URL+" answers and takes the key")
		return lk
	}
	return nil
}

// littleSpace is how much free space on the disk of the database is worth a warning.
const littleSpace = 1 << 30

// checkDisk looks at the disk of the data folder where the database is in it.
func (d *Doctor) checkDisk() {
	if d.Config.Database.URL != "" {
		return
	}
	free, size, known := datafolder.Space(d.Config.Data)
	if !known {
		return // nor is there a data folder where nothing has run yet
	}
	detail := fmt.Sprintf("%s of %s are free on the disk of %s", amount(free), amount(size), d.Config.Data)
	if free < littleSpace {
		d.warn(checkDisk, detail, "Free some space, or move the data folder: on a full disk nothing can be changed any more.")
		return
	}
	d.ok(checkDisk, detail)
}

// amount writes a number of bytes for people.
func amount(bytes uint64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
