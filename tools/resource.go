package tools

import (
	"context"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
)

// Where the resources are.
const (
	RolesURI        = "roomkey://roles"
	RoomTemplateURI = roomsURI + "{name}"

	roomsURI = "roomkey://rooms/"
)

// These resources are what an agent may want in its context without a call. A
// room is shown as get_room shows it to the same principal, and only where
// get_room is offered.
var (
	rolesResource = mcp.NewResource(RolesURI, "roles",
		mcp.WithResourceTitle("Roles"),
		mcp.WithResourceDescription("What each role may do in a room. A room's settings only ever take away from it."),
		mcp.WithMIMEType(mimeJSON))
	roomTemplate = mcp.NewResourceTemplate(RoomTemplateURI, "room",
		mcp.WithTemplateTitle("A room"),
		mcp.WithTemplateDescription("A room by its name or id, as get_room shows it: how many are inside and, to its "+
			"admin, its codes and who waits to be let in."),
		mcp.WithTemplateMIMEType(mimeJSON))
)

const mimeJSON = "application/json"

// ResourceTemplates gives the templates, as they are written, of the resources
// that the selection offers.
func (s Selection) ResourceTemplates() (templates []string) {
	if !s.leavesOut(getRoom.Name) {
		templates = append(templates, RoomTemplateURI)
	}
	for _, r := range accessResources {
		if r.template {
			templates = append(templates, r.uri)
		}
	}
	return templates
}

// IsRoomURI says whether a URI is like that of a room.
func IsRoomURI(uri string) bool { return strings.HasPrefix(uri, roomsURI) }

func (s *Server) addResources(selection Selection) {
	s.mcp.AddResource(rolesResource, s.resourceHandler(RolesURI, s.readRoles))
	s.addAccessResources()
	if slices.Contains(selection.ResourceTemplates(), RoomTemplateURI) {
		s.hasRooms = true
		s.mcp.AddResourceTemplate(roomTemplate, s.resourceHandler(RoomTemplateURI, s.readRoom))
	}
}

// readResource gives what a resource holds for a principal.
type readResource func(context.Context, meet.Principal, mcp.ReadResourceRequest) (any, error)

// resourceHandler adapts what reads a resource to mcp-go.
func (s *Server) resourceHandler(
	name string, read readResource,
) func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
	return func(ctx context.Context, req mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		return attend(ctx, s, "resource", name, req.Params.URI, func(p meet.Principal) ([]mcp.ResourceContents, error) {
			out, err := read(ctx, p, req)
			if err != nil {
				return nil, err
			}
			text := string(mustMarshal(out))
			return []mcp.ResourceContents{
				mcp.TextResourceContents{URI: req.Params.URI, MIMEType: mimeJSON, Text: text},
			}, nil
		})
	}
}

type rolesOutput struct {
	Roles meet.Roles `json:"roles"`
}

func (s *Server) readRoles(context.Context, meet.Principal, mcp.ReadResourceRequest) (any, error) {
	return rolesOutput{viewAll(s.service.Roles(), func(r meet.Role) meet.Role {
		r.Publish = append([]meet.Source{}, r.Publish...) // [] and never null
		r.Moderate = append([]meet.HostRight{}, r.Moderate...)
		return r
	})}, nil
}

func (s *Server) readRoom(ctx context.Context, p meet.Principal, req mcp.ReadResourceRequest) (any, error) {
	name := ""
	if values, _ := req.Params.Arguments["name"].([]string); len(values) == 1 {
		name = values[0]
	}
	out, err := showRoom(ctx, s.service, p, name)
	if err != nil {
		return nil, renameArgument(err, "room_id", "name")
	}
	return out, nil
}
