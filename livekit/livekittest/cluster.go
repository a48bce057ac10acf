package livekittest

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// Cluster is several stock servers that share one [Redis], with a [Balancer] before
// them. Each node answers for every room; the media of a room are at one node.
type Cluster struct {
	*Balancer
	Redis *Redis
	Nodes []*Server
	tb    testing.TB
}

// StartCluster runs so many nodes, each with the options, and ends them after the
// test. Where there is no redis-server, the test is skipped.
func StartCluster(tb testing.TB, nodes int, options ServerOptions) *Cluster {
	tb.Helper()
	c := &Cluster{tb: tb, Redis: StartRedis(tb)}
	options.Redis = c.Redis.Address()
	var urls []string
	for range nodes {
		node := StartServer(tb, options)
		c.Nodes = append(c.Nodes, node)
		urls = append(urls, node.URL())
	}
	c.Balancer = StartBalancer(tb, urls...)
	return c
}

// NodeOf gives the node that has the room's media, or had them when it died.
func (c *Cluster) NodeOf(room string) *Server {
	c.tb.Helper()
	ask := exec.Command("redis-cli", //nolint:gosec,noctx // it comes with the server
		"-p", fmt.Sprint(c.Redis.port), "HGET", "room_node_map", room)
	answer, err := ask.Output()
	if err != nil {
		c.tb.Fatalf("ask Redis for the node of room %s: %v", room, err)
	}
	id := strings.TrimSpace(string(answer))
	for _, node := range c.Nodes {
		if node.nodeID() == id {
			return node
		}
	}
	c.tb.Fatalf("room %s is at node %q, which is none of the cluster", room, id)
	return nil
}

// Other gives a node that is not this one.
func (c *Cluster) Other(node *Server) *Server {
	for _, other := range c.Nodes {
		if other != node {
			return other
		}
	}
	c.tb.Fatal("the cluster has one node alone")
	return nil
}

var nodeID = regexp.MustCompile(`"nodeID": *"(\w+)"`)

// nodeID is the server's name in a cluster, a new one after each start.
func (s *Server) nodeID() string {
	said := nodeID.FindAllStringSubmatch(s.output.String(), -1)
	if len(said) == 0 {
		s.tb.Fatalf("LiveKit does not say the id of its node:\n%s", s.output.Tail())
	}
	return said[len(said)-1][1]
}
