package rest

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// A Role is what a caller may do. Each may do all that those before it may.
type Role int

// The roles.
const (
	Nobody Role = iota // nothing
	User               // score, list, describe
	Admin              // deploy, download, undeploy
)

// Tokens gives roles by bearer tokens, from the header Authorization or the cookie token. Without a user token everybody
// is User. Without an admin token the local host is Admin: the socket's address counts, never a header that a proxy or
// the caller can set, and a request that a foreign web page makes its reader's browser send does not count as local.
func Tokens(user, admin string) func(*http.Request) Role {
	var known TokenHashes
	if user != "" {
		known.User = []TokenHash{sha256.Sum256([]byte(user))}
	}
	if admin != "" {
		known.Admin = []TokenHash{sha256.Sum256([]byte(admin))}
	}
	return func(r *http.Request) Role {
		switch {
		case admin == "" && isLocal(r):
			return Admin
		case user == "":
			return max(User, known.Role(r))
		}
		return known.Role(r)
	}
}

// A TokenHash is the SHA-256 of a bearer token.
type TokenHash = [sha256.Size]byte

// TokenHashes are the tokens that are valid. Several of a kind may be, so that a new one can be handed out before an old
// one ends.
type TokenHashes struct{ User, Admin []TokenHash }

// Role gives the greatest role of the tokens that a request has in the header Authorization or the cookie token.
func (h TokenHashes) Role(r *http.Request) Role {
	role := Nobody
	for _, token := range callerTokens(r) {
		hash := sha256.Sum256([]byte(token))
		switch {
		case isAmong(hash, h.Admin):
			role = Admin
		case isAmong(hash, h.User):
			role = max(role, User)
		}
	}
	return role
}

// isAmong takes the same time wherever, and whether, the hash is among the others.
func isAmong(hash TokenHash, known []TokenHash) bool {
	found := 0
	for i := range known {
		found |= subtle.ConstantTimeCompare(hash[:], known[i][:])
	}
	return found == 1
}

func callerTokens(r *http.Request) []string {
	var tokens []string
	for _, header := range r.Header.Values("Authorization") {
		scheme, token, found := strings.Cut(header, " ")
		if found && strings.EqualFold(scheme, "Bearer") {
			tokens = append(tokens, strings.TrimSpace(token))
		}
	}
	if r.Header["Cookie"] != nil {
		for _, cookie := range r.CookiesNamed("token") {
			tokens = append(tokens, cookie.Value)
		}
	}
	return tokens
}

// isLocal says whether somebody at this machine sent the request. A page in a local browser could send one, too: by its
// own address (then its Origin differs, or Sec-Fetch-Site says so) or by a name of its own that it points at this
// machine (then Host is not local).
func isLocal(r *http.Request) bool {
	if !isLoopback(r.RemoteAddr) || !isLocalHost(r.Host) {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	page, err := url.Parse(origin)
	return err == nil && strings.EqualFold(page.Host, r.Host)
}

func isLocalHost(host string) bool {
	return host == "" || strings.EqualFold(hostOnly(host), "localhost") || isLoopback(host)
}

// isLoopback says whether address, with or without a port, is of the loopback interface.
func isLoopback(address string) bool {
	ip, err := netip.ParseAddr(hostOnly(address))
	return err == nil && ip.Unmap().IsLoopback()
}

func hostOnly(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}
