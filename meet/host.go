package meet

import "slices"

// HostRight is something that the people of a role may do to others inside a room,
// on the join page. The values are the names in the configuration.
type HostRight string

// The rights of hosts.
const (
	RightAdmit  HostRight = "admit"  // answer join requests
	RightMute   HostRight = "mute"   // stop the sound of a person, or of everyone; lower a hand
	RightVideo  HostRight = "video"  // stop a person's camera or shared screen
	RightLock   HostRight = "lock"   // keep a person from sending sound and pictures; have newcomers wait
	RightRemove HostRight = "remove" // remove a person
	RightBlock  HostRight = "block"  // remove a person and keep them out
	RightEnd    HostRight = "end"    // end the room for everyone
	RightInvite HostRight = "invite" // hand out codes, in roles with no more rights
	RightRole   HostRight = "role"   // make somebody a host, or a host no more
	RightRename HostRight = "rename" // give somebody another name
)

// HostRights are all rights of hosts. The room's admin has every one.
var HostRights = []HostRight{
	RightAdmit, RightMute, RightVideo, RightLock, RightRemove, RightBlock, RightEnd, RightInvite, RightRole, RightRename}

// may says whether the people of a role have a right.
func (r Role) may(right HostRight) bool { return slices.Contains(r.Moderate, right) }

// hostRights gives the rights of somebody in a role, who may be the room's admin.
func (r Role) hostRights(admin bool) []HostRight {
	if admin {
		return HostRights
	}
	return r.Moderate
}

// HostAction is something that a host does on the page.
type HostAction string

// The actions of hosts.
const (
	HostMute       HostAction = "mute"
	HostStopCamera HostAction = "stop_camera"
	HostStopScreen HostAction = "stop_screen_share"
	HostLock       HostAction = "lock" // microphone, camera and screen
	HostUnlock     HostAction = "unlock"
	HostRemove     HostAction = "remove"
	HostBlock      HostAction = "block"
	HostMakeHost   HostAction = "make_host"
	HostMakeGuest  HostAction = "make_guest" // into the role that people have without a code
	HostRename     HostAction = "rename"
	HostLowerHand  HostAction = "lower_hand"
	HostMuteAll    HostAction = "mute_everyone" // but the host and the room's admins
	HostLockRoom   HostAction = "lock_room"     // newcomers wait until a host lets them in
	HostUnlockRoom HostAction = "unlock_room"
	HostEndForAll  HostAction = "end"
)

// HostCall is what a host does, and to whom.
type HostCall struct {
	Action   HostAction
	Identity string // of the person; empty where the action is about the room
	Name     string // for HostRename: the new one, as it was typed
}

// hostAction says what an action needs.
type hostAction struct {
	right       HostRight
	aboutRoom   bool // and not about one person
	sparesAdmin bool // a host who is no admin of the room may not do it to one
	destructive bool // is refused under disable_destructive
}

var hostActions = map[HostAction]hostAction{
	HostMute:       {right: RightMute},
	HostStopCamera: {right: RightVideo},
	HostStopScreen: {right: RightVideo},
	HostLock:       {right: RightLock, sparesAdmin: true},
	HostUnlock:     {right: RightLock},
	HostRemove:     {right: RightRemove, sparesAdmin: true, destructive: true},
	HostBlock:      {right: RightBlock, sparesAdmin: true, destructive: true},
	HostMakeHost:   {right: RightRole, sparesAdmin: true},
	HostMakeGuest:  {right: RightRole, sparesAdmin: true},
	HostRename:     {right: RightRename, sparesAdmin: true},
	HostLowerHand:  {right: RightMute},
	HostMuteAll:    {right: RightMute, aboutRoom: true},
	HostLockRoom:   {right: RightLock, aboutRoom: true},
	HostUnlockRoom: {right: RightLock, aboutRoom: true},
	HostEndForAll:  {right: RightEnd, aboutRoom: true, destructive: true},
}

// rightsLeft gives those of the rights of which something is left under the ceilings.
func rightsLeft(rights []HostRight, destruction bool) []HostRight {
	left := []HostRight{}
	for _, right := range rights {
		if destruction || !slices.Contains([]HostRight{RightRemove, RightBlock, RightEnd}, right) {
			left = append(left, right)
		}
	}
	return left
}
