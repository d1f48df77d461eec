package rest

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

// Listener makes net/http's own refusals look like the service's: requests that it cannot even read (a header that is
// too large, a faulty Host, a transfer coding that nobody knows) never reach a handler and are answered in plain text.
// What is wrong with them is the caller's fault, so that those of 500 and above become 400.
func Listener(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &conn{TCPConn: tcp}, err
	}
	return c, err
}

type conn struct{ *net.TCPConn }

// refusal is how net/http's own answers go on behind the status line; the handlers' answers never do.
var refusal = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// expectation is how its answer to an Expect that it does not know begins; no handler has this status.
var expectation = []byte("HTTP/1.1 417 ")

func (c *conn) Write(p []byte) (int, error) {
	status, ok := refusedStatus(p)
	if !ok {
		return c.TCPConn.Write(p)
	}
	if _, err := c.TCPConn.Write(refusalAnswer(status)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// refusedStatus gives the status of an answer that net/http made itself.
func refusedStatus(p []byte) (status int, ok bool) {
	const front = len("HTTP/1.1 ")
	if len(p) < front+3 || !bytes.HasPrefix(p, []byte("HTTP/1.1 ")) {
		return 0, false
	}
	line := bytes.IndexByte(p, '\r')
	if line < 0 || !bytes.HasPrefix(p[line:], refusal) && !bytes.HasPrefix(p, expectation) {
		return 0, false
	}
	status, err := strconv.Atoi(string(p[front : front+3]))
	return status, err == nil && status >= http.StatusBadRequest
}

func refusalAnswer(status int) []byte {
	if status >= http.StatusInternalServerError {
		status = http.StatusBadRequest
	}
	body := problem{message: http.StatusText(status)}
	text := body.body(false)
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nVary: Accept-Encoding\r\nX-Application: %s\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(text), Application, text)
}
