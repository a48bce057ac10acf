package embedded

import (
	"context"
	"errors"

	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/protocol/livekit"
)

// noWHIP is the allocator of LiveKit's other way in, WHIP, which leads past the
// door.
type noWHIP struct{ service.RoomAllocator }

var errNoWHIP = errors.New("WHIP is off")

// SelectRoomNode is what WHIP asks first.
func (noWHIP) SelectRoomNode(context.Context, livekit.RoomName, livekit.NodeID) error {
	return errNoWHIP
}
