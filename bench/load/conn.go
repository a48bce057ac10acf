package load

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// conn is a keep-alive connection that asks the same kind of question again
// and again.
type conn struct {
	net      net.Conn
	message  Message
	requests *encoder
	out      []byte // the request being sent
	in       *bufio.Reader
	answer   fasthttp.Response // the last one; it is used again, so that reading allocates nothing
}

// response is one HTTP answer. Its body lives until the next one of its
// connection is read.
type response struct {
	status int
	body   []byte
}

// maxBody bounds an answer: more than this is a broken server, not a result.
const maxBody = 16 << 20

func dial(ctx context.Context, e Endpoint, m Message, id int) (*conn, error) {
	var dialer net.Dialer
	nc, err := dialer.DialContext(ctx, "tcp", e.Addr)
	if err != nil {
		return nil, err
	}
	return &conn{net: nc, message: m, requests: newEncoder(e, m, id), in: bufio.NewReaderSize(nc, 16<<10)}, nil
}

// roundTrip sends the next request and reads its answer, which lives until the
// next round trip.
func (c *conn) roundTrip() (response, error) {
	c.out = c.requests.append(c.out[:0])
	if _, err := c.net.Write(c.out); err != nil {
		return response{}, fmt.Errorf("send request: %w", err)
	}
	if err := c.answer.ReadLimitBody(c.in, maxBody); err != nil {
		return response{}, fmt.Errorf("read answer: %w", err)
	}
	return response{status: c.answer.StatusCode(), body: c.answer.Body()}, nil
}

// interrupt makes a round trip under way fail at once.
func (c *conn) interrupt() { _ = c.net.SetDeadline(time.Unix(1, 0)) }

func (c *conn) close() { _ = c.net.Close() }

// Do asks once, on a connection of its own, and gives the result of a success.
func Do(ctx context.Context, e Endpoint, m Message) (json.RawMessage, error) {
	c, err := dial(ctx, e, m, 1)
	if err != nil {
		return nil, err
	}
	defer c.close()
	defer context.AfterFunc(ctx, c.interrupt)()

	resp, err := c.roundTrip()
	if err != nil {
		return nil, err
	}
	return m.result(resp)
}
